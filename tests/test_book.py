"""The book's own machinery: figures, normalising, the list of chapters, the sources it stands on."""

import base64
import io
import json
import re

import nbformat
import numpy as np
import pytest
from PIL import Image

from gradbook.book.chapters import CHAPTERS, ROOT
from gradbook.book.data.multitask import load_flights
from gradbook.book.explore import style
from gradbook.book.explore.style import png
from gradbook.book.loss_weighting.comparison import RATE, STEPS, schemes, train
from gradbook.book.make import run
from gradbook.book.make.browser import NAME
from gradbook.book.make.figures import drawings
from gradbook.book.make.run import normalise
from gradbook.book.stored import STORED


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float)


@pytest.mark.parametrize("name", drawings())
def test_every_figure_is_what_its_function_draws(name):
    stored = pixels((ROOT / "figures" / name).read_bytes())
    drawn = pixels(png(drawings()[name]()))
    assert drawn.shape == stored.shape
    assert np.abs(drawn - stored).mean() < 1.5  # grey levels of 255: fonts may be hinted differently
    assert stored.std() > 5  # not blank


def test_no_figure_is_without_its_function():
    files = {str(path.relative_to(ROOT / "figures")) for path in (ROOT / "figures").rglob("*.*")}
    assert files == {*drawings(), NAME}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.file_name)
def test_the_stored_pictures_have_chinese_characters_not_boxes(chapter, monkeypatch):
    """The first picture of every chapter whose first picture shows any."""
    if style.chinese_font() is None:
        pytest.skip("no Chinese font on this machine")
    cells = [cell for cell in nbformat.read(chapter.notebook, as_version=4).cells if ".show()" in cell.source]
    opening = re.search(r"(\w+)\(\)\.show\(\)", cells[0].source)[1]
    picture = getattr(chapter.module("pictures"), opening)()
    if not re.search("[一-鿿]", str(picture.state(picture.values()))):
        return
    stored = pixels(base64.b64decode(next(o.data["image/png"] for o in cells[0].outputs if "image/png" in o.data)))
    drawn = pixels(png(picture.static()))
    monkeypatch.setattr(style, "chinese_font", lambda: None)
    boxes = pixels(png(picture.static()))
    assert np.abs(drawn - stored).mean() < np.abs(boxes - stored).mean() / 2


def test_a_font_installed_after_matplotlib_took_stock_is_found(monkeypatch):
    found = style.chinese_font()
    if found is None:
        pytest.skip("no Chinese font on this machine")
    fonts = style.font_manager.fontManager
    files = {font.fname for font in fonts.ttflist if font.name in style.CHINESE}
    monkeypatch.setattr(fonts, "ttflist", [font for font in fonts.ttflist if font.fname not in files])
    style.chinese_font.cache_clear()
    assert style.chinese_font() == found


def test_without_a_chinese_font_no_chapter_is_stored(monkeypatch):
    monkeypatch.setattr(run, "chinese_font", lambda: None)
    monkeypatch.setattr(run, "execute", lambda path: pytest.fail(f"{path} was run"))
    with pytest.raises(SystemExit, match="fonts-noto-cjk"):
        run.main([])


def test_chapters_are_numbered_and_named_as_their_modules():
    assert [chapter.number for chapter in CHAPTERS] == list(range(1, len(CHAPTERS) + 1))
    for chapter in CHAPTERS:
        if chapter.written:
            module = chapter.name.replace("-", "_")
            assert any((ROOT / "src" / "gradbook").glob(f"{module}*"))
            assert (ROOT / "tests" / f"test_{module}.py").exists()


def notebook_with(*outputs):
    cell = nbformat.v4.new_code_cell("x", outputs=list(outputs), execution_count=7)
    cell.metadata["execution"] = {"iopub.status.busy": "2022-01-01"}
    return nbformat.v4.new_notebook(
        cells=[cell], metadata={"widgets": {}, "kernelspec": {"name": "mine", "display_name": "mine"}}
    )


def test_normalising_takes_out_what_changes_from_run_to_run():
    view = nbformat.v4.new_output(
        "display_data", {"text/plain": "words", "application/vnd.jupyter.widget-view+json": {"model_id": "12ab"}}
    )
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a\n", "b\n")]
    result = nbformat.v4.new_output("execute_result", {"text/plain": "3"}, execution_count=7)
    clean = normalise(notebook_with(view, *pieces, result))
    (cell,) = clean.cells
    assert cell.execution_count == 1
    assert cell.outputs[-1].execution_count == 1
    assert [output.get("text") for output in cell.outputs] == [None, "a\nb\n", None]
    assert cell.outputs[0].data == {"text/plain": "words"}
    assert cell.metadata == {}
    assert clean.metadata.kernelspec.name == "python3"
    assert "widgets" not in clean.metadata
    once = json.dumps(clean)
    assert json.dumps(normalise(clean)) == once


@pytest.mark.parametrize(
    "output",
    [
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
        nbformat.v4.new_output("error", ename="ValueError", evalue="bad", traceback=[]),
    ],
)
def test_errors_and_warnings_are_not_stored(output):
    with pytest.raises(ValueError, match="cell 0"):
        normalise(notebook_with(output))


def test_the_stored_sweep_is_what_its_command_measures():
    """One of its schemes again: the stored table belongs to this code."""
    stored = json.loads((STORED / "01-learning-rates.json").read_text(encoding="utf-8"))
    assert stored["steps"] == STEPS
    assert list(next(iter(stored["rates"].values()))) == ["alone", *list(schemes(load_flights()))[3:]]
    flights = load_flights()
    total = schemes(flights)["initial state"]
    scores = stored["rates"][str(RATE)]["initial state"]
    again = [train(flights, total, seed, rate=RATE) for seed in range(len(scores))]
    np.testing.assert_allclose(again, scores, atol=1e-3)
