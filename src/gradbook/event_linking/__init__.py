"""Events cut from a graph of arguments: complete subgraphs, what they can hold, and how links are written down."""

from gradbook.corpora.enumerated import (
    DUEE_FIN_CHOICES,
    Choice,
    ChosenEvent,
    enumerated_roles,
    restore_enumerated,
)
from gradbook.corpora.events import TRIGGER, Argument, Event, Node
from gradbook.event_linking.ceiling import Ceiling, ceiling
from gradbook.event_linking.cliques import TooManySubgraphs, complete_subgraphs
from gradbook.event_linking.codings import coded_adjacency, recoded, table_count
from gradbook.event_linking.decoding import decode_events
from gradbook.event_linking.encoding import (
    Links,
    adjacency_from_links,
    event_nodes,
    link_tables,
    node_adjacency,
    position_links,
)
from gradbook.event_linking.identifiability import Obstacle, identifiable, obstacles
from gradbook.event_linking.scores import (
    OverlapScore,
    RoleArgument,
    argument_score,
    event_score,
    mention_f1,
    role_arguments,
)
from gradbook.event_linking.spurious import EXAMPLES, Spurious, spurious_events, spurious_kinds
from gradbook.event_linking.traces import Call, Tree, count_calls, recursion_tree

__all__ = [
    "DUEE_FIN_CHOICES",
    "EXAMPLES",
    "TRIGGER",
    "Argument",
    "Call",
    "Ceiling",
    "Choice",
    "ChosenEvent",
    "Event",
    "Links",
    "Node",
    "Obstacle",
    "OverlapScore",
    "RoleArgument",
    "Spurious",
    "TooManySubgraphs",
    "Tree",
    "adjacency_from_links",
    "argument_score",
    "ceiling",
    "coded_adjacency",
    "complete_subgraphs",
    "count_calls",
    "decode_events",
    "enumerated_roles",
    "event_nodes",
    "event_score",
    "identifiable",
    "link_tables",
    "mention_f1",
    "node_adjacency",
    "obstacles",
    "position_links",
    "recoded",
    "recursion_tree",
    "restore_enumerated",
    "role_arguments",
    "spurious_events",
    "spurious_kinds",
    "table_count",
]
