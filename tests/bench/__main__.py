"""All measurements, one after the other: ``python -m tests.bench``; each prints as it goes."""

import runpy

PARTS = ("methods", "solvers", "token_pairs", "relations", "events", "step_sizes", "depth", "controls")

for part in PARTS:
    print(f"\n== {part} ==", flush=True)
    runpy.run_module(f"tests.bench.{part}", run_name="__main__")
