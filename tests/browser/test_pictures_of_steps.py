"""Every picture of chapters 7 and 8 is alive."""

import pytest

from tests.browser.alive import check_every_picture, written


@pytest.mark.parametrize("chapter", written(7, 8), ids=lambda c: c.file_name)
def test_every_picture_of_the_chapter_is_alive(lab, chapter):
    check_every_picture(lab, chapter)
