"""Quality evaluations: recall and precision on labelled data, beside time and memory."""
