"""Exercises 8.1 and 8.2: numbers."""

from __future__ import annotations

from gradbook.exercises import Exercise, Mistake, number_near, same_number

fall = Exercise(
    name="Exercise 8.1",
    prompt="Each of 400 layers has a gradient of length 0.1. How far does one step of SGD with η = 0.01 lower the "
    "loss, to first order?",
    properties=[number_near(0.04)],
    solution=0.04,
    mistakes=[
        Mistake(0.4, "The lengths add up squared: ‖∇L‖² is the sum of the layers' ‖∂L/∂θ_l‖²."),
        Mistake(1e-4, "That is one layer. All 400 are stepped at once."),
        Mistake(16.0, "The layers' gradients stand at right angles to each other: add the squares, not the lengths."),
        Mistake(-0.04, "That is ΔL, which is negative. The question is how far the loss falls."),
        Mistake(4.0, "That is ‖∇L‖². The step is η times the gradient."),
    ],
    same=same_number,
    hint="ΔL = −η‖∇L‖² (8.1), and ‖∇L‖² is a sum over the layers.",
)

growth = Exercise(
    name="Exercise 8.2",
    prompt="100 layers, ε = 0.1, in one dimension, and every layer pushes the same way with slope 1. By which factor "
    "does v grow?",
    properties=[number_near(1.1**100)],
    solution=1.1**100,
    mistakes=[
        Mistake(1.01**50, "That is the law of pushes at right angles, (1 + ε²)^(N/2). Here all go the same way."),
        Mistake(1.01**100, "That is the law of squares for pushes at right angles. Here all go the same way."),
        Mistake(2.718281828**10, "e^{εN} is an upper bound; the layers multiply 1 + ε."),
        Mistake(11.0, "1 + εN adds up what multiplies."),
    ],
    same=same_number,
    hint="(8.9): every layer multiplies by 1 + ε.",
)
