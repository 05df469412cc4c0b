"""The chapter's live pictures, one a file."""

from gradbook.step_sizes.pictures.growth import growth_from_nearly_nothing
from gradbook.step_sizes.pictures.noise import drifting_gains
from gradbook.step_sizes.pictures.sensitivity import sensitivity
from gradbook.step_sizes.pictures.triangle import triangle_of_weights
from gradbook.step_sizes.pictures.valley import five_ways_down

__all__ = [
    "drifting_gains",
    "five_ways_down",
    "growth_from_nearly_nothing",
    "sensitivity",
    "triangle_of_weights",
]
