"""Deciding: the order in which documents are preferred, and what is kept and why."""

from dedup.deciding.decide import DROPPED, REASONS, Reason, decide
from dedup.deciding.keep import keep_order

__all__ = ["DROPPED", "REASONS", "Reason", "decide", "keep_order"]
