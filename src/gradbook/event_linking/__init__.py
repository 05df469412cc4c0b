"""Chapter 6: events cut from a graph of arguments, as its complete subgraphs, and the links that the graph is made of.

Source: Su Jianlin, GPLinker:基于GlobalPointer的事件联合抽取, https://kexue.fm/archives/8926 (2022).
"""

from gradbook.event_linking.cliques import TooManySubgraphs, complete_subgraphs
from gradbook.event_linking.decoding import (
    Links,
    adjacency_from_links,
    decode_events,
    event_nodes,
    link_tables,
    node_adjacency,
    position_links,
)
from gradbook.event_linking.events import TRIGGER, Argument, Event, Node
from gradbook.event_linking.linker import EventLinker

__all__ = [
    "TRIGGER",
    "Argument",
    "Event",
    "EventLinker",
    "Links",
    "Node",
    "TooManySubgraphs",
    "adjacency_from_links",
    "complete_subgraphs",
    "decode_events",
    "event_nodes",
    "link_tables",
    "node_adjacency",
    "position_links",
]
