"""Chapter 1: choosing the weights of a sum of losses.

Source: Su Jianlin, 多任务学习漫谈(一):以损失之名, https://kexue.fm/archives/8870 (2022).
"""

from gradbook.loss_weighting.power_mean import power_mean
from gradbook.loss_weighting.references import (
    initial_loss_classification,
    initial_loss_regression,
    prior_loss_classification,
    prior_loss_regression,
)
from gradbook.loss_weighting.sums import gradient_normalized_sum, normalized_sum, real_time_sum

__all__ = [
    "gradient_normalized_sum",
    "initial_loss_classification",
    "initial_loss_regression",
    "normalized_sum",
    "power_mean",
    "prior_loss_classification",
    "prior_loss_regression",
    "real_time_sum",
]
