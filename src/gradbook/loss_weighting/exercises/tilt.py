"""Exercise 1.2: a number."""

from __future__ import annotations

from gradbook.exercises import Exercise, Mistake, number_near, same_number

exponent = Exercise(
    name="Exercise 1.2",
    prompt="Two losses stand at 1 and 4. For which exponent γ does the power mean give the second task a weight "
    "∂L(γ)/∂L_2 exactly 8 times the first's?",
    properties=[number_near(2.5)],
    solution=2.5,
    mistakes=[
        Mistake(1.5, "The weight goes with the loss to the power γ − 1, not γ."),
        Mistake(3.0, "4^(γ−1) is 16 at γ = 3. Which power of 4 is 8?"),
        Mistake(-0.5, "The sign: for γ < 1 the larger loss gets the smaller weight."),
        Mistake(2.0, "That is the exponent at which the larger loss weighs 4 times as much."),
    ],
    same=same_number,
    hint="Divide the two weights (1/n)(L_i/L(γ))^(γ−1): the mean cancels.",
)
