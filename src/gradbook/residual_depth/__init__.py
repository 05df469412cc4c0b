"""Chapter 8: what residual connections do for the size of a step, and how small the branch must be.

Sources: Su Jianlin, 为什么需要残差?一个来自DeepNet的视角, https://kexue.fm/archives/8994, and
训练1000层的Transformer究竟有什么困难?, https://kexue.fm/archives/8978 (2022).
"""

from gradbook.residual_depth.profile import (
    DepthProfile,
    Increment,
    depth_profile,
    first_step,
    loss_increment,
    random_readout,
)
from gradbook.residual_depth.stack import Design, ResidualStack, deepnet_constants, deepnorm_constants

__all__ = [
    "DepthProfile",
    "Design",
    "Increment",
    "ResidualStack",
    "deepnet_constants",
    "deepnorm_constants",
    "depth_profile",
    "first_step",
    "loss_increment",
    "random_readout",
]
