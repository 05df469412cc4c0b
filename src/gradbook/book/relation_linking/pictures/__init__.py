"""The chapter's live pictures, one a file."""

from gradbook.book.relation_linking.pictures.ambiguity import smallest_ambiguity
from gradbook.book.relation_linking.pictures.decoders import decoding
from gradbook.book.relation_linking.pictures.linked_maps import four_maps
from gradbook.book.relation_linking.pictures.one_row import microscope
from gradbook.book.relation_linking.pictures.quintuples import candidates

__all__ = ["candidates", "decoding", "four_maps", "microscope", "smallest_ambiguity"]
