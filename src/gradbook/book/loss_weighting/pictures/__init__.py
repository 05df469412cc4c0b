"""The live pictures of chapter 1, each a pure function of its controls."""

from gradbook.loss_weighting.pictures.bowls import two_bowls
from gradbook.loss_weighting.pictures.gradients import three_gradients
from gradbook.loss_weighting.pictures.means import power_mean_weights

__all__ = ["power_mean_weights", "three_gradients", "two_bowls"]
