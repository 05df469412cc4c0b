"""A pytest plugin: every code cell that nbval has run is run a second time at once, and must give the same outputs.

Readers do that: Ctrl+Enter, a look at the result, Ctrl+Enter again. Cells tagged ``slow`` are run once.
"""

from collections.abc import Generator

import pytest
from nbformat import from_dict
from nbval.plugin import IPyNbCell, NbCellError


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """After a first run that passed, run the cell again with the outputs of the first as the reference.

    Raises NbCellError, naming the cell, if the second run fails or its outputs are others, or of another number: nbval
    itself doesn't count pictures.
    """
    yield
    if not isinstance(item, IPyNbCell) or "slow" in item.cell.metadata.get("tags", ()):
        return
    first = item.test_outputs
    again = IPyNbCell.from_parent(
        item.parent,
        name=f"{item.name} again",
        cell_num=item.cell_num,
        cell=from_dict({**item.cell, "outputs": first, "execution_count": 1}),
        options=item.options,
    )
    try:
        again.runtest()
    except NbCellError as error:
        error.args = (f"The second run in a row, against the first: {error}",)
        raise
    if len(again.test_outputs) != len(first):
        again.raise_cell_error(f"The second run in a row gave {len(again.test_outputs)} outputs, not {len(first)}")
