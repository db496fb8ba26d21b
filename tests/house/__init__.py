"""Tests of the source text itself: walls, names, sizes, the one writer of state."""
