"""Every picture of chapters 2 and 3 is alive (chapter 1: test_reader.py)."""

import pytest

from tests.browser.alive import check_every_picture, written


@pytest.mark.parametrize("chapter", written(2, 3), ids=lambda c: c.file_name)
def test_every_picture_of_the_chapter_is_alive(lab, chapter):
    check_every_picture(lab, chapter)
