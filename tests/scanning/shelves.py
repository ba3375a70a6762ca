"""Shelves that spill early."""

from dedup.scanning.shelf import LEAST_MEMORY, Shelf

EVERYTHING, NOTHING = 1 << 30, 0


def shelf_with(room: int) -> Shelf:
    """A shelf that holds so many bytes in memory, and puts the rest into the file."""
    shelf = Shelf(LEAST_MEMORY)
    shelf._room = room
    return shelf
