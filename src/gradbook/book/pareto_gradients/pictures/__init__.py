"""The chapter's live pictures, one a file."""

from gradbook.book.pareto_gradients.pictures.hull import hull_of_gradients, trajectories
from gradbook.book.pareto_gradients.pictures.solvers import love_of_small_gradients, solver_steps

__all__ = ["hull_of_gradients", "love_of_small_gradients", "solver_steps", "trajectories"]
