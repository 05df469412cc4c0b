"""Words as tokens: their vocabulary, their vectors, what their letters add, and encoders that count them."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.checkpoints import load_weights, save_weights
from gradbook.extraction.encoders import BiLSTM, TextEncoder
from gradbook.extraction.features import store_features
from gradbook.extraction.words import Spelling, WordEmbedding, Words

TEXTS = ["The cat sat on the mat .", "the dog", "On a mat", "Ann-Marie saw the cat ."]
WEBNLG = Path(__file__).parents[1].parent / "shared" / "data" / "webnlg_star"


@pytest.fixture(autouse=True)
def _seeded():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def embedding(texts=TEXTS, min_count=1, **options):
    return WordEmbedding(Words.from_texts(texts, min_count), **options)


# ---- the vocabulary ----


def test_words_count_in_lower_case_and_letters_as_written():
    words = Words(["the", "Cat"], "tThe")
    assert len(words) == 4
    assert words.tokens == ("the", "cat")
    assert words.letters == ("t", "T", "h", "e")
    assert words.ids("THE cat Dog cAt") == [2, 3, 1, 3]
    assert words.unknown("the Dog a cat Dog dog") == ["Dog", "a", "dog"]
    assert words.batch(["Tet"]).letters.tolist() == [0, 3, 5, 2, 0]


def test_letters_with_accents_joined_or_apart_are_one():
    words = Words(["jose\u0301"], "e\u00e9")
    assert words.ids("Jos\u00e9 JOSE\u0301 jose") == [2, 2, 1]
    joined, apart = words.batch(["\u00e9"]), words.batch(["e\u0301"])
    assert joined.letters.tolist() == apart.letters.tolist() == [0, 3, 0]
    assert words.batch(["¼ ™"]).mask.sum() == 2


def test_a_vocabulary_is_by_count_and_doesn_t_depend_on_the_order_of_the_texts():
    words = Words.from_texts(TEXTS, min_count=1)
    assert words.tokens == Words.from_texts(TEXTS[::-1], min_count=1).tokens
    assert words.tokens[:6] == ("the", ".", "cat", "mat", "on", "a")
    some = Words.from_texts(TEXTS)
    assert some.tokens == ("the", ".", "cat", "mat", "on")
    assert some.letters[:2] == ("a", "t")  # equally frequent
    assert not {"T", "M", "w"} & set(some.letters)
    assert {"T", "M", "w"} < set(words.letters)
    for again in (words, some):
        same = Words(again.tokens, again.letters)
        assert (same.places, same.letter_places) == (again.places, again.letter_places)


def test_a_batch_lays_distinct_words_behind_each_other():
    batch = Words(["a", "bc"], "abc").batch(["bc A bc", "bx a"])
    assert batch.ids.tolist() == [[3, 2, 3], [1, 2, 0]]
    assert batch.mask.tolist() == [[True, True, True], [True, True, False]]
    assert batch.places.tolist() == [[1, 2, 1], [3, 4, 0]]
    assert batch.letters.tolist() == [0, 3, 4, 0, 1, 0, 3, 1, 0, 2, 0]
    assert batch.owners.tolist() == [0, 1, 1, 0, 2, 0, 3, 3, 0, 4, 0]


@pytest.mark.parametrize("bad", ["a  b", " a", "a ", " "])
def test_a_text_with_an_empty_word_is_named(bad):
    message = r"texts\[1\]: text must be words with one space between them, got an empty word after \d of them"
    words = embedding()
    for call in (Words.from_texts, words.words.batch, words, TextEncoder(words)):
        with pytest.raises(ValueError, match=message):
            call(["fine", bad])
    for call in (words.words.ids, words.words.unknown, words.tokens, TextEncoder(words).tokens):
        with pytest.raises(ValueError, match="text must be words"):
            call(bad)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda w: w.batch([]), ValueError, "texts must hold at least one text"),
        (lambda w: w.batch(["a", ""]), ValueError, r"texts\[1\] must hold at least one character"),
        (lambda w: w.batch(["a", 3]), TypeError, r"texts\[1\] must be a string, got int"),
        (lambda w: w.batch("a b"), TypeError, "got one string"),
        (lambda _: Words([], "a"), ValueError, "tokens must hold"),
        (lambda _: Words("the", "a"), TypeError, "tokens must be a list"),
        (lambda _: Words(["a b"], "a"), ValueError, r"tokens\[0\] must be one word without a space, got 'a b'"),
        (lambda _: Words(["b", "the", "The"], "a"), ValueError, r"tokens\[2\] must differ .* counts as 'the'"),
        (lambda _: Words(["a"], ""), ValueError, "letters must hold"),
        (lambda _: Words(["a"], ["a", "bc"]), ValueError, r"letters\[1\] must be one character, got 'bc'"),
        (lambda _: Words(["a"], "aAa"), ValueError, r"letters\[2\] must differ"),
        (
            lambda _: Words.from_texts(["a b"]),
            ValueError,
            "min_count must be a whole number from 1 to 1, the largest count, got 2",
        ),
        (lambda _: Words.from_texts(["a a"], True), ValueError, "min_count must be a whole number"),
        (lambda _: Words(["a"], ["\u212b", "\u00c5"]), ValueError, r"letters\[1\] must differ"),
        (lambda _: Words.from_texts(["a a"], 0), ValueError, "min_count must be a whole number from 1 to 2"),
    ],
)
def test_what_is_no_vocabulary_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(Words(["a"], "a"))


# ---- the vectors ----


def test_a_text_gets_the_same_whatever_stands_beside_it():
    for encoder in (embedding().eval(), TextEncoder(embedding(), BiLSTM(150, 8)).eval()):
        hidden, mask = encoder(TEXTS)
        assert hidden.shape == (4, 7, encoder.size)
        assert mask.dtype == torch.bool
        assert mask.sum(1).tolist() == [7, 2, 3, 5]
        assert hidden[~mask].abs().sum() == 0
        for text, row, seen in zip(TEXTS, hidden, mask, strict=True):
            torch.testing.assert_close(encoder([text])[0][0], row[seen], atol=1e-5, rtol=0)


def test_letters_are_convolved_as_by_conv1d():
    words, spelling = Words(["a"], "abcde"), Spelling(7, 6, 9)
    convolution = nn.Conv1d(6, 9, 3, padding=1)
    with torch.no_grad():
        convolution.weight.copy_(spelling.layer.weight.reshape(9, 3, 6).transpose(1, 2))
        convolution.bias.copy_(spelling.layer.bias)
    distinct = ["a", "abcde", "edx", "dd"]
    batch = words.batch([" ".join(distinct)])
    found = spelling(batch.letters, batch.owners)
    assert found[0].abs().sum() == 0
    for i, word in enumerate(distinct):
        vectors = spelling.weight[[words.letter_places.get(letter, 1) for letter in word]]
        torch.testing.assert_close(found[i + 1], convolution(vectors.T).amax(1), atol=1e-5, rtol=0)


def test_an_unknown_word_has_its_letters_and_a_capital_is_seen():
    words = embedding(word_size=4, channels=6).eval()
    first, second, capital, small = words(["tame", "mate", "Cat", "cat"])[0][:, 0]
    assert torch.equal(first[:4], second[:4])
    assert torch.equal(first[:4], words.weight[1])
    assert not torch.equal(first[4:], second[4:])
    assert torch.equal(capital[:4], small[:4])
    assert not torch.equal(capital[4:], small[4:])


def test_one_long_word_makes_the_short_ones_no_longer():
    text = " ".join(["a" * 50_000, *(str(i) for i in range(300))])
    words = embedding().eval()
    batch = words.words.batch([text])
    assert len(batch.letters) == len(text) + 2  # every letter once, every gap once, one 0 at each end
    assert words([text])[0].shape == (1, 301, 150)


def test_every_part_is_trained_but_padding():
    words = embedding(min_count=2, word_dropout=0)
    words(TEXTS)[0].square().sum().backward()
    for weight in (words.weight, words.spelling.weight):
        assert weight.grad[0].abs().sum() == 0
        assert bool((weight.grad[1:].abs().sum(1) > 0).all())  # with min_count 2 the unknown ones too
        assert weight[0].abs().sum() == 0
    assert words.spelling.layer.weight.grad.abs().sum() > 0


def test_word_dropout_takes_own_vectors_in_training_only():
    words = embedding(["a b c"], word_dropout=0.3)
    texts = [" ".join("abc" * 400), "a"]
    vectors, mask = words(texts)
    lost = (vectors[..., :100] == words.weight[1]).all(2)
    assert 0.25 < float(lost[mask].float().mean()) < 0.35
    assert vectors[~mask].abs().sum() == 0
    known, _ = words.eval()(texts)
    assert torch.equal(vectors[~lost], known[~lost])
    assert torch.equal(vectors[..., 100:], known[..., 100:])
    assert not (known[..., :100] == words.weight[1]).all(2).any()


def test_word_dropout_follows_torch_s_seed():
    words, draws = embedding(word_dropout=0.5), []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        draws.append(words(TEXTS)[0])
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    words.word_dropout = 0
    state = torch.random.get_rng_state()
    assert torch.equal(words(TEXTS)[0], words.eval()(TEXTS)[0])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_vectors_have_the_weights_dtype():
    assert embedding().double()(TEXTS)[0].dtype == torch.float64


def test_the_gradient_of_the_letters_is_the_slope():
    spelling = Spelling(7, 4, 5).double()
    batch = Words(["a"], "abcde").batch(["abcde edx c"])
    weight = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)

    def forms(weight, layer):
        state = {"weight": torch.cat([torch.zeros_like(weight[:1]), weight]), "layer.weight": layer}
        return torch.func.functional_call(spelling, state, (batch.letters, batch.owners))

    assert torch.autograd.gradcheck(forms, (weight, spelling.layer.weight))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word_size": 0}, "word_size must be a whole number ≥ 1, got 0"),
        ({"letter_size": -1}, "letter_size"),
        ({"channels": 2.0}, "channels"),
        ({"word_dropout": 1.0}, "word_dropout must be from 0 to below 1, got 1.0"),
        ({"word_dropout": -0.1}, "word_dropout"),
        ({"word_dropout": float("nan")}, "word_dropout"),
    ],
)
def test_impossible_sizes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        embedding(**options)


def test_weights_come_back_from_a_file(tmp_path):
    first, second = (TextEncoder(embedding(), BiLSTM(150, 8)).eval() for _ in range(2))
    assert not torch.equal(first(TEXTS)[0], second(TEXTS)[0])
    save_weights(first, tmp_path / "w")
    load_weights(second, tmp_path / "w")
    assert torch.equal(first(TEXTS)[0], second(TEXTS)[0])
    other = TextEncoder(embedding(TEXTS[:2]), BiLSTM(150, 8))
    with pytest.raises(ValueError, match=r"embedding\.\S*weight must have shape"):
        load_weights(other, tmp_path / "w")


def test_names_nobody_saw_are_told_apart_by_their_letters():
    names = [stem + end for stem in ("bel", "tar", "mon", "sil") for end in ("ville", "son")]
    texts = [f"he saw {name}" for name in names]
    model = nn.Sequential(WordEmbedding(Words.from_texts(texts, 1), 8, 8, 8, 0.5))
    reader = nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*model.parameters(), *reader.parameters()], lr=0.02)
    targets = torch.tensor([float(name.endswith("ville")) for name in names])
    for _ in range(60):
        optimizer.zero_grad()
        scores = reader(model(texts)[0][:, 2]).squeeze(1)
        nn.functional.binary_cross_entropy_with_logits(scores, targets).backward()
        optimizer.step()
    model.eval()
    unseen = reader(model(["he saw Kraville", "he saw Erikson"])[0][:, 2]).squeeze(1)
    assert unseen[0] > 0 > unseen[1]


# ---- encoders count the embedding's tokens ----


def test_a_limit_counts_words_where_words_are_the_tokens():
    encoder = TextEncoder(embedding(), limit=3)
    assert encoder.unit == "words"
    assert encoder.tokens("The unseen giraffe") == ["The", "unseen", "giraffe"]
    assert encoder(["The unseen giraffe", "a"])[0].shape[:2] == (2, 3)
    with pytest.raises(ValueError, match=r"texts\[1\] has 4 words, the encoder takes at most 3$"):
        encoder(["a", "b c d e"])


def test_a_limit_counts_characters_elsewhere():
    encoder = TextEncoder(CharacterEmbedding(Characters("a b")), limit=3)
    assert encoder.unit == "characters"
    assert encoder.tokens("a  b") == ["a", " ", " ", "b"]
    with pytest.raises(ValueError, match=r"texts\[0\] has 4 characters, .*; cut it with windows"):
        encoder(["a  b"])
    for wrong, error in (("", ValueError), (3, TypeError)):
        with pytest.raises(error, match=r"text\[0\] must"):
            encoder.tokens(wrong)


def test_an_embedding_that_hides_its_tokens_is_found_out():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = embedding()
            self.size = self.inner.size

        def forward(self, texts):
            return self.inner(texts)

    with pytest.raises(ValueError, match=r"must give 7 places, .* got 2; .* needs a method tokens\(text\)"):
        TextEncoder(Hidden())(["the dog"])


# ---- real data ----


@pytest.fixture(scope="module")
def webnlg():
    path = WEBNLG / "train_triples.json"
    if not path.is_file():
        pytest.skip(f"needs WebNLG* at {path}")
    return [record["text"] for record in json.loads(path.read_text(encoding="utf-8"))]


def test_webnlg_s_words(webnlg):
    counts = [len(Words.from_texts(webnlg, n)) - 2 for n in (1, 2)]
    assert counts[0] > counts[1] > 1000
    encoder = embedding(webnlg, 2).eval()
    for text in webnlg[:50]:
        assert encoder([text])[1].sum() == text.count(" ") + 1
    assert encoder.words.unknown(" ".join(webnlg)) != []


def test_features_are_stored_by_characters_only(tmp_path):
    with pytest.raises(ValueError, match="one row a character, got 2"):
        store_features(embedding(["ab cd"], 1), ["ab cd"], tmp_path / "features", progress=False)
    assert not (tmp_path / "features").exists()
