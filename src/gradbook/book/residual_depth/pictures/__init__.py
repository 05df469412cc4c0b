"""The chapter's live pictures, one a file."""

from gradbook.book.residual_depth.pictures.layers import layer_by_layer, size_of_the_stack
from gradbook.book.residual_depth.pictures.lottery import plain_lottery, two_laws
from gradbook.book.residual_depth.pictures.step import one_step

__all__ = ["layer_by_layer", "one_step", "plain_lottery", "size_of_the_stack", "two_laws"]
