"""Exercise 1.1: a number."""

from __future__ import annotations

import math

from gradbook.exercises import Exercise, Mistake, number_near, same_number

_SHARES = (0.7, 0.1, 0.1, 0.1)

reference = Exercise(
    name="Exercise 1.1",
    prompt="Four classes have the frequencies 0.7, 0.1, 0.1, 0.1. What cross-entropy does a model reach that knows "
    "the frequencies but doesn't look at its input?",
    properties=[number_near(-sum(p * math.log(p) for p in _SHARES))],
    solution=-sum(p * math.log(p) for p in _SHARES),
    mistakes=[
        Mistake(
            math.log(4),
            "That is the initial state: log K, for a model that finds all classes equally likely.",
        ),
        Mistake(
            -sum(p * math.log2(p) for p in _SHARES),
            "That is in bits. Losses in torch use the natural logarithm.",
        ),
        Mistake(sum(p * math.log(p) for p in _SHARES), "The logarithm of a frequency is negative; a loss is not."),
        Mistake(-math.log(0.7), "That is the loss on examples of the first class only. Average over all classes."),
    ],
    same=same_number,
    hint="Always predicting the frequencies p costs −log p_k on an example of class k. How often does class k come?",
)
