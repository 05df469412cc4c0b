"""How many calls the searches make on random graphs: counted once, kept in chapters/stored/06-calls.json."""

from __future__ import annotations

import json
from functools import cache
from itertools import product

import torch

from gradbook.event_linking.cliques import complete_subgraphs
from gradbook.event_linking.traces import CountMethod, count_calls
from gradbook.global_pointer.stored import STORED
from gradbook.tasks.stored import write_table

MOST = 200_000  # where counting ends
SIZES = tuple(range(2, 25, 2))
DENSITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
DRAWS = 5
SEARCHES: tuple[CountMethod, ...] = ("recursive", "memory", "pivot")
PATH = STORED / "06-calls.json"


def random_graph(size: int, density: float, seed: int) -> torch.Tensor:
    """Return a symmetric bool tensor (n, n), each pair linked with probability ``density``."""
    draw = torch.rand(size, size, generator=torch.Generator().manual_seed(seed)) < density
    upper = draw.triu(1)
    return upper | upper.T


def middle(numbers: list[int]) -> int:
    """Return the middle of an odd number of numbers."""
    return sorted(numbers)[len(numbers) // 2]


def store_calls(command: str) -> None:
    """Write for each density and size the middle of ``DRAWS`` graphs' calls, by search, and of their cliques."""
    table: dict[str, object] = {"command": command, "most": MOST, "draws": DRAWS, "sizes": list(SIZES)}
    for density in DENSITIES:
        rows: dict[str, list[int]] = {search: [] for search in (*SEARCHES, "cliques")}
        for size in SIZES:
            graphs = [random_graph(size, density, seed) for seed in range(DRAWS)]
            for search in SEARCHES:
                # Once most graphs of a size are too much, larger ones are too.
                over = rows[search] and rows[search][-1] >= MOST
                rows[search].append(MOST if over else middle([count_calls(g, search, MOST) for g in graphs]))
            rows["cliques"].append(middle([len(complete_subgraphs(g)) for g in graphs]))
        table[f"{density:g}"] = rows
        print(density, rows, flush=True)
    write_table(PATH, table)


@cache
def random_calls() -> dict[tuple[float, str], tuple[int, ...]]:
    """Return by density and search ("cliques" for how many there are) the number for each of ``SIZES``."""
    table = json.loads(PATH.read_text(encoding="utf-8"))
    return {(d, search): tuple(table[f"{d:g}"][search]) for d, search in product(DENSITIES, (*SEARCHES, "cliques"))}
