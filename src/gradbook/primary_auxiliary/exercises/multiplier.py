"""Exercise 3.1: a number."""

from __future__ import annotations

from gradbook.exercises import Exercise, Mistake, number_near, same_number

one_multiplier = Exercise(
    name="Exercise 3.1",
    prompt="The primary gradient is g_0 = (3, 0), the only auxiliary g_1 = (−2, 2). What is the multiplier λ?",
    properties=[number_near(0.75)],
    solution=0.75,
    mistakes=[
        Mistake(1.5, "Divide by the whole of ‖g_1‖² = 8: both entries count."),
        Mistake(-0.75, "The sign: g_1 must be added, to turn the update towards it. A multiplier is never negative."),
        Mistake(6 / 8**0.5, "Divide by the squared length of g_1: λg_1 is a projection, and g_1 isn't a unit vector."),
        Mistake(6 / 9, "That divides by ‖g_0‖². It's g_1 whose multiple is added, so its length counts."),
        Mistake(6.0, "The inner product says how much they conflict; it still has to be divided by ‖g_1‖²."),
        Mistake(0.0, "λ = 0 would leave ⟨g_0, g_1⟩ = −6: a step against g_0 makes the auxiliary rise."),
    ],
    same=lambda a, b: same_number(a, b) if b else abs(float(a)) < 1e-9,
    hint="Which λ makes g_0 + λg_1 orthogonal to g_1?",
)
