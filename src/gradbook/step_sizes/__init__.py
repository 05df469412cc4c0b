"""Chapter 7: exponentiated gradient, and step sizes that an optimizer learns with it while it runs.

Source: Su Jianlin, 指数梯度下降 + 元学习 = 自适应学习率, https://kexue.fm/archives/8968 (2022).
"""

from gradbook.step_sizes.exponentiated import ExponentiatedGradient
from gradbook.step_sizes.hypergradient import HypergradientDescent
from gradbook.step_sizes.meta import MetaStepSize

__all__ = ["ExponentiatedGradient", "HypergradientDescent", "MetaStepSize"]
