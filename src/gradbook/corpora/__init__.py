"""Annotated texts: sentences with named entities, read from files and from an installed package.

A record that can't be used is never dropped in silence: it is raised, or listed in the corpus's problems.
"""

from gradbook.corpora.cluener import read_cluener
from gradbook.corpora.corpus import BadRecord, Corpus, Problem
from gradbook.corpora.counts import NestedCount, count_crossing, count_nested, overlapping
from gradbook.corpora.cuts import Cut, msra_cut, nested_cut
from gradbook.corpora.entities import Entity, Sentence, crossing_pairs, overlapping_pairs
from gradbook.corpora.expressible import expressible
from gradbook.corpora.inexpressible import Quadruple, inexpressible, inexpressible_quadruples
from gradbook.corpora.msra import frequent_places, load_msra, load_nested_msra
from gradbook.corpora.tagged import read_tagged

__all__ = [
    "BadRecord",
    "Corpus",
    "Cut",
    "Entity",
    "NestedCount",
    "Problem",
    "Quadruple",
    "Sentence",
    "count_crossing",
    "count_nested",
    "crossing_pairs",
    "expressible",
    "frequent_places",
    "inexpressible",
    "inexpressible_quadruples",
    "load_msra",
    "load_nested_msra",
    "msra_cut",
    "nested_cut",
    "overlapping",
    "overlapping_pairs",
    "read_cluener",
    "read_tagged",
]
