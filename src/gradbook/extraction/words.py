"""Words as vectors, for languages that separate them: a vocabulary of words, and each word's letters beside it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gradbook.checks import check_sizes
from gradbook.extraction.characters import PADDING, UNKNOWN, check_texts, padded, split_words, token_rows


class WordBatch(NamedTuple):
    """Texts in numbers; all int64, except for the mask.

    ``ids`` (B, L) and ``mask`` (B, L) bool, L the largest number of words; ``places`` (B, L) says which of the batch's
    N distinct words stands there, from 1 to N, 0 in the padding. These N words' ``letters`` (S,) follow each other with
    a 0 before, between and behind them; ``owners`` (S,) says whose letter it is, again from 1 to N.
    """

    ids: Tensor
    mask: Tensor
    places: Tensor
    letters: Tensor
    owners: Tensor


class Words:
    """Words and their ids, letters and theirs: 0 padding, 1 unknown, then ``tokens`` and ``letters`` in their order.

    A word is a piece between single spaces. It counts in lower case: most words with a capital only begin a sentence,
    and a vector for each form would have fewer examples. What the capital says, the letters still know: they count as
    they are written. A letter is any character of a word. Both have their accents joined to them (NFC).

    Raises TypeError for tokens or letters that aren't strings, ValueError for none, for a token with a space, a letter
    that isn't one character, or two that count as the same.
    """

    def __init__(self, tokens: Iterable[str], letters: Iterable[str]) -> None:
        words = check_texts(tokens if isinstance(tokens, str) else list(tokens), "tokens")
        for i, token in enumerate(words):
            if " " in token:
                raise ValueError(f"tokens[{i}] must be one word without a space, got {token!r}")
        signs = check_texts(list(letters), "letters")
        for i, sign in enumerate(signs):
            if len(sign) != 1 or len(spelled(sign)) != 1:
                raise ValueError(f"letters[{i}] must be one character, got {sign!r}")
        self.places = _numbered(words, word_form, "tokens")
        self.letter_places = _numbered(signs, spelled, "letters")

    @classmethod
    def from_texts(cls, texts: Sequence[str], min_count: int = 2) -> Words:
        """Return the vocabulary of all words and letters that come at least ``min_count`` times, most frequent first.

        Equally frequent ones stand in the order of their code points. With ``min_count`` 1 no letter of the texts is
        unknown, and the vector of unknown letters stays as it began. Raises ValueError for a text that isn't words with
        one space between them, or if none is left.
        """
        counts = Counter(word for row in token_rows(texts, split_words) for word in row)
        forms, letters = Counter[str](), Counter[str]()
        for word, count in counts.items():
            forms[word_form(word)] += count
            for letter in spelled(word):
                letters[letter] += count
        most = max(forms.values())
        if type(min_count) is not int or not 1 <= min_count <= most:
            raise ValueError(f"min_count must be a whole number from 1 to {most}, the largest count, got {min_count!r}")
        return cls(_frequent(forms, min_count), _frequent(letters, min_count))

    def __len__(self) -> int:
        return len(self.places) + 2

    def __repr__(self) -> str:
        first = ", ".join(list(self.places)[:5])
        return f"Words({len(self.places)} words, {first}…; {len(self.letter_places)} letters)"

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words in the order of their ids, from 2 on."""
        return tuple(self.places)

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters in the order of their ids, from 2 on."""
        return tuple(self.letter_places)

    def ids(self, text: str) -> list[int]:
        """Return one id a word."""
        return [self.places.get(word_form(word), UNKNOWN) for word in split_words(text)]

    def unknown(self, text: str) -> list[str]:
        """Return the words of ``text`` outside the vocabulary, as written, each once, in the order they come."""
        return [word for word in dict.fromkeys(split_words(text)) if word_form(word) not in self.places]

    def batch(self, texts: Sequence[str]) -> WordBatch:
        """Return the texts in numbers; ValueError or TypeError naming a text that isn't words."""
        numbers: dict[str, int] = {}
        rows = token_rows(texts, split_words)
        places = padded([[numbers.setdefault(word, len(numbers) + 1) for word in row] for row in rows])
        ids = torch.tensor([PADDING, *(self.places.get(word_form(word), UNKNOWN) for word in numbers)])
        letters, owners = [PADDING], [0]
        for word, number in numbers.items():
            own = [self.letter_places.get(letter, UNKNOWN) for letter in spelled(word)]
            letters += [*own, PADDING]
            owners += [*[number] * len(own), 0]
        return WordBatch(ids[places], places > 0, places, torch.tensor(letters), torch.tensor(owners))


def word_form(word: str) -> str:
    """Return the form under which the vocabulary knows a word: lower case, NFC."""
    return unicodedata.normalize("NFC", word.lower())


def spelled(word: str) -> str:
    """Return the word's letters: as written, NFC.

    Not NFKC, which makes several characters of ¼ or ™, and of some a space.
    """
    return unicodedata.normalize("NFC", word)


def _numbered(tokens: Sequence[str], form: Callable[[str], str], name: str) -> dict[str, int]:
    """The ids of the tokens' forms, from 2 on."""
    places: dict[str, int] = {}
    for i, token in enumerate(tokens):
        if form(token) in places:
            raise ValueError(f"{name}[{i}] must differ from the others, got {token!r}, which counts as {form(token)!r}")
        places[form(token)] = len(places) + 2
    return places


def _frequent(counts: Counter[str], min_count: int) -> list[str]:
    """Those that come often enough, the most frequent first."""
    return sorted((token for token, n in counts.items() if n >= min_count), key=lambda token: (-counts[token], token))


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
