"""The measurements behind the chapter's fine print, with the package's own functions on small problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gradbook.primary_auxiliary import Multipliers, auxiliary_multipliers, primary_direction
from gradbook.primary_auxiliary.multipliers import ITERATIONS, most_violated, residual
from gradbook.task_gradients import task_gradients

Array = NDArray[np.float64]

STALL = torch.tensor([[-2.0, -1.0], [1.0, 0.0], [2.0, -1.0]], dtype=torch.float64)
"""The smallest example on which the article's iteration stalls: the primary gradient, then two auxiliaries."""

LABORATORY = 20
"""The seed of losses whose two auxiliaries are both in the primary's way at the start."""


def solve(gradients: Tensor, method: str = "active_set", max_steps: int = 10_000) -> Multipliers:
    """Return the multipliers for ``gradients`` (n + 1, d), the primary first, by one of the three methods."""
    products = gradients @ gradients.T
    return auxiliary_multipliers(products[1:, 1:], products[1:, 0], method=method, max_steps=max_steps)


def article_path(gradients: Tensor) -> Tensor:
    """Return all λ (steps + 1, n) of the article's iteration for ``gradients`` (n + 1, d), the primary first."""
    products = (gradients @ gradients.T).numpy()
    return torch.from_numpy(np.array(list(most_violated(products[1:, 1:], products[1:, 0]))))


def random_problems(auxiliaries: int, dimension: int, trials: int, seed: int = 0) -> Iterator[Tensor]:
    """Yield ``trials`` sets of normally distributed gradients (n + 1, d), the primary first."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(trials):
        yield torch.randn(auxiliaries + 1, dimension, generator=generator, dtype=torch.float64)


_PATIENCE = 20_000  # steps; a few problems in two dimensions need nearly as many


def iterated(gradients: Tensor, method: str = "article") -> tuple[Tensor, bool]:
    """Return λ (n,) at the end of an iteration, or after 20,000 steps, and whether that is a wrong point.

    Wrong is a residual above 1e-6. An iteration that goes on is left once its residual is below 1e-9, which is looked
    at every 50 steps: one look takes as long as several steps.
    """
    products = (gradients @ gradients.T).numpy()
    problem = products[1:, 1:], products[1:, 0]
    for step, values in enumerate(islice(ITERATIONS[method](*problem), _PATIENCE + 1)):
        if step % 50 == 49 and residual(*problem, values) <= 1e-9:
            break
    return torch.from_numpy(values), residual(*problem, values) > 1e-6


def stalls(gradients: Tensor, method: str = "article") -> bool:
    """True if the iteration ends at a wrong point, see :func:`iterated`."""
    return iterated(gradients, method)[1]


def stall_share(method: str, auxiliaries: int, dimension: int, trials: int = 500, seed: int = 0) -> float:
    """Return the share of random problems on which ``method`` stalls."""
    return sum(stalls(problem, method) for problem in random_problems(auxiliaries, dimension, trials, seed)) / trials


def curved_losses(seed: int = LABORATORY) -> Callable[[Tensor], Tensor]:
    """Return smooth losses (3,) of a place (6,): sums of log cosh along random directions, the primary first."""
    generator = torch.Generator().manual_seed(seed)
    slopes = torch.randn(3, 8, 6, generator=generator, dtype=torch.float64)
    offsets = torch.randn(3, 8, generator=generator, dtype=torch.float64)
    return lambda place: (slopes @ place - offsets).cosh().log().sum(1)


def rises(rates: Tensor, seed: int = LABORATORY) -> tuple[Tensor, Tensor]:
    """Take one step of each rate η against u from a place where an auxiliary is in the way.

    Returns the changes of the losses (rates, 3), and ½ uᵀH_iu (3,), what the second order predicts for η² = 1.
    """
    losses = curved_losses(seed)
    place = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    before = losses(place)
    gradients = task_gradients(before, [place])
    u = primary_direction(gradients[0], gradients[1:])
    with torch.no_grad():
        changes = torch.stack([losses(place - rate * u) - before for rate in rates])
    bent = [u @ torch.autograd.functional.hessian(lambda x, i=i: losses(x)[i], place.detach()) @ u for i in range(3)]
    return changes, torch.stack(bent).detach() / 2


def fitted_exponent(rates: Tensor, values: Tensor) -> tuple[float, float]:
    """Return the slope of log ``values`` over log ``rates`` by least squares, and its standard error."""
    x, y = rates.log() - rates.log().mean(), values.log() - values.log().mean()
    slope = (x @ y) / (x @ x)
    left = y - slope * x
    return float(slope), float((left @ left / (len(x) - 2) / (x @ x)).sqrt())


def mixed_share(trials: int = 500, seed: int = 0) -> float:
    """Return the share of stalls of the article's iteration on problems of 2 to 5 auxiliaries in 2 to 7 dimensions."""
    generator = torch.Generator().manual_seed(seed)
    wrong = 0
    for _ in range(trials):
        n, d = (int(torch.randint(low, high, (), generator=generator)) for low, high in ((2, 6), (2, 8)))
        rows = torch.randn(n + 1, d, generator=generator, dtype=torch.float64)
        wrong += stalls(rows)
    return wrong / trials


def harmful_shares(auxiliaries: int, dimension: int, trials: int = 500, seed: int = 0) -> tuple[float, float]:
    """Return the shares of random problems on which the article's iteration stalls and the *primary* loss rises.

    The first share is of problems that are blocked (u = 0 would be right), the second of those that are not.
    """
    blocked = free = 0
    for rows in random_problems(auxiliaries, dimension, trials, seed):
        values, wrong = iterated(rows)
        if wrong and float(rows[0] @ (rows[0] + values @ rows[1:])) < -1e-6 * float(rows[0] @ rows[0]):
            best = rows[0] + solve(rows).values @ rows[1:]
            if float(best.norm()) < 1e-6 * float(rows[0].norm()):
                blocked += 1
            else:
                free += 1
    return blocked / trials, free / trials


def uphill_share(
    build: Callable[[list[Tensor]], torch.optim.Optimizer], corrected: bool = True, steps: int = 50, seeds: int = 5
) -> float:
    """Return the share of steps on :func:`curved_losses` that make an auxiliary rise to first order.

    Every step gives the optimizer that ``build`` makes of the parameters the update of ``primary_direction``, or the
    plain primary gradient if not ``corrected``; its displacement Δ is then held against the auxiliaries' gradients:
    ⟨g_i, Δ⟩ > 0 is a rise. The seeds are the rows of one parameter, so the optimizer must treat every entry alone.
    """
    laboratories = [curved_losses(seed) for seed in range(seeds)]
    places = torch.zeros(seeds, 6, dtype=torch.float64, requires_grad=True)
    optimizer = build([places])
    uphill = 0
    for _ in range(steps):
        losses = torch.stack([laboratory(place) for laboratory, place in zip(laboratories, places, strict=True)]).sum(0)
        gradients = task_gradients(losses, [places]).reshape(3, seeds, 6).transpose(0, 1)
        before = places.detach().clone()
        directions = [primary_direction(rows[0], rows[1:]) if corrected else rows[0] for rows in gradients]
        places.grad = torch.stack(directions)
        optimizer.step()
        moved = places.detach() - before
        auxiliaries = torch.nn.functional.normalize(gradients[:, 1:], dim=2)
        uphill_now = (auxiliaries @ moved[:, :, None]).squeeze(2) > 1e-9 * moved.norm(dim=1, keepdim=True)
        uphill += int(uphill_now.any(1).sum())
    return uphill / (seeds * steps)
