"""Make a freshly run notebook storable: what differs from run to run goes, what a reader sees stays."""

from __future__ import annotations

from typing import Any

from gradbook.explore.show import WIDGET

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
KEPT_CELL_METADATA = ("tags", "jupyter", "jp-MarkdownHeadingCollapsed")


def normalise(notebook: Any) -> Any:
    """Return ``notebook``, changed in place: counts from 1, no widget state, no times, no kernel's own names.

    Live pictures lose the identity of their widget, which no other kernel knows; the still picture beside it and a
    sentence on how to wake it stay. Raises ValueError, naming the cell, for a stored error or anything on stderr.
    """
    notebook.metadata.clear()
    notebook.metadata.update({"kernelspec": dict(KERNEL), "language_info": {"name": "python"}})
    count = 0
    for number, cell in enumerate(notebook.cells):
        cell.metadata = type(cell.metadata)({k: v for k, v in cell.metadata.items() if k in KEPT_CELL_METADATA})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = _outputs(cell.outputs, count, f"cell {number}")
    return notebook


def _outputs(outputs: list[Any], count: int, where: str) -> list[Any]:
    kept: list[Any] = []
    for output in outputs:
        if output.output_type == "error":
            raise ValueError(f"{where} raised {output.ename}: {output.evalue}")
        if output.output_type == "stream" and output.name == "stderr":
            raise ValueError(f"{where} wrote to stderr: {output.text.strip()[:300]}")
        if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
            kept[-1].text += output.text  # the kernel may send one print in several pieces
            continue
        if "execution_count" in output:
            output.execution_count = count
        if "data" in output:
            output.metadata = {}
            output.data.pop(WIDGET, None)
        kept.append(output)
    return kept
