"""Where rare tokens of a text return together: the numbers that both implementations share."""

WINDOW = 48
"""So many tokens are looked at together."""

STRETCH_BITS = 5
"""They return if they stood in one earlier stretch, of two neighbouring ones of 2**5 tokens each."""

MOST_OCCURRENCES = 3
"""A token that stands in its text more often is not rare there."""

NEAREST = 12
"""A token that stood fewer places before does not return: words are said again in what follows."""
