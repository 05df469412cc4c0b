"""The live pictures of chapter 1, each a pure function of its controls."""

from gradbook.book.loss_weighting.pictures.bowls import two_bowls
from gradbook.book.loss_weighting.pictures.sums import power_mean_weights, three_gradients

__all__ = ["power_mean_weights", "three_gradients", "two_bowls"]
