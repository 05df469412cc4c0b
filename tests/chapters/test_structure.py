"""What nbval cannot see of a chapter: its order, its stored outputs, its words beside pictures, its links."""

import ast
import base64
import re
from pathlib import Path

import nbformat
import pytest

from gradbook.book.chapters import CHAPTERS, ROOT
from gradbook.book.exercises import check
from gradbook.book.explore.show import WAKE
from gradbook.book.make.run import normalise

NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
WRITTEN = [chapter for chapter in CHAPTERS if chapter.written]
STATIONS = [
    "Question",
    "What you need",
    "Derivation",
    "In code",
    "Predict, then play",
    "Break it",
    "On real data",
    "The fine print",
    "Against the public implementations",
    "Exercises",
    "Summary and sources",
]


def read(path):
    return nbformat.read(path, as_version=4)


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_first_chapter_is_written():
    assert CHAPTERS[0].written


def test_every_notebook_is_the_front_page_or_a_listed_chapter():
    assert {path.stem for path in NOTEBOOKS} == {"index", *(chapter.file_name for chapter in WRITTEN)}


@pytest.mark.parametrize("chapter", WRITTEN, ids=lambda c: c.file_name)
class TestEveryChapter:
    def test_the_stations_stand_in_order(self, chapter):
        headings = re.findall(r"^## (.+)$", prose(read(chapter.notebook)), flags=re.M)
        assert headings == STATIONS

    def test_it_names_its_article(self, chapter):
        assert f"kexue.fm/archives/{chapter.article}" in prose(read(chapter.notebook))

    def test_equations_are_numbered_in_order_and_references_exist(self, chapter):
        text = prose(read(chapter.notebook))
        tags = re.findall(r"\\tag\{([\d.]+)\}", text)
        assert tags == [f"{chapter.number}.{i}" for i in range(1, len(tags) + 1)]
        assert text.count("$$") // 2 == len(tags)
        mentioned = set(re.findall(rf"\(({chapter.number}\.\d+)\)", re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)))
        assert mentioned <= set(tags)

    def test_every_equation_has_its_check_or_says_why_not(self, chapter):
        """The cell after an equation, or a later one that names it, checks it: prose says "Check of (1.2)"."""
        notebook = read(chapter.notebook)
        text = prose(notebook)
        checked = set()
        for line in re.findall(r"\*Check(.*?)\*", text):
            checked |= set(re.findall(r"\d+\.\d+", line))
        code = "\n".join(cell.source for cell in code_cells(notebook))
        for tag in re.findall(r"\\tag\{([\d.]+)\}", text):
            assert tag in checked or f"({tag})" in code or f"no check of ({tag})" in text.lower(), tag

    def test_figures_and_tables_are_numbered_in_order(self, chapter):
        outputs = "".join(
            output.data.get("text/html", "")
            for cell in code_cells(read(chapter.notebook))
            for output in cell.outputs
            if "data" in output
        )
        for kind in ("Figure", "Table"):
            numbers = re.findall(rf"<b>{kind} ([\d.]+)\.</b>", outputs)
            assert numbers == [f"{chapter.number}.{i}" for i in range(1, len(numbers) + 1)]

    def test_exercises_stand_with_folded_solutions_that_pass(self, chapter):
        """The solution a reader unfolds is run: text and code cannot drift apart."""
        module = chapter.module("exercises")
        text = prose(read(chapter.notebook))
        assert 3 <= len(module.ALL) <= 6
        solutions = re.findall(r"<details><summary>Solution</summary>(.*?)</details>", text, flags=re.S)
        assert len(solutions) == len(module.ALL)
        for exercise, solution in zip(module.ALL, solutions, strict=True):
            assert f"### {exercise.name}" in text
            names = {}
            exec(re.search(r"```python\n(.*?)```", solution, flags=re.S).group(1), names)
            assert check(exercise, names["answer"]).right, exercise.name

    def test_every_exercise_is_asked_and_left_open(self, chapter):
        checks = [
            cell for cell in code_cells(read(chapter.notebook)) if re.search(r"^check\(", cell.source, flags=re.M)
        ]
        assert checks
        for cell in checks:
            assert "..." in cell.source
            assert "not answered yet" in cell.outputs[-1].data["text/plain"]

    def test_file_and_cells_are_small(self, chapter):
        assert chapter.notebook.stat().st_size < 500_000
        sizes = sorted(len(cell.source.splitlines()) for cell in code_cells(read(chapter.notebook)))
        assert sizes[len(sizes) // 2] <= 8
        assert sizes[int(0.9 * len(sizes))] <= 20


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
class TestEveryNotebook:
    def test_it_was_run_from_top_to_bottom_and_normalised(self, path):
        """A notebook whose outputs were cleared would pass nbval unchecked."""
        text = path.read_text(encoding="utf-8")
        notebook = read(path)
        counts = [cell.execution_count for cell in code_cells(notebook)]
        assert counts == list(range(1, len(counts) + 1))
        nbformat.validate(notebook)
        assert nbformat.writes(normalise(notebook)) + "\n" == text
        assert "application/vnd.jupyter.widget" not in text
        assert not re.search(r"0x[0-9a-f]{6,}", text)

    def test_what_prints_or_draws_has_stored_output(self, path):
        shows = re.compile(r"^\s*(print\(|show_|check\(|attempt\()|\.show\(\)", flags=re.M)
        for cell in code_cells(read(path)):
            if shows.search(cell.source) and not re.match(r"\s*def ", cell.source.strip()):
                assert cell.outputs, cell.source

    def test_it_defines_no_class_and_no_long_function(self, path):
        for cell in code_cells(read(path)):
            for node in ast.walk(ast.parse(cell.source)):
                assert not isinstance(node, ast.ClassDef), cell.source
                if isinstance(node, ast.FunctionDef):
                    assert node.end_lineno - node.lineno < 10, cell.source

    def test_every_picture_has_a_caption_and_words(self, path):
        """A PNG among the outputs is followed, in the same cell, by its caption and its text alternative."""
        pictures = 0
        for cell in code_cells(read(path)):
            outputs = [output for output in cell.outputs if "data" in output]
            drawn = [output for output in outputs if "image/png" in output.data]
            captions = [o for o in outputs if "<b>Figure" in o.data.get("text/html", "")]
            assert len(captions) == len(drawn)
            assert all(len(base64.b64decode(output.data["image/png"])) < 100_000 for output in drawn)
            pictures += len(drawn)
            for caption in captions:
                words = re.search(r"The picture in words</summary><p>(.+?)</p>", caption.data["text/html"])
                assert words
                assert len(words.group(1)) > 60
            if ".show()" in cell.source:
                assert any(output.data.get("text/plain") == WAKE for output in outputs)
        for alternative in re.findall(r"!\[(.*?)\]\(", prose(read(path))):
            assert len(alternative) > 20
        assert pictures or path.stem == "index"

    def test_relative_links_and_anchors_lead_somewhere(self, path):
        notebook = read(path)
        for target in re.findall(r"\]\((?!https?://)([^)\s]+)\)", prose(notebook)):
            file, _, anchor = target.partition("#")
            there = (path.parent / file).resolve() if file else path
            assert there.exists(), target
            if anchor:
                headings = re.findall(r"^#+ (.+)$", prose(read(there)), flags=re.M)
                assert anchor in {heading.strip().replace(" ", "-") for heading in headings}, target

    def test_it_speaks_the_books_language(self, path):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert str(Path.home()) not in text


def test_the_front_page_lists_every_chapter_with_its_question_and_picture():
    text = prose(read(ROOT / "chapters" / "index.ipynb"))
    sections = re.split(r"^### ", text, flags=re.M)[1:]
    for chapter, section in zip(CHAPTERS, sections, strict=True):
        assert chapter.title in section.splitlines()[0]
        assert chapter.question in section
        assert f"../figures/{chapter.file_name}/card.png" in section
        assert ("Not written yet" in section) is not chapter.written
        assert (f"({chapter.file_name}.ipynb)" in section) is chapter.written
