"""The chapter's live pictures, one a file."""

from gradbook.global_pointer.pictures.costs import heads
from gradbook.global_pointer.pictures.lengths import rotary
from gradbook.global_pointer.pictures.line import scores_on_a_line
from gradbook.global_pointer.pictures.owners import crossing
from gradbook.global_pointer.pictures.sentence import score_map
from gradbook.global_pointer.pictures.training import epochs

__all__ = ["crossing", "epochs", "heads", "rotary", "score_map", "scores_on_a_line"]
