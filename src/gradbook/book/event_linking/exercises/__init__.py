"""The exercises of chapter 6: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.event_linking.exercises.calls import count_recursion, solve_calls
from gradbook.event_linking.exercises.cliques import list_cliques, solve_cliques
from gradbook.event_linking.exercises.given_back import solve_given_back, what_comes_back
from gradbook.event_linking.exercises.links import link_sets, solve_links
from gradbook.event_linking.exercises.overlap import role_overlap, solve_overlap

ALL = (link_sets, list_cliques, count_recursion, what_comes_back, role_overlap)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "count_recursion",
    "link_sets",
    "list_cliques",
    "role_overlap",
    "solve_calls",
    "solve_cliques",
    "solve_given_back",
    "solve_links",
    "solve_overlap",
    "what_comes_back",
]
