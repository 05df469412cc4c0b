"""The chapter's live pictures, one a file."""

from gradbook.book.step_sizes.pictures.positive import growth_from_nearly_nothing, triangle_of_weights
from gradbook.book.step_sizes.pictures.rates import drifting_gains, sensitivity
from gradbook.book.step_sizes.pictures.valley import five_ways_down

__all__ = [
    "drifting_gains",
    "five_ways_down",
    "growth_from_nearly_nothing",
    "sensitivity",
    "triangle_of_weights",
]
