"""Exercises 7.3, 7.4 and 7.5: numbers."""

from __future__ import annotations

from gradbook.exercises import Exercise, Mistake, number_near, same_number

balance = Exercise(
    name="Exercise 7.3",
    prompt="The loss is L = 2x², the base rate η = 0.1, and there is no noise. At which ν do successive gradients stop "
    "having the same sign, so that ν stops growing?",
    properties=[number_near(2.5)],
    solution=2.5,
    mistakes=[
        Mistake(5.0, "There gradient descent begins to diverge. Growth stops where one step leads to the bottom."),
        Mistake(0.4, "That is ηh, the other way up."),
        Mistake(0.25, "That is 1/h. The base rate multiplies ν: it is ην that must be 1/h."),
        Mistake(10.0, "That is 1/η: the curvature counts too."),
        Mistake(1.25, "Is the curvature of 2x² really 8? Differentiate twice."),
        Mistake(0.5, "That is 1/h for h = 2, without η: the curvature is the second derivative of 2x²."),
    ],
    same=same_number,
    hint="By (7.11) the next gradient is (1 − ηνh) times this one, with h = L″.",
)

unit = Exercise(
    name="Exercise 7.4",
    prompt="A loss is measured in another unit, which makes it 10 times larger, and η is divided by 10. By what must γ "
    "be multiplied for the gains ν to stay as they were?",
    properties=[number_near(0.01)],
    solution=0.01,
    mistakes=[
        Mistake(0.1, "That is what η is multiplied by. In γ g_{t−1} g_t there are two gradients."),
        Mistake(10.0, "The gradients grew: γ must shrink."),
        Mistake(100.0, "The right power, the wrong way: the gradients grew, γ must shrink."),
        Mistake(1.0, "Then the exponent γ g_{t−1} g_t would be 100 times larger."),
    ],
    same=same_number,
    hint="What happens to g_{t−1} ⊙ g_t in (7.9) when both gradients are 10 times larger?",
)

product = Exercise(
    name="Exercise 7.5",
    prompt="On L = x² with noise σ = 0.5 in the gradient, gradient descent with η = 0.1 and ν = 1 has become "
    "stationary. What is E[g_{t−1} g_t]?",
    properties=[number_near(-1 / 36)],
    solution=-1 / 36,
    mistakes=[
        Mistake(1 / 36, "The sign: the noise of one step is corrected by the next, so successive gradients disagree."),
        Mistake(-0.25 * 0.1 / 1.9, "The curvature of x² is 2, not 1: a = ηνh = 0.2."),
        Mistake(-0.05, "That is −aσ²: the denominator 2 − a is missing."),
        Mistake(-0.025, "That is −aσ²/2, good for small steps only: the denominator is 2 − a."),
        Mistake(-1 / 9, "σ² is missing."),
        Mistake(-1 / 18, "The noise enters squared."),
        Mistake(0.0, "Without memory it would be 0; but x carries the noise of one step into the next gradient."),
    ],
    same=lambda a, b: abs(float(a) - float(b)) <= 1e-3 * max(abs(float(a)), abs(float(b)), 1e-3),
    hint="(7.12) with a = ηνh; the curvature of x² is 2.",
)
