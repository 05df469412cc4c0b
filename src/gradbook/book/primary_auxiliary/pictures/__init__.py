"""The live pictures of chapter 3, each a pure function of its controls."""

from gradbook.book.primary_auxiliary.pictures.cone import feasible_cone, stalling_iteration
from gradbook.book.primary_auxiliary.pictures.growth import coefficient_free

__all__ = ["coefficient_free", "feasible_cone", "stalling_iteration"]
