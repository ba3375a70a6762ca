"""Where skip-bigrams of a text return together: the numbers that both implementations share."""

SKIPS = 2
"""Skip-bigrams are unordered pairs of tokens that stand up to so many places apart."""

WINDOW = 48
"""The skip-bigrams that begin at so many tokens are looked at together."""

STRETCH_BITS = 5
"""They return if they began in one earlier stretch, of two neighbouring ones of 2**5 tokens each."""

MOST_OCCURRENCES = 3
"""A skip-bigram that stands in its text more often says nothing."""

NEAREST = 12
"""One that stood fewer tokens before does not return: words are said again in what follows."""
