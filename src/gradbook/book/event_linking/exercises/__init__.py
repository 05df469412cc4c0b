"""The exercises of chapter 6: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.event_linking.exercises.cliques import list_cliques
from gradbook.book.event_linking.exercises.events import link_sets, role_overlap
from gradbook.book.event_linking.exercises.graphs import count_recursion, what_comes_back

ALL = (link_sets, list_cliques, count_recursion, what_comes_back, role_overlap)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "count_recursion",
    "link_sets",
    "list_cliques",
    "role_overlap",
    "what_comes_back",
]
