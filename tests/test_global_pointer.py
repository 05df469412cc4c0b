"""The heads against their formulas, the loss without the scores against the loss of the scores, decoding, the CRF."""

import itertools

import pytest
import torch

from gradbook.extraction.crf import CRFTagger, OverlappingSpans, bio_spans, bio_tags
from gradbook.global_pointer import (
    EfficientGlobalPointer,
    GlobalPointer,
    Span,
    TooManySpans,
    decode_spans,
    span_positives,
)
from gradbook.global_pointer import (
    losses as blocked,
)
from gradbook.global_pointer.heads import TokenPairHead, rotate

pytestmark = pytest.mark.numeric

POINTERS = [GlobalPointer, EfficientGlobalPointer]
B, L, D, T = 3, 20, 16, 7


def case(dtype=torch.float32, seed=0, scale=1.0, spans=5, empty=False, pointer=EfficientGlobalPointer, **options):
    """A head, its inputs of lengths 20, 13 and 20 (or 0 if ``empty``), and positives, the pair (0, 0) among them."""
    torch.manual_seed(seed)
    head = pointer(D, T, 8, **options).to(dtype)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.mul_(scale**0.5)
    hidden = torch.randn(B, L, D, dtype=dtype, requires_grad=True)
    mask = torch.ones(B, L, dtype=torch.bool)
    mask[1, 13:] = False
    if empty:
        mask[2] = False
    sentences = [{Span(0, 0, 0)}, {Span(0, 0, 0), Span(3, 9, 2), Span(3, 12, 2)}, set()]
    for length, found in zip((20, 13, 0 if empty else 20), sentences, strict=True):
        for _ in range(spans if length else 0):
            start, end = sorted(torch.randint(0, length, (2,)).tolist())
            found.add(Span(start, end, int(torch.randint(0, T, ()))))
    return head, hidden, mask, span_positives(sentences), sentences


# ---- the scores ----


def test_rotated_products_depend_on_the_distance_alone():
    query, key = torch.randn(2, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    turned = rotate(torch.stack((query.expand(40, 8), key.expand(40, 8))))
    products = turned[0] @ turned[1].T
    for distance in (-7, 0, 3, 30):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    assert products.diagonal(3)[0] != pytest.approx(products.diagonal(4)[0].item())
    torch.testing.assert_close(turned.norm(dim=-1), torch.stack((query, key)).norm(dim=-1, keepdim=True).expand(2, 40))


def test_rotation_is_multiplication_by_a_complex_phase():
    vectors = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    speeds = torch.tensor([10000 ** (-2 * m / 6) for m in range(3)], dtype=torch.float64)
    phase = torch.polar(torch.ones(5, 3, dtype=torch.float64), torch.outer(torch.arange(5.0).double(), speeds))
    expected = torch.view_as_real(torch.view_as_complex(vectors.view(5, 3, 2)) * phase).flatten(1)
    torch.testing.assert_close(rotate(vectors), expected)


@pytest.mark.parametrize("rotary", [True, False])
def test_global_pointer_is_its_formula(rotary):
    head, hidden, mask, *_ = case(torch.float64, pointer=GlobalPointer, rotary=rotary)
    scores = head(hidden, mask)
    weights = head.queries_keys(hidden).view(B, L, 2, T, 8)
    queries, keys = weights[:, :, 0], weights[:, :, 1]
    for b, kind, i, j in ((0, 0, 2, 5), (1, 6, 0, 12), (2, 3, 19, 19)):
        q, k = queries[b, :, kind], keys[b, :, kind]
        q, k = (rotate(q), rotate(k)) if rotary else (q, k)
        torch.testing.assert_close(scores[b, kind, i, j], q[i] @ k[j] / 8**0.5)


def test_efficient_global_pointer_is_its_formula():
    head, hidden, mask, *_ = case(torch.float64)
    scores = head(hidden, mask)
    both = head.queries_keys(hidden)
    weights, bias = head.types.weight, head.types.bias
    for b, kind, i, j in ((0, 0, 2, 5), (1, 6, 0, 12), (2, 3, 19, 19)):
        q, k = rotate(both[b, :, :8]), rotate(both[b, :, 8:])
        # w_α of the article is the two rows of `types`, side by side: [q_i; k_i] with one, [q_j; k_j] with the other
        w = torch.cat((weights[kind], weights[T + kind]))
        expected = q[i] @ k[j] / 8**0.5 + w @ torch.cat((both[b, i], both[b, j])) + bias[kind] + bias[T + kind]
        torch.testing.assert_close(scores[b, kind, i, j], expected)


def test_parameters_are_as_many_as_the_article_counts():
    """A type costs 2 D d = 98,304 weights against 4 d = 256, at D = 768 and d = 64."""

    def count(head, kind):
        return sum(p.numel() for name, p in head.named_parameters() if name.endswith(kind))

    grown = [count(pointer(768, 11), "weight") - count(pointer(768, 10), "weight") for pointer in POINTERS]
    assert grown == [98_304, 256]
    assert count(GlobalPointer(768, 100), "weight") == 9_830_400
    assert count(EfficientGlobalPointer(768, 100), "weight") == 98_304 + 25_600


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("triangular", [True, False])
def test_the_mask_leaves_pairs_of_tokens(pointer, triangular):
    head, hidden, mask, *_ = case(pointer=pointer, triangular=triangular)
    scores = head(hidden, mask)
    i, j = torch.meshgrid(torch.arange(L), torch.arange(L), indexing="ij")
    expected = mask[:, i] & mask[:, j] & ((i <= j) | (not triangular))
    assert torch.equal(scores.isfinite(), expected.unsqueeze(1).expand_as(scores))


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("joint", [False, True])
def test_padding_changes_nothing(pointer, joint):
    head, hidden, mask, positives, _ = case(pointer=pointer)
    padded = torch.cat((hidden, torch.randn(B, 9, D)), 1)
    longer = torch.cat((mask, torch.zeros(B, 9, dtype=torch.bool)), 1)
    torch.testing.assert_close(head(padded, longer)[:, :, :L, :L], head(hidden, mask), rtol=1e-5, atol=1e-5)
    losses = head.loss(hidden, mask, positives, joint), head.loss(padded, longer, positives, joint)
    torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-5)
    assert head.decode(padded, longer) == head.decode(hidden, mask)


@pytest.mark.parametrize("pointer", POINTERS)
def test_nothing_in_the_padding_reaches_a_gradient(pointer):
    head, hidden, mask, positives, _ = case(pointer=pointer)
    clean = torch.autograd.grad(head.loss(hidden, mask, positives).sum(), [hidden, *head.parameters()])
    spoilt = hidden.detach().clone()
    spoilt[1, 13:] = torch.nan
    spoilt.requires_grad_()
    found = torch.autograd.grad(head.loss(spoilt, mask, positives).sum(), [spoilt, *head.parameters()])
    for a, b in zip(clean, found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pointer", POINTERS)
def test_any_length_goes(pointer):
    head = pointer(4, 2, 4)
    scores = head(torch.randn(1, 700, 4), torch.ones(1, 700, dtype=torch.bool))
    assert scores.shape == (1, 2, 700, 700)


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_finite(pointer, dtype):
    head, hidden, mask, positives, _ = case(pointer=pointer)
    exact = head.loss(hidden, mask, positives).detach()
    half, hidden = head.to(dtype), hidden.detach().to(dtype).requires_grad_()
    loss = half.loss(hidden, mask, positives)
    torch.testing.assert_close(loss.float(), exact, rtol=0.03, atol=0.03)
    loss.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in half.parameters())


# ---- the loss without the scores ----


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("scale", [0.3, 1.0, 10.0, 100.0, 1000.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_the_one_of_all_scores(seed, scale, joint, pointer):
    """In float32, against the scores' loss in float64; a scale of 1000 makes scores of several hundred."""
    head, hidden, mask, positives, _ = case(seed=seed, scale=scale, empty=seed == 1, pointer=pointer)
    exact = pointer(D, T, 8).double()
    exact.load_state_dict(head.state_dict())
    twin = hidden.detach().double().requires_grad_()
    found, expected = head.loss(hidden, mask, positives, joint), TokenPairHead.loss(exact, twin, mask, positives, joint)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-7)
    gradients = torch.autograd.grad(found.sum(), [hidden, *head.parameters()])
    references = torch.autograd.grad(expected.sum(), [twin, *exact.parameters()])
    for a, b in zip(gradients, references, strict=True):
        assert (a - b).abs().max() <= 5e-5 * b.abs().max()


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1000.0])
def test_the_loss_is_exact_in_float64(scale, pointer):
    head, hidden, mask, positives, _ = case(torch.float64, scale=scale, pointer=pointer)
    torch.testing.assert_close(
        head.loss(hidden, mask, positives), TokenPairHead.loss(head, hidden, mask, positives), rtol=1e-13, atol=0
    )


@pytest.mark.parametrize("block", [1, 3 * L * L, 1 << 18])
def test_the_blocks_don_t_show(block, monkeypatch):
    """A type at a time, three, or all: with a hole in the mask and no triangle, against the loss of all scores."""
    monkeypatch.setattr(blocked, "BLOCK", block)
    head, hidden, mask, positives, _ = case(torch.float64, pointer=GlobalPointer, spans=0, triangular=False)
    mask[2, 5] = False
    found, expected = head.loss(hidden, mask, positives), TokenPairHead.loss(head, hidden, mask, positives)
    torch.testing.assert_close(found, expected, rtol=1e-13, atol=0)
    gradients = [torch.autograd.grad(loss.sum(), [hidden, *head.parameters()]) for loss in (found, expected)]
    torch.testing.assert_close(*gradients, rtol=1e-11, atol=1e-13)


def test_scores_beyond_the_numbers_are_refused():
    head, hidden, mask, positives, _ = case(pointer=GlobalPointer)
    with torch.no_grad():
        head.queries_keys.weight.mul_(1e25)
    with pytest.raises(ValueError, match="the head's scores are not finite: its weights or hidden are too large"):
        head.loss(hidden, mask, positives)


def test_a_second_derivative_of_the_blocks_is_refused():
    """Rather than given wrong; the loss of all scores has one."""
    head, hidden, mask, positives, _ = case(pointer=GlobalPointer)
    (gradient,) = torch.autograd.grad(head.loss(hidden, mask, positives).sum(), hidden, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.square().sum().backward()


def test_a_great_spread_of_scores_falls_back_without_a_nan():
    """The best end of a type sits where the best pair doesn't: every product of exponentials underflows."""
    _head, _hidden, _mask, _positives, _ = case()
    spans = torch.zeros(1, 6, 6)
    spans[0, :, 0] = 300.0
    ends = torch.zeros(1, 2, 6)
    ends[0, :, 5] = 300.0
    ends[0, :, 0] = -300.0
    from gradbook.global_pointer.losses import factored_loss
    from gradbook.multilabel_loss import sparse_multilabel_cross_entropy

    parts = [spans.requires_grad_(), torch.randn(1, 2, 6).requires_grad_(), ends.requires_grad_()]
    allowed = torch.ones(1, 6, 6, dtype=torch.bool)
    allowed[0, :, 5] = False
    none = torch.full((1, 1, 3), -1)
    loss = factored_loss(*parts, allowed, none, False)
    scores = (spans.unsqueeze(1) + parts[1].unsqueeze(3) + ends.unsqueeze(2)).masked_fill(
        ~allowed.unsqueeze(1), -torch.inf
    )
    expected = sparse_multilabel_cross_entropy(scores.flatten(2), torch.full((1, 2, 1), -1), "none").sum(1)
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    gradients, references = torch.autograd.grad(loss.sum(), parts), torch.autograd.grad(expected.sum(), parts)
    for a, b in zip(gradients, references, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_the_pieces_of_the_fallback_don_t_show(monkeypatch):
    from gradbook.global_pointer import losses as factored

    head, hidden, mask, positives, _ = case(scale=300.0)
    whole = torch.autograd.grad(head.loss(hidden, mask, positives).sum(), hidden)[0]
    monkeypatch.setattr(factored, "CHUNK", 2 * L)
    pieces = torch.autograd.grad(head.loss(hidden, mask, positives).sum(), hidden)[0]
    torch.testing.assert_close(pieces, whole)


@pytest.mark.parametrize("pointer", POINTERS)
def test_the_loss_never_builds_the_scores(pointer, monkeypatch):
    """No tensor that autograd makes or keeps is as large as (B, T, L, L)."""
    monkeypatch.setattr(blocked, "BLOCK", 1 << 12)  # one type of these
    length, types = 64, 50
    head = pointer(D, types, 8)
    hidden = torch.randn(2, length, D, requires_grad=True)
    mask = torch.ones(2, length, dtype=torch.bool)
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, func, kinds, args=(), kwargs=None):
            nonlocal largest
            made = func(*args, **(kwargs or {}))
            for tensor in made if isinstance(made, tuple | list) else [made]:
                if isinstance(tensor, torch.Tensor):
                    largest = max(largest, tensor.numel())
            return made

    positives = span_positives([{Span(0, 3, 1)}, {Span(5, 5, 49)}])
    with Watch():
        head.loss(hidden, mask, positives).sum().backward()
    queries_keys = 2 * length * 2 * types * 8
    assert largest <= (2 * length * max(length, 2 * types) if pointer is EfficientGlobalPointer else queries_keys)


@pytest.mark.once
def test_the_loss_falls_where_positives_are_right():
    head, hidden, mask, positives, sentences = case(torch.float64, spans=1)
    optimizer = torch.optim.Adam([*head.parameters(), hidden], lr=0.05)
    for _ in range(300):
        optimizer.zero_grad()
        head.loss(hidden, mask, positives).sum().backward()
        optimizer.step()
    assert head.decode(hidden, mask) == sentences


# ---- decoding ----


@pytest.mark.parametrize("pointer", POINTERS)
def test_more_spans_than_the_limit_are_refused(pointer):
    head, hidden, mask, *_ = case(pointer=pointer, empty=True)
    found = head.decode(hidden, mask)
    most = max(map(len, found))
    assert head.decode(hidden, mask, limit=most) == found
    with pytest.raises(TooManySpans, match=f"a sentence has {most} spans above the threshold, more than {most - 1}"):
        head.decode(hidden, mask, limit=most - 1)
    assert head.decode(hidden[2:], mask[2:], limit=0) == [set()]


def test_decoding_is_the_loop_over_all_pairs():
    scores = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(4))
    scores[0, 0, 0, 0] = 5.0
    scores[1, :, :, 5] = -torch.inf
    expected = [
        {Span(i, j, t) for t, i, j in itertools.product(range(3), range(6), range(6)) if scores[b, t, i, j] > 0.7}
        for b in range(2)
    ]
    assert decode_spans(scores, 0.7) == expected
    assert Span(0, 0, 0) in decode_spans(scores)[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("threshold", [-2.0, 0.0, 1.0, 100.0])
def test_pruned_decoding_finds_the_same_sets(threshold, dtype):
    head, hidden, mask, *_ = case(dtype, scale=4.0)
    assert head.decode(hidden, mask, threshold) == decode_spans(head(hidden, mask), threshold)


@pytest.mark.parametrize(
    ("scores", "threshold", "message"),
    [
        (torch.zeros(2, 3, 3), 0.0, r"scores must have shape \(B, T, L, L\), got \(2, 3, 3\)"),
        (torch.full((1, 1, 2, 2), torch.inf), 0.0, "scores must be finite or −inf"),
        (torch.full((1, 1, 2, 2), torch.nan), 0.0, "scores must be finite or −inf, got NaN"),
        (torch.zeros(1, 1, 2, 2), float("nan"), "threshold must be a number above −inf, got nan"),
        (torch.zeros(1, 1, 2, 2), float("-inf"), "threshold must be a number above −inf"),
    ],
)
def test_decoding_refuses_what_it_cannot_read(scores, threshold, message):
    with pytest.raises(ValueError, match=message):
        decode_spans(scores, threshold)


# ---- what Efficient GlobalPointer cannot express ----


@pytest.mark.once
def test_a_crossing_pair_of_types_is_learnt_by_global_pointer_and_by_no_efficient_one():
    """Type 0 on (0, 2) and (1, 3), type 1 on (0, 3) and (1, 2): the difference of the types' scores is additive."""
    spans = {Span(0, 2, 0), Span(1, 3, 0), Span(0, 3, 1), Span(1, 2, 1)}
    learnt = {}
    for pointer in POINTERS:
        torch.manual_seed(0)
        hidden = torch.randn(1, 4, 8, dtype=torch.float64, requires_grad=True)
        mask = torch.ones(1, 4, dtype=torch.bool)
        head = pointer(8, 2, 8).double()
        optimizer = torch.optim.Adam([*head.parameters(), hidden], lr=0.03)
        for _ in range(400):
            optimizer.zero_grad()
            head.loss(hidden, mask, span_positives([spans])).sum().backward()
            optimizer.step()
        learnt[pointer] = head.decode(hidden, mask)[0]
        difference = head(hidden, mask)[0, 0] - head(hidden, mask)[0, 1]
    assert learnt[GlobalPointer] == spans
    assert learnt[EfficientGlobalPointer] != spans
    assert (difference[0, 2] + difference[1, 3]).item() == pytest.approx((difference[0, 3] + difference[1, 2]).item())


# ---- bad input ----


@pytest.mark.parametrize("pointer", POINTERS)
def test_sizes_are_checked(pointer):
    with pytest.raises(ValueError, match="head_size must be even for rotary positions, which turn pairs, got 7"):
        pointer(8, 2, 7)
    assert pointer(8, 2, 7, rotary=False)(torch.randn(1, 3, 8), torch.ones(1, 3, dtype=torch.bool)).shape == (
        1,
        2,
        3,
        3,
    )
    with pytest.raises(ValueError, match="num_types must be a whole number ≥ 1, got 0"):
        pointer(8, 0)


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda h, m: (h[..., :3], m), ValueError, r"hidden must have shape \(B, L, 16\)"),
        (lambda h, m: (h[:, :0], m[:, :0]), ValueError, "with B, L ≥ 1"),
        (lambda h, m: (h, m[:, :5]), ValueError, r"mask must have shape \(3, 20\) like hidden, got \(3, 5\)"),
        (lambda h, m: (h, m.long()), TypeError, "mask must be a bool tensor, True at tokens, got torch.int64"),
        (lambda h, m: (h.double(), m), TypeError, "hidden must be torch.float32 like the head's weights"),
        (lambda h, m: (h.long(), m), TypeError, "hidden must be a floating point tensor, got torch.int64"),
        (lambda h, m: (h.detach().index_fill(1, torch.tensor([4]), torch.nan), m), ValueError, "sentence 0 at token 4"),
    ],
)
def test_inputs_are_checked(pointer, change, error, message):
    head, hidden, mask, positives, _ = case(pointer=pointer)
    for call in (head, head.decode, lambda h, m: head.loss(h, m, positives)):
        with pytest.raises(error, match=message):
            call(*change(hidden, mask))


@pytest.mark.parametrize("pointer", [*POINTERS, CRFTagger])
@pytest.mark.parametrize(
    ("positives", "error", "message"),
    [
        ([[[0, 0, 1]]] * 2, ValueError, r"positives must have shape \(3, M, 3\), got \(2, 1, 3\)"),
        (
            [[[7, 0, 1]]] * 3,
            ValueError,
            r"positives\[0, 0\] must be \(type < 7, start < 20, end < 20\).*got \[7, 0, 1\]",
        ),
        ([[[0, 0, 20]]] * 3, ValueError, r"got \[0, 0, 20\]"),
        ([[[0, -1, 3]]] * 3, ValueError, r"got \[0, -1, 3\]"),
        ([[[0, 4, 3]]] * 3, ValueError, "a start that is not after its end"),
        ([[[0, 4, 15]]] * 3, ValueError, r"positives\[1, 0\] must be a pair of tokens, not of padding"),
        ([[[0, 4, 5], [0, 4, 5]]] * 3, ValueError, r"positives\[0\] must name a span once, got .* = \[0, 4, 5\] twice"),
    ],
)
def test_positives_are_checked(pointer, positives, error, message):
    head = pointer(D, T) if pointer is CRFTagger else pointer(D, T, 8)
    _, hidden, mask, *_ = case()
    with pytest.raises(error, match=message):
        head.loss(hidden, mask, torch.tensor(positives))


def test_positives_must_be_whole_numbers():
    head, hidden, mask, positives, _ = case()
    with pytest.raises(TypeError, match=r"positives must be an int64 tensor, got torch.float32"):
        head.loss(hidden, mask, positives.float())


# ---- the CRF ----


def test_tags_and_spans_go_there_and_back():
    sentences = [{Span(0, 0, 1), Span(1, 1, 1), Span(2, 4, 0)}, {Span(5, 5, 0)}, set()]
    tags = bio_tags(span_positives(sentences), 6)
    assert tags.tolist() == [[3, 3, 1, 2, 2, 0], [0, 0, 0, 0, 0, 1], [0] * 6]
    assert [bio_spans(row) for row in tags.tolist()] == sentences


def test_an_inside_tag_that_continues_nothing_begins_a_span():
    assert bio_spans([0, 2, 2, 4, 4, 1]) == {Span(1, 2, 0), Span(3, 4, 1), Span(5, 5, 0)}


def test_the_crf_s_loss_is_the_likelihood_summed_over_all_sequences():
    torch.manual_seed(0)
    head = CRFTagger(3, 1).double()
    hidden, mask = torch.randn(1, 3, 3, dtype=torch.float64), torch.ones(1, 3, dtype=torch.bool)
    emissions, chain = head.tags(hidden)[0], head.chain

    def score(tags):
        steps = sum(chain.transitions[a, b] for a, b in itertools.pairwise(tags))
        return (
            chain.start_transitions[tags[0]] + chain.end_transitions[tags[2]] + steps + emissions[range(3), tags].sum()
        )

    every = torch.stack([score(list(tags)) for tags in itertools.product(range(3), repeat=3)])
    loss = head.loss(hidden, mask, torch.tensor([[[0, 0, 1]]]))
    torch.testing.assert_close(loss[0], every.logsumexp(0) - score([1, 2, 0]))
    best = list(itertools.product(range(3), repeat=3))[int(every.argmax())]
    assert head.decode(hidden, mask)[0] == bio_spans(list(best))


def test_the_crf_refuses_overlapping_spans_by_name():
    _, hidden, mask, *_ = case()
    positives = span_positives([{Span(1, 4, 0), Span(4, 6, 1)}, set(), set()])
    with pytest.raises(OverlappingSpans, match=r"positives\[0\] must not overlap .* \(1, 4, 6\) meets another span"):
        CRFTagger(D, T).loss(hidden, mask, positives)


def test_the_crf_refuses_an_empty_sentence_and_a_nan():
    head, hidden, mask, *_ = case(pointer=lambda *a: CRFTagger(D, T), empty=True)
    with pytest.raises(ValueError, match="mask must be True from the first token"):
        head.decode(hidden, mask)
    with pytest.raises(ValueError, match="hidden must be finite, got NaN or infinity in sentence 0 at token 0"):
        head.decode(hidden.detach() * torch.nan, torch.ones_like(mask))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda h, m: (h[:1], m), ValueError, r"mask must have shape \(1, 20\) like hidden, got \(3, 20\)"),
        (lambda h, m: (h[0], m), ValueError, r"hidden must have shape \(B, L, 16\)"),
        (lambda h, m: (h, m.long()), TypeError, "mask must be a bool tensor"),
        (lambda h, m: (h.double(), m), TypeError, "hidden must be torch.float32 like the head's weights"),
    ],
)
def test_the_crf_checks_its_inputs_like_the_pointers(change, error, message):
    _, hidden, mask, _positives, _ = case()
    head = CRFTagger(D, T)
    for call in (head.decode, lambda h, m: head.loss(h, m, span_positives([set()] * len(h)))):
        with pytest.raises(error, match=message):
            call(*change(hidden, mask))


# ---- more of what is refused ----


def test_spans_that_would_be_lost_are_refused():
    with pytest.raises(ValueError, match=r"sentences\[1\] must hold spans of whole numbers ≥ 0, got Span"):
        span_positives([{Span(0, 1, 0)}, {Span(-1, -1, -1)}])
    with pytest.raises(ValueError, match="whole numbers ≥ 0"):
        span_positives([{Span(0.7, 1.2, 0)}])
    with pytest.raises(TypeError, match=r"sentences\[0\] must hold Span\(start, end, type\), got \(0, 1, 0\)"):
        span_positives([{(0, 1, 0)}])


@pytest.mark.parametrize("pointer", POINTERS)
def test_scores_that_overflow_are_not_taken_for_spans(pointer):
    head, hidden, mask, *_ = case(pointer=pointer)
    head, hidden = head.half(), (hidden.detach() * 4e3).half()
    with pytest.raises(ValueError, match=r"finite"):
        head.decode(hidden, mask)


@pytest.mark.parametrize("pointer", POINTERS)
def test_losses_of_half_precision_are_summed_in_float32(pointer):
    head, hidden, mask, positives, _ = case(pointer=pointer)
    assert head.half().loss(hidden.detach().half(), mask, positives).dtype == torch.float32


def test_rotation_asks_for_vectors_of_real_numbers():
    with pytest.raises(TypeError, match=r"vectors must be floating point, got torch\.int64"):
        rotate(torch.ones(3, 4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"vectors must have shape \(…, L, d\), got \(4,\)"):
        rotate(torch.ones(4))


@pytest.mark.parametrize("head", [*POINTERS, CRFTagger])
def test_true_is_no_number_of_types(head):
    with pytest.raises(ValueError, match="num_types must be a whole number ≥ 1, got True"):
        head(8, True)
