"""Spans of text found and named as pairs of tokens: GlobalPointer, its efficient form, and their rival, the CRF."""

from gradbook.global_pointer.crf import CRFTagger, OverlappingSpans
from gradbook.global_pointer.decoding import TooManySpans, decode_spans
from gradbook.global_pointer.efficient import EfficientGlobalPointer
from gradbook.global_pointer.extractor import EntityExtractor
from gradbook.global_pointer.global_pointer import GlobalPointer
from gradbook.global_pointer.scores import Score, entity_score
from gradbook.global_pointer.spans import Span, span_positives

__all__ = [
    "CRFTagger",
    "EfficientGlobalPointer",
    "EntityExtractor",
    "GlobalPointer",
    "OverlappingSpans",
    "Score",
    "Span",
    "TooManySpans",
    "decode_spans",
    "entity_score",
    "span_positives",
]
