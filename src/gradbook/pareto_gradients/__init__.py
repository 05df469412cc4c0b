"""Chapter 2: the step that makes no task worse, from the min-norm point of the gradients' convex hull.

Source: Su Jianlin, 多任务学习漫谈(二):行梯度之事, https://kexue.fm/archives/8896 (2022).
"""

from gradbook.pareto_gradients.directions import pareto_backward, pareto_direction
from gradbook.pareto_gradients.min_norm import MinNorm, min_norm_weights, two_task_weights

__all__ = ["MinNorm", "min_norm_weights", "pareto_backward", "pareto_direction", "two_task_weights"]
