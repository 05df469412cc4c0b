"""One vector a word: its own, and one that its letters spell."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes
from gradbook.encoders.characters import PADDING, UNKNOWN
from gradbook.encoders.texts import split_words
from gradbook.encoders.words import Words


class WordEmbedding(nn.Module):
    """Texts → vectors (B, L, D) and mask (B, L) bool, one place a word; ``.size`` D is word_size + channels.

    L is the largest number of words; padding holds 0. A word's own vector, random at the start, stands beside the one
    of its letters, see :class:`Spelling`, so that a name nobody saw in training still has a form (Ma and Hovy, arXiv
    1603.01354; Chiu and Nichols, arXiv 1511.08308). In training each word's own vector, not its letters', is replaced
    by the unknown word's with probability ``word_dropout``: so that one is trained, and the letters are relied on. The
    draw is from torch's CPU generator.

    Raises ValueError for a size below 1 or a probability that isn't from 0 to below 1.
    """

    unit = "words"

    def __init__(
        self,
        words: Words,
        word_size: int = 100,
        letter_size: int = 25,
        channels: int = 50,
        word_dropout: float = 0.1,
    ) -> None:
        super().__init__()
        check_sizes(word_size=word_size, letter_size=letter_size, channels=channels)
        if not 0 <= word_dropout < 1:
            raise ValueError(f"word_dropout must be from 0 to below 1, got {word_dropout}")
        self.words, self.word_dropout = words, word_dropout
        self.size = word_size + channels
        self.weight = nn.Parameter(random_vectors(len(words), word_size))
        self.spelling = Spelling(len(words.letters) + 2, letter_size, channels)

    def tokens(self, text: str) -> list[str]:
        """Return the words of a text; ValueError for one that isn't words with one space between them."""
        return split_words(text)

    def forward(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return vectors (B, L, D) and mask (B, L); raises ValueError or TypeError naming a text that isn't words."""
        batch, place = self.words.batch(texts), self.weight.device
        own = nn.functional.embedding(self._some_unknown(batch.ids).to(place), self.weight, padding_idx=PADDING)
        forms = self.spelling(batch.letters.to(place), batch.owners.to(place))
        spelt = nn.functional.embedding(batch.places.to(place), forms)
        return torch.cat([own, spelt], 2), batch.mask.to(place)

    def _some_unknown(self, ids: Tensor) -> Tensor:
        """The ids with some words made unknown, in training only."""
        if not self.training or not self.word_dropout:
            return ids
        lost = (torch.rand(ids.shape) < self.word_dropout) & (ids != PADDING)
        return ids.masked_fill(lost, UNKNOWN)


class Spelling(nn.Module):
    """Letters (S,) and owners (S,) of :class:`WordBatch` → a vector a distinct word (N + 1, ``channels``); row 0 is 0.

    A convolution over three letters at a time, 0 beyond a word's ends, then each channel's largest value in the word.
    All words lie in one row behind each other: no memory is spent on padding short words to the longest.
    """

    def __init__(self, letters: int, letter_size: int = 25, channels: int = 50) -> None:
        super().__init__()
        self.weight = nn.Parameter(random_vectors(letters, letter_size))
        self.layer = nn.Linear(3 * letter_size, channels)

    def forward(self, letters: Tensor, owners: Tensor) -> Tensor:
        """Return the words' vectors (N + 1, channels)."""
        vectors = nn.functional.embedding(letters, self.weight, padding_idx=PADDING)
        # A linear layer over three neighbours is the convolution, at half of Conv1d's time for so short a row.
        values = self.layer(torch.cat([vectors[:-2], vectors[1:-1], vectors[2:]], 1))
        owner = owners[1:-1].unsqueeze(1)
        values = values.masked_fill(owner == 0, 0.0)  # the gaps between words go to row 0
        empty = values.new_zeros(int(owners.max()) + 1, values.shape[1])
        forms: Tensor = empty.scatter_reduce(0, owner.expand_as(values), values, "amax", include_self=False)
        return forms


def random_vectors(count: int, size: int) -> Tensor:
    """Return normally distributed vectors (count, size); the padding's is 0."""
    vectors = torch.randn(count, size)
    vectors[PADDING] = 0
    return vectors
