"""Chapter 3: one primary loss, and auxiliary losses that only must not rise.

Source: Su Jianlin, 多任务学习漫谈(三):分主次之序, https://kexue.fm/archives/8907 (2022).
"""

from gradbook.primary_auxiliary.growth import without_growth
from gradbook.primary_auxiliary.hybrid import HybridWeights, hybrid_direction, hybrid_weights
from gradbook.primary_auxiliary.masking import masked_backward
from gradbook.primary_auxiliary.multipliers import Multipliers, auxiliary_multipliers
from gradbook.primary_auxiliary.primary import BlockedWarning, primary_backward, primary_direction

__all__ = [
    "BlockedWarning",
    "HybridWeights",
    "Multipliers",
    "auxiliary_multipliers",
    "hybrid_direction",
    "hybrid_weights",
    "masked_backward",
    "primary_backward",
    "primary_direction",
    "without_growth",
]
