"""Every picture of chapters 4, 5 and 6 is alive."""

import pytest

from tests.browser.alive import check_every_picture, written


@pytest.mark.parametrize("chapter", written(4, 5, 6), ids=lambda c: c.file_name)
def test_every_picture_of_the_chapter_is_alive(lab, chapter):
    check_every_picture(lab, chapter)
