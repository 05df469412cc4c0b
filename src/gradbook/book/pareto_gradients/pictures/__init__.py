"""The chapter's live pictures, one a file."""

from gradbook.pareto_gradients.pictures.hull import hull_of_gradients
from gradbook.pareto_gradients.pictures.lengths import love_of_small_gradients
from gradbook.pareto_gradients.pictures.solvers import solver_steps
from gradbook.pareto_gradients.pictures.trajectories import trajectories

__all__ = ["hull_of_gradients", "love_of_small_gradients", "solver_steps", "trajectories"]
