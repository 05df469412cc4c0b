"""Exercises 2.1 and 2.3: numbers."""

from __future__ import annotations

from gradbook.exercises import Exercise, Mistake, number_near, same_number

foot = Exercise(
    name="Exercise 2.1",
    prompt="Two gradients are perpendicular; the first has length 2, the second length 1. What weight does MGDA give "
    "the first?",
    properties=[number_near(0.2)],
    solution=0.2,
    mistakes=[
        Mistake(0.8, "That is the second's weight: the short gradient gets the large one."),
        Mistake(
            0.5, "Equal weights give the middle of the segment; the foot of the altitude lies nearer to the short."
        ),
        Mistake(1 / 3, "The weights go inversely with the squared lengths, not with the lengths."),
        Mistake(2 / 3, "Not in proportion to the lengths: the long gradient gets the small weight."),
        Mistake(0.0, "The foot lies between the two ends here: ⟨g₁, g₂⟩ = 0 is less than ‖g₂‖²."),
    ],
    same=same_number,
    hint="Use (2.12) with ⟨g₁, g₁⟩ = 4, ⟨g₂, g₂⟩ = 1, ⟨g₁, g₂⟩ = 0.",
)

gap = Exercise(
    name="Exercise 2.3",
    prompt="The Gram matrix is [[4, 1], [1, 2]] and an iteration stands at α = (½, ½). What is its duality gap (2.14)?",
    properties=[number_near(0.5)],
    solution=0.5,
    mistakes=[
        Mistake(1.0, "That is max − min of Kα. The gap compares ‖u‖² = αᵀKα with the smallest entry."),
        Mistake(-0.5, "A gap is never negative: take the gradient with the smallest inner product with u."),
        Mistake(0.25, "That is ‖u‖² − ‖u*‖², the true error. The gap bounds it without knowing u*."),
        Mistake(0.125, "That is half of ‖u‖² − ‖u*‖², the true error of (2.10). The gap bounds it without knowing u*."),
        Mistake(1.75, "That is ‖u*‖², at the optimum. The gap needs only the present α."),
        Mistake(2.0, "That is ‖u‖². Now subtract the smallest ⟨g_i, u⟩."),
        Mistake(1.5, "That is the smallest ⟨g_i, u⟩. How far is it below ‖u‖²?"),
    ],
    same=same_number,
    hint="The entries of Kα are the inner products ⟨g_i, u⟩, and αᵀKα is ‖u‖².",
)
