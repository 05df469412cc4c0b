"""Events as complete subgraphs: the searches, what graphs can hold, what links by position add, and the scores."""

import json
import os
import random
from itertools import chain, combinations, pairwise, product
from math import factorial
from pathlib import Path

import pytest
import torch

from gradbook import event_linking
from gradbook.book.event_linking.ceiling import (
    EXAMPLES,
    ceiling,
    coded_adjacency,
    obstacles,
    recoded,
    spurious_events,
    spurious_kinds,
)
from gradbook.book.event_linking.sets import (
    DUEE_FIN_CHOICES,
    ChosenEvent,
    ListedValue,
    enumerated_roles,
    restore_enumerated,
)
from gradbook.book.event_linking.traces import count_calls, recursion_tree
from gradbook.event_linking import (
    TRIGGER,
    Argument,
    Event,
    Links,
    Node,
    TooManySubgraphs,
    adjacency_from_links,
    complete_subgraphs,
    decode_events,
    event_nodes,
    link_tables,
    node_adjacency,
    position_links,
)
from gradbook.extraction.f1 import RoleArgument, argument_score, event_score, mention_f1, role_arguments

pytestmark = pytest.mark.numeric

DATA = Path(os.environ.get("GRADBOOK_DATA", Path(__file__).parents[2] / "shared" / "data")) / "duee"
needs_duee = pytest.mark.skipif(not DATA.is_dir(), reason=f"no DuEE in {DATA.parent}")


def random_graph(seed, most=14):
    chance = random.Random(seed)
    n, p = chance.randint(1, most), chance.random()
    upper = torch.tensor([[i < j and chance.random() < p for j in range(n)] for i in range(n)])
    return upper | upper.T


def parted(n, size):
    """All nodes adjacent but those of one part: parts of 2 make the cocktail party, of 3 Moon and Moser's graph."""
    parts = torch.arange(n) // size
    return parts.unsqueeze(0) != parts.unsqueeze(1)


def graph(n, *edges):
    adjacency = torch.zeros(n, n, dtype=torch.bool)
    for i, j in edges:
        adjacency[i, j] = adjacency[j, i] = True
    return adjacency


def by_definition(adjacency):
    """Every maximal clique by trying every set of nodes."""
    n = len(adjacency)
    sets = [frozenset(s) for size in range(1, n + 1) for s in combinations(range(n), size)]
    complete = [s for s in sets if all(adjacency[i, j] for i, j in combinations(s, 2))]
    return {s for s in complete if not any(s < other for other in complete)}


def event(kind, *arguments):
    return Event(kind, frozenset(Argument(*argument) for argument in arguments))


def random_events(seed, types=2):
    """A few events over a few short spans."""
    chance = random.Random(seed)
    places = [(start, start + chance.randint(0, 2), chance.choice("abc")) for start in range(5) for _ in range(2)]
    return [
        event(str(chance.randrange(types)), *chance.sample(places, chance.randint(1, 4)))
        for _ in range(chance.randint(1, 4))
    ]


# ---- the searches ----


def test_both_searches_find_exactly_the_maximal_cliques():
    for seed in range(60):
        adjacency = random_graph(seed, most=8)
        expected = by_definition(adjacency)
        assert complete_subgraphs(adjacency) == expected
        assert complete_subgraphs(adjacency, "recursive") == expected


@pytest.mark.once
def test_searches_agree_with_networkx_on_300_random_graphs():
    networkx = pytest.importorskip("networkx", reason="networkx comes with torch")
    for seed in range(300):
        adjacency = random_graph(seed, most=20)
        expected = set(map(frozenset, networkx.find_cliques(networkx.from_numpy_array(adjacency.numpy()))))
        assert complete_subgraphs(adjacency) == expected
        if count_calls(adjacency, "recursive", most=2000) < 2000:
            assert complete_subgraphs(adjacency, "recursive", limit=1000) == expected


@pytest.mark.parametrize("n", [63, 64, 65, 130])
def test_graphs_of_more_nodes_than_a_machine_word_has_bits(n):
    networkx = pytest.importorskip("networkx", reason="networkx comes with torch")
    upper = torch.triu(torch.rand(n, n, generator=torch.Generator().manual_seed(n)) < 0.2, 1)
    adjacency = upper | upper.T
    expected = set(map(frozenset, networkx.find_cliques(networkx.from_numpy_array(adjacency.numpy()))))
    assert complete_subgraphs(adjacency) == expected


def test_simple_graphs():
    for method in ("pivot", "recursive"):
        assert complete_subgraphs(torch.zeros(0, 0, dtype=torch.bool), method) == set()
        assert complete_subgraphs(graph(1), method) == {frozenset({0})}
        assert complete_subgraphs(graph(3), method) == {frozenset({i}) for i in range(3)}
        assert complete_subgraphs(graph(3, (0, 1)), method) == {frozenset({0, 1}), frozenset({2})}
        assert complete_subgraphs(graph(3, (0, 1), (1, 2)), method) == {frozenset({0, 1}), frozenset({1, 2})}
        assert complete_subgraphs(torch.ones(4, 4, dtype=torch.bool), method) == {frozenset(range(4))}
    assert complete_subgraphs(torch.ones(2000, 2000, dtype=torch.bool)) == {frozenset(range(2000))}


def test_the_diagonal_and_the_memory_layout_play_no_part():
    for seed in range(30):
        adjacency = random_graph(seed)
        expected = complete_subgraphs(adjacency)
        noisy = adjacency.clone()
        noisy.diagonal()[::2] = True
        assert complete_subgraphs(noisy) == expected
        strided = torch.zeros(2 * len(adjacency), 2 * len(adjacency), dtype=torch.bool)[::2, ::2]
        assert complete_subgraphs(strided.copy_(adjacency)) == expected


def test_renumbered_nodes_give_renumbered_cliques():
    for seed in range(50):
        adjacency = random_graph(seed)
        order = torch.randperm(len(adjacency), generator=torch.Generator().manual_seed(seed))
        renumbered = {
            frozenset(int(order[i]) for i in clique) for clique in complete_subgraphs(adjacency[order][:, order])
        }
        assert renumbered == complete_subgraphs(adjacency)


def test_twins_never_part():
    for seed in range(50):
        small = random_graph(seed, most=7)
        groups = [[3 * i + k for k in range(1 + i % 3)] for i in range(len(small))]
        nodes = sorted(chain(*groups))
        owner = {node: i for i, group in enumerate(groups) for node in group}
        large = graph(len(nodes))
        for (a, first), (b, second) in combinations(enumerate(nodes), 2):
            i, j = owner[first], owner[second]
            large[a, b] = large[b, a] = bool(small[i, j]) if i != j else True
        expected = {
            frozenset(nodes.index(v) for i in clique for v in groups[i]) for clique in complete_subgraphs(small)
        }
        assert complete_subgraphs(large) == expected


@pytest.mark.parametrize("n", [3, 6, 9, 12])
def test_moon_and_moser_have_the_most_cliques(n):
    adjacency = parted(n, 3)
    assert len(complete_subgraphs(adjacency)) == 3 ** (n // 3)
    assert complete_subgraphs(adjacency, limit=3 ** (n // 3)) == complete_subgraphs(adjacency)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_calls_on_the_cocktail_party(k):
    adjacency = parted(2 * k, 2)
    assert len(complete_subgraphs(adjacency)) == 2**k
    calls = 1
    for pairs in range(1, k + 1):
        calls = 1 + 2 * pairs * calls
    assert count_calls(adjacency, "recursive") == calls
    assert calls >= 2**k * factorial(k)
    assert count_calls(adjacency, "memory") == 3**k
    assert count_calls(adjacency, "pivot") == 2 ** (k + 1) - 1


def test_calls_are_capped():
    party = parted(16, 2)
    assert count_calls(party, "recursive", most=500) == 500
    assert count_calls(party, "pivot", most=7) == 7
    assert count_calls(graph(0), "recursive") == count_calls(graph(0), "pivot") == 0
    with pytest.raises(ValueError, match="method must be 'recursive', 'memory' or 'pivot', got 'x'"):
        count_calls(party, "x")
    with pytest.raises(ValueError, match="most must be a whole number ≥ 1, got 0"):
        count_calls(party, most=0)


@pytest.mark.once
@pytest.mark.parametrize("method", ["pivot", "recursive"])
def test_a_limit_bounds_the_cliques(method):
    party = parted(6, 2)
    assert len(complete_subgraphs(party, method, limit=8)) == 8
    with pytest.raises(TooManySubgraphs, match="6 nodes has more than 7 maximal"):
        complete_subgraphs(party, method, limit=7)
    with pytest.raises(TooManySubgraphs, match="60 nodes"):
        complete_subgraphs(parted(60, 3), method, limit=100)
    assert issubclass(TooManySubgraphs, ValueError)


@pytest.mark.once
def test_a_limit_bounds_the_recursion_where_it_finds_the_same_over_and_over():
    party = parted(14, 2)  # 128 cliques in a million calls
    with pytest.raises(TooManySubgraphs, match=r"recursive search made 228,000 calls on 14 nodes, limit 128"):
        complete_subgraphs(party, "recursive", limit=128)


@pytest.mark.parametrize("limit", [0, -1, 2.0, True, "3"])
def test_bad_limits_are_refused(limit):
    with pytest.raises(ValueError, match="limit must be None or a whole number ≥ 1, got"):
        complete_subgraphs(graph(2), limit=limit)


@pytest.mark.parametrize(
    ("adjacency", "error", "message"),
    [
        (graph(2).numpy(), TypeError, "adjacency must be a bool tensor, got ndarray"),
        (graph(2).float(), TypeError, r"adjacency must be a bool tensor, got torch\.float32"),
        (graph(3)[:2], ValueError, r"adjacency must have shape \(n, n\), got \(2, 3\)"),
        (graph(3)[0], ValueError, r"adjacency must have shape \(n, n\), got \(3,\)"),
        (torch.triu(parted(4, 2)), ValueError, r"must be symmetric, got True at \(0, 2\) and not at \(2, 0\)"),
        (torch.tril(parted(4, 2)), ValueError, r"must be symmetric, got False at \(0, 2\) and not at \(2, 0\)"),
    ],
)
def test_bad_adjacencies_are_refused(adjacency, error, message):
    for method in ("pivot", "recursive"):
        with pytest.raises(error, match=message):
            complete_subgraphs(adjacency, method)


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match="method must be 'pivot' or 'recursive', got 'fast'"):
        complete_subgraphs(graph(2), "fast")


# ---- the searches, drawn ----


def test_trees_lead_from_each_call_to_its_children():
    for seed, method in product(range(30), ("recursive", "pivot")):
        adjacency = random_graph(seed, most=7)
        tree = recursion_tree(adjacency, method, most=100_000)
        assert tree.complete
        assert len(tree.calls) == count_calls(adjacency, method)
        found = [call.found for call in tree.calls if call.found is not None]
        assert set(found) == complete_subgraphs(adjacency)
        if method == "pivot":
            assert len(found) == len(set(found))
        for number, call in enumerate(tree.calls):
            assert call.children == tuple(n for n, other in enumerate(tree.calls) if other.parent == number)
            for child in (tree.calls[n] for n in call.children):
                assert child.nodes < call.nodes
                assert child.by in (child.pair if method == "recursive" else child.clique)


def test_the_article_splits_at_every_pair():
    tree = recursion_tree(graph(3, (0, 1), (1, 2)))
    first, *rest = tree.calls
    assert first.nodes == {0, 1, 2}
    assert first.found is None
    assert first.children == (1, 2)
    assert [(call.pair, call.by, call.found) for call in rest] == [((0, 2), 0, {0, 1}), ((0, 2), 2, {1, 2})]


def test_a_tree_is_cut_at_most():
    tree = recursion_tree(parted(12, 2), most=50)
    assert len(tree.calls) == 50
    assert not tree.complete
    assert all(child < 50 for call in tree.calls for child in call.children)
    assert recursion_tree(graph(0)).calls == ()
    with pytest.raises(ValueError, match="method must be 'recursive' or 'pivot', got 'memory'"):
        recursion_tree(graph(1), "memory")


# ---- events ----


def test_events_are_hashable_ordered_and_know_their_triggers():
    first = event("a", (0, 1, TRIGGER), (3, 4, "who"))
    second = event("a", (0, 1, TRIGGER), (2, 2, "who"), (5, 5, "who"))
    assert len({first, event("a", (3, 4, "who"), (0, 1, TRIGGER))}) == 1
    assert sorted([first, event("b", (0, 0, "x")), second, event(3, (9, 9, 1))]) == [
        event(3, (9, 9, 1)), second, first, event("b", (0, 0, "x")),
    ]  # fmt: skip
    assert first.triggers == (Argument(0, 1, TRIGGER),)
    assert first.nodes == {Node(0, 1, "a", TRIGGER), Node(3, 4, "a", "who")}


@pytest.mark.parametrize(
    ("kind", "arguments", "error", "message"),
    [
        ("a", frozenset(), ValueError, "at least one argument, got none for type 'a'"),
        ("a", [Argument(0, 0, "x")], TypeError, "arguments must be a frozenset, got list"),
        ("a", frozenset({(0, 0, "x")}), TypeError, r"must hold Argument\(start, end, role\), got \(0, 0, 'x'\)"),
        ("", frozenset({Argument(0, 0, "x")}), ValueError, "type must not be empty"),
        (None, frozenset({Argument(0, 0, "x")}), TypeError, "type must be a str or an int, got None"),
        ("a", frozenset({Argument(0, 0, 1.0)}), TypeError, r"role must be a str or an int, got 1\.0"),
        ("a", frozenset({Argument(2, 1, "x")}), ValueError, "0 ≤ start ≤ end, got Argument"),
        ("a", frozenset({Argument(-1, 1, "x")}), ValueError, "0 ≤ start ≤ end"),
        ("a", frozenset({Argument(0.0, 1, "x")}), TypeError, "whole numbers"),
    ],
)
def test_events_refuse_what_cannot_be(kind, arguments, error, message):
    with pytest.raises(error, match=message):
        Event(kind, arguments)


def test_events_are_the_cliques_of_each_type():
    nodes = [Node(0, 0, "a", "x"), Node(1, 1, "a", "y"), Node(2, 2, "b", "x"), Node(3, 3, "a", "z")]
    everything = torch.ones(4, 4, dtype=torch.bool)
    both = [event("a", (0, 0, "x"), (1, 1, "y"), (3, 3, "z")), event("b", (2, 2, "x"))]
    assert decode_events(nodes, everything) == both
    assert decode_events([tuple(node) for node in nodes], everything) == both
    # Cutting one edge splits an event in two that share the rest; a node with no links is an event by itself.
    everything[0, 1] = everything[1, 0] = False
    split = [event("a", (0, 0, "x"), (3, 3, "z")), event("a", (1, 1, "y"), (3, 3, "z")), both[1]]
    assert decode_events(nodes, everything) == split
    assert len(decode_events(nodes, graph(4))) == 4
    assert decode_events([], graph(0)) == []


def test_decoding_is_as_a_search_in_every_type_alone():
    for seed in range(60):
        chance = random.Random(seed)
        adjacency = random_graph(seed)
        nodes = [Node(i, i + 1, chance.randrange(3), chance.choice("ab")) for i in range(len(adjacency))]
        expected = set()
        for kind in range(3):
            places = [i for i, node in enumerate(nodes) if node.type == kind]
            for clique in complete_subgraphs(adjacency[places][:, places]):
                expected.add(event(kind, *((places[i], places[i] + 1, nodes[places[i]].role) for i in clique)))
        found = decode_events(nodes, adjacency)
        assert found == sorted(expected)
        with pytest.raises(TooManySubgraphs) if len(found) > 1 else pytest.raises(ValueError, match="limit"):
            decode_events(nodes, adjacency, limit=1 if len(found) > 1 else 0)


@pytest.mark.parametrize(
    ("nodes", "error", "message"),
    [
        ([Node(0, 0, "a", "x")], ValueError, r"adjacency must have shape \(1, 1\), got \(2, 2\)"),
        ([Node(0, 0, "a", "x")] * 2, ValueError, r"must name each node once, got Node\(start=0.*twice"),
        ([Node(0, 0, "a", "x"), (1, 1, "a")], TypeError, r"arguments\[1\] must be Node\(start, end, type, role\)"),
        ([Node(0, 0, "a", "x"), Node(2, 1, "a", "x")], ValueError, "0 ≤ start ≤ end"),
        ([Node(0, 0, "a", "x"), Node(0, 0, "a", "")], ValueError, "role must not be empty"),
    ],
)
def test_bad_nodes_are_refused(nodes, error, message):
    with pytest.raises(error, match=message):
        decode_events(nodes, graph(2))


# ---- what a graph can hold ----


@pytest.mark.once
def test_events_come_back_exactly_if_there_is_no_obstacle():
    """Every family of sets of at most three of four nodes."""
    places = [(i, i, "x") for i in range(4)]
    sets = [s for size in (1, 2, 3) for s in combinations(places, size)]
    chance = random.Random(0)
    families = [f for size in (1, 2, 3) for f in combinations(sets, size)]
    families += [chance.sample(sets, chance.randint(4, 8)) for _ in range(300)]
    counts = {True: 0, False: 0}
    for family in families:
        events = [event("a", *arguments) for arguments in family]
        back = decode_events(event_nodes(events), node_adjacency(events))
        free = not obstacles(events)
        assert free == (set(back) == set(events))
        antichain = not any(set(a) < set(b) for a in family for b in family)
        assert free == (antichain and conformal(family))
        counts[free] += 1
    assert min(counts.values()) > 100


def conformal(family):
    """Gilmore's test: for each three sets, the nodes that are in two of them lie in one."""
    sets = [set(s) for s in family]
    triples = product(sets, repeat=3)
    return all(any((a & b) | (b & c) | (c & a) <= s for s in sets) for a, b, c in triples)


def test_obstacles_are_named():
    small, large = event("a", (0, 0, "x")), event("a", (0, 0, "x"), (1, 1, "y"))
    assert obstacles([small, large]) == [("subset", small, large)]
    assert obstacles([large, large]) == [("repeated", large, None)]
    assert obstacles([event("b", (0, 0, "x")), large]) == []
    x, y, z = (0, 0, "x"), (1, 1, "y"), (2, 2, "z")
    triangle = [event("a", x, y), event("a", y, z), event("a", x, z)]
    assert obstacles(triangle) == [("merged", event("a", x, y, z), None)]
    assert obstacles([]) == []


# ---- how links are written ----


def test_links_put_the_smaller_first():
    assert position_links([event("a", (5, 6, "x"), (0, 9, "y"))]) == Links(frozenset({(0, 5)}), frozenset({(6, 9)}))
    assert position_links([event("a", (5, 6, "x"), (5, 6, "y"))]) == Links(frozenset({(5, 5)}), frozenset({(6, 6)}))
    assert position_links([event("a", (5, 6, "x"))]) == Links(frozenset(), frozenset())


def test_positions_read_back_are_one_of_the_codings():
    for seed in range(60):
        events = random_events(seed)
        nodes = event_nodes(events)
        assert nodes == sorted(set(nodes))
        heads, tails = link_tables(position_links(events), 8)
        assert not torch.tril(heads, -1).any()
        read = adjacency_from_links(nodes, heads, tails)
        assert torch.equal(read, coded_adjacency(events, "positions"))
        assert torch.equal(read, read.T)
        below = torch.tril(torch.ones(8, 8, dtype=torch.bool), -1)
        assert torch.equal(adjacency_from_links(nodes, heads | below, tails | below), read)


def test_finer_codings_have_fewer_edges_and_none_loses_one():
    more = {"types": 0, "roles": 0}
    for seed in range(100):
        events = random_events(seed)
        edges = [coded_adjacency(events, coding) for coding in ("nodes", "roles", "types", "positions")]
        for fine, coarse in pairwise(edges):
            assert not (fine & ~coarse).any()
        assert torch.equal(edges[0], node_adjacency(events))
        # Links across types are never read, so only edges inside a type count.
        types = [node.type for node in event_nodes(events)]
        inside = torch.tensor([[a == b for b in types] for a in types])
        more["types"] += bool(((edges[3] & ~edges[2]) & inside).any())
        more["roles"] += bool((edges[2] & ~edges[1]).any())
    assert min(more.values()) > 0


def test_an_unknown_coding_is_refused():
    events = [event("a", (0, 0, "x"), (1, 1, "y"))]
    for call in (coded_adjacency, recoded):
        with pytest.raises(ValueError, match="coding must be one of nodes, positions, types, roles, got 'x'"):
            call(events, "x")


def test_bad_links_are_refused():
    nodes, table = [Node(0, 2, "a", "x")], torch.zeros(3, 3, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"heads must hold pairs 0 ≤ first ≤ second < 2, got \(0, 2\)"):
        link_tables(Links(frozenset({(0, 2)}), frozenset()), 2)
    with pytest.raises(ValueError, match=r"tails must hold pairs .* got \(2, 0\)"):
        link_tables(Links(frozenset(), frozenset({(2, 0)})), 3)
    with pytest.raises(TypeError, match=r"heads must be a bool tensor, got torch\.float32"):
        adjacency_from_links(nodes, table.float(), table)
    with pytest.raises(ValueError, match=r"one shape \(L, L\), got tails \(2, 2\)"):
        adjacency_from_links(nodes, table, table[:2, :2])
    with pytest.raises(ValueError, match="must lie inside 2 tokens, got Node"):
        adjacency_from_links(nodes, table[:2, :2], table[:2, :2])
    assert adjacency_from_links([], table, table).shape == (0, 0)


# ---- spurious events ----


@pytest.mark.parametrize("kind", EXAMPLES)
def test_each_reason_has_its_example(kind):
    assert spurious_kinds(EXAMPLES[kind]) == {kind: 1}
    cured = {"role": "roles", "type": "types"}.get(kind)
    if cured:
        assert not spurious_kinds(EXAMPLES[kind], cured)
        assert recoded(EXAMPLES[kind], cured) == sorted(EXAMPLES[kind])
    assert bool(obstacles(EXAMPLES[kind])) == (kind == "merged")


@pytest.mark.once
def test_spurious_events_are_explained_by_their_false_edges():
    kinds = set()
    for seed in range(300):
        events = random_events(seed)
        found = spurious_events(events)
        assert {s.event for s in found} == set(recoded(events)) - set(events)
        for s in found:
            for edge in s.edges:
                assert set(edge) <= s.event.nodes
                assert not any(set(edge) <= other.nodes for other in events)
            assert bool(s.edges) == (s.kinds != {"merged"})
            kinds |= s.kinds
        assert not any("type" in s.kinds for s in spurious_events(events, "types"))
        assert not any("type" in s.kinds for s in spurious_events(events, "roles"))
        assert not any(s.edges for s in spurious_events(events, "nodes"))
    assert kinds == set(EXAMPLES)


def test_the_ceiling_counts_what_is_lost_and_what_is_added():
    texts = [list(EXAMPLES["merged"]), list(EXAMPLES["role"]), [event("a", (0, 0, "x"))] * 2, []]
    nodes = ceiling(texts)
    assert (nodes.texts, nodes.changed, nodes.events, nodes.lost, nodes.spurious) == (4, 1, 6, 3, 1)
    assert nodes.obstacles == {"merged": 1, "repeated": 1}
    assert nodes.reasons == {"merged": 1}
    assert nodes.score == event_score([recoded(t, "nodes") for t in texts], texts)
    positions = ceiling(texts, "positions")
    assert (positions.changed, positions.lost, positions.spurious) == (2, 4, 2)
    assert positions.reasons == {"merged": 1, "role": 1}


def duee():
    """The events of each text of both files."""
    for file in ("sample_data.json", "dev.json"):
        for line in (DATA / file).read_text("utf-8").splitlines():
            yield [
                event(
                    found["event_type"],
                    span(found["trigger_start_index"], found["trigger"], TRIGGER),
                    *(span(a["argument_start_index"], a["argument"], a["role"]) for a in found["arguments"]),
                )
                for found in json.loads(line)["event_list"]
            ]


def span(start, surface, role):
    return start, start + len(surface) - 1, role


@needs_duee
def test_in_real_annotation_only_the_coding_by_position_adds_events():
    texts = list(duee())
    nodes, positions = ceiling(texts), ceiling(texts, "positions")
    assert (nodes.texts, nodes.events, nodes.lost, nodes.spurious) == (1998, 2369, 0, 0)
    assert nodes.obstacles == {"repeated": 1}
    assert (positions.changed, positions.lost, positions.spurious) == (14, 0, 36)
    assert positions.reasons == {"role": 35, "type": 1}
    assert (ceiling(texts, "types").spurious, ceiling(texts, "roles").spurious) == (35, 0)


# ---- roles from a list ----


def test_enumerated_roles_come_back():
    plain = ChosenEvent(event("上市", (0, 1, TRIGGER), (3, 5, "公司")))
    chosen = [plain._replace(choices=frozenset({ListedValue("环节", v)})) for v in DUEE_FIN_CHOICES["环节"]]
    coded = enumerated_roles([plain, *chosen], DUEE_FIN_CHOICES)
    assert coded[0] == plain.event
    assert Argument(0, 1, "环节=暂停上市") in coded[2].arguments  # stage = suspended
    assert len(set(coded)) == 5
    assert restore_enumerated(coded, DUEE_FIN_CHOICES) == [plain, *chosen]


def test_a_choice_without_a_trigger_makes_one():
    alone = event("上市", (4, 5, "环节=正式上市"))
    restored = restore_enumerated([alone], DUEE_FIN_CHOICES)
    assert restored == [(event("上市", (4, 5, TRIGGER)), {ListedValue("环节", "正式上市")})]


def test_bad_choices_are_refused():
    plain = event("listing", (0, 1, TRIGGER))
    choices = {"stage": ("begun", "ended")}
    with pytest.raises(ValueError, match="stage must be one of begun, ended, got 'sold'"):
        enumerated_roles([ChosenEvent(plain, frozenset({ListedValue("stage", "sold")}))], choices)
    with pytest.raises(ValueError, match="role must be one of stage, got 'price'"):
        enumerated_roles([ChosenEvent(plain, frozenset({ListedValue("price", "begun")}))], choices)
    with pytest.raises(ValueError, match="must have one trigger, got 0 in"):
        enumerated_roles([ChosenEvent(event("a", (0, 0, "x")), frozenset({ListedValue("stage", "begun")}))], choices)
    with pytest.raises(ValueError, match="already, got Argument"):
        enumerated_roles([ChosenEvent(event("a", (0, 0, "stage=begun")))], choices)
    with pytest.raises(ValueError, match="stage must be one of begun, ended, got 'sold'"):
        restore_enumerated([event("a", (0, 0, "stage=sold"))], choices)
    other = event("a", (0, 0, "a=b"))
    assert restore_enumerated([other], choices) == [(other, frozenset())]


# ---- scores ----


def test_an_event_counts_only_if_all_of_it_is_right():
    gold = [[event("a", (0, 0, TRIGGER), (1, 2, "x")), event("b", (5, 5, TRIGGER))], []]
    assert event_score(gold, gold) == (2, 2, 2)
    wrong = [[event("a", (0, 0, TRIGGER), (1, 3, "x")), event("b", (5, 5, TRIGGER))], [event("a", (0, 0, TRIGGER))]]
    assert event_score(wrong, gold) == (1, 3, 2)
    assert event_score(wrong, gold).f1 == pytest.approx(0.4)
    with pytest.raises(ValueError, match="as many texts, got 1 and 2"):
        event_score(gold[:1], gold)


def test_mentions_are_compared_by_characters():
    assert mention_f1("abc", "abc") == 1.0
    assert mention_f1("ABC", "abc") == 1.0
    assert mention_f1("ab", "abcd") == pytest.approx(2 * 1.0 * 0.5 / 1.5)  # precision 1, recall ½
    assert mention_f1("aab", "abb") == pytest.approx(2 / 3)
    assert mention_f1("x", "abc") == mention_f1("", "abc") == mention_f1("", "") == 0.0


def test_arguments_score_by_type_role_and_characters():
    gold = [[RoleArgument("a", "x", "abcd", frozenset({"wxyz"})), RoleArgument("a", "y", "ef")]]
    found = [[RoleArgument("a", "x", "ab"), RoleArgument("a", "y", "ef"), RoleArgument("b", "y", "ef")]]
    score = argument_score(found, gold)
    assert score == (pytest.approx(5 / 3), 3, 2)
    assert score.precision == pytest.approx(5 / 9)
    assert score.recall == pytest.approx(5 / 6)
    assert score.f1 == pytest.approx(2 * (5 / 9) * (5 / 6) / (5 / 9 + 5 / 6))
    assert argument_score([[RoleArgument("a", "x", "wxyz")]], gold).overlap == 1.0
    assert argument_score([[RoleArgument("a", "z", "ef")], gold[0]], [gold[0], []]).f1 == 0.0
    assert argument_score([[]], [[]]).f1 == argument_score([], []).f1 == 0.0


def test_the_published_measure_lets_predictions_share_an_argument():
    gold, found = [[RoleArgument("a", "x", "abcd")]], [[RoleArgument("a", "x", "abc"), RoleArgument("a", "x", "bcd")]]
    assert argument_score(found, gold).recall > 1
    assert argument_score(found, gold, "once").overlap == pytest.approx(6 / 7)
    with pytest.raises(ValueError, match="matching must be 'best' or 'once', got 'all'"):
        argument_score(found, gold, "all")
    with pytest.raises(ValueError, match="as many texts, got 0 and 1"):
        argument_score([], gold)


def test_once_never_scores_more_than_best_and_stays_below_one():
    for seed in range(100):
        chance = random.Random(seed)
        sides = [
            [
                RoleArgument("a", chance.choice("xy"), "".join(chance.choices("abc", k=3)))
                for _ in range(chance.randint(1, 5))
            ]
            for _ in range(2)
        ]
        best, once = (argument_score(sides[:1], sides[1:], matching) for matching in ("best", "once"))
        assert once.overlap <= best.overlap + 1e-12
        assert 0 <= once.f1 <= 1 + 1e-12
        assert argument_score(sides[:1], sides[:1], "once").f1 == pytest.approx(1)


def test_arguments_are_taken_by_their_words():
    events = [event("a", (0, 0, TRIGGER), (1, 2, "x")), event("a", (3, 3, TRIGGER), (4, 5, "x"))]
    assert role_arguments("tabtab", events) == {RoleArgument("a", "x", "ab")}
    with pytest.raises(ValueError, match="inside 3 characters, got end 5"):
        role_arguments("tab", events)


def test_the_package_names_what_it_offers():
    assert set(event_linking.__all__) <= set(dir(event_linking))


def test_things_that_are_no_events_arguments_links_or_tables():
    with pytest.raises(TypeError, match="Event objects, got 'a'"):
        event_score(["ab"], ["ab"])
    with pytest.raises(TypeError, match="RoleArgument objects, got"):
        argument_score([[("t", "r", "a")]], [[]])
    with pytest.raises(TypeError, match=r"links must be Links\(heads, tails\), got tuple"):
        link_tables((set(), set()), 3)
    with pytest.raises(ValueError, match="length must be a whole number ≥ 1, got -1"):
        link_tables(position_links([]), -1)
    with pytest.raises(TypeError, match="adjacency must be a dense tensor"):
        complete_subgraphs(torch.zeros(2, 2, dtype=torch.bool).to_sparse())
