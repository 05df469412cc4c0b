"""The chapter's live pictures, one a file."""

from gradbook.book.event_linking.pictures.arcs import event_arcs
from gradbook.book.event_linking.pictures.calls import call_counts
from gradbook.book.event_linking.pictures.ceiling import ceiling_kinds
from gradbook.book.event_linking.pictures.graph import argument_graph
from gradbook.book.event_linking.pictures.noise import edge_noise
from gradbook.book.event_linking.pictures.searches import recursion

__all__ = ["argument_graph", "call_counts", "ceiling_kinds", "edge_noise", "event_arcs", "recursion"]
