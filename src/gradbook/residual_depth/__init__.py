"""Chapter 8: what residual connections do for the size of a step, and how small the branch must be.

Sources: Su Jianlin, 为什么需要残差?一个来自DeepNet的视角, https://kexue.fm/archives/8994, and
训练1000层的Transformer究竟有什么困难?, https://kexue.fm/archives/8978 (2022).
"""

from gradbook.residual_depth.constants import deepnet_constants, deepnorm_constants
from gradbook.residual_depth.design import Design
from gradbook.residual_depth.fits import Slope, fit_exponent, fit_growth, fit_slope
from gradbook.residual_depth.profile import DepthProfile, depth_profile, random_readout
from gradbook.residual_depth.stack import ResidualStack
from gradbook.residual_depth.steps import Increment, first_step, loss_increment

__all__ = [
    "DepthProfile",
    "Design",
    "Increment",
    "ResidualStack",
    "Slope",
    "deepnet_constants",
    "deepnorm_constants",
    "depth_profile",
    "first_step",
    "fit_exponent",
    "fit_growth",
    "fit_slope",
    "loss_increment",
    "random_readout",
]
