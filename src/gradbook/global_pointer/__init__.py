"""Chapter 4: spans of text found and named as pairs of tokens, by GlobalPointer and its efficient form.

Source: Su Jianlin, Efficient GlobalPointer:少点参数,多点效果, https://kexue.fm/archives/8877 (2022).
"""

from gradbook.global_pointer.decoding import TooManySpans, decode_spans
from gradbook.global_pointer.heads import EfficientGlobalPointer, GlobalPointer
from gradbook.global_pointer.spans import Span, span_positives

__all__ = ["EfficientGlobalPointer", "GlobalPointer", "Span", "TooManySpans", "decode_spans", "span_positives"]
