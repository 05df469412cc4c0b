"""The chapter's live pictures, one a file."""

from gradbook.book.global_pointer.pictures.costs import heads
from gradbook.book.global_pointer.pictures.line import scores_on_a_line
from gradbook.book.global_pointer.pictures.owners import crossing
from gradbook.book.global_pointer.pictures.sentence import score_map
from gradbook.book.global_pointer.pictures.training import epochs, rotary

__all__ = ["crossing", "epochs", "heads", "rotary", "score_map", "scores_on_a_line"]
