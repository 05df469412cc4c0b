"""The exercises of chapter 5: their checkers, solutions, and the mistakes that have a hint of their own."""

from gradbook.book.relation_linking.exercises.counts import (
    count_candidates,
    solve_candidates,
    solve_pairs,
    triples_to_pairs,
)
from gradbook.book.relation_linking.exercises.joining import join_pairs, solve_joined, solve_unwanted, unwanted_triples
from gradbook.book.relation_linking.exercises.negatives import negative_part, solve_negative_part

ALL = (count_candidates, triples_to_pairs, join_pairs, negative_part, unwanted_triples)
"""The chapter's exercises in order."""

__all__ = [
    "ALL",
    "count_candidates",
    "join_pairs",
    "negative_part",
    "solve_candidates",
    "solve_joined",
    "solve_negative_part",
    "solve_pairs",
    "solve_unwanted",
    "triples_to_pairs",
    "unwanted_triples",
]
