"""Annotated texts: entities and relations in sentences, read from files and from installed packages.

A record that can't be used is never dropped in silence: it is raised, or listed in the corpus's problems.
"""

from gradbook.corpora.cluener import read_cluener
from gradbook.corpora.corpus import BadRecord, Corpus, Problem
from gradbook.corpora.counts import NestedCount, count_crossing, count_nested, overlapping
from gradbook.corpora.cuts import Cut, msra_cut, nested_cut, random_cut
from gradbook.corpora.duie import read_duie, read_predicates
from gradbook.corpora.entities import Entity, Sentence, crossing_pairs, overlapping_pairs
from gradbook.corpora.expressible import expressible
from gradbook.corpora.inexpressible import Quadruple, inexpressible, inexpressible_quadruples
from gradbook.corpora.mention_counts import MentionCount, count_mentions
from gradbook.corpora.msra import frequent_places, load_msra, load_nested_msra
from gradbook.corpora.people_daily import Paragraph, TaggedWord, load_people_daily, read_word_tags
from gradbook.corpora.relations import Fact, Mention, RelationText, Triple
from gradbook.corpora.silver_relations import CHECKED, checked_facts, load_silver_relations, silver_cut
from gradbook.corpora.silver_rule import silver_facts
from gradbook.corpora.tagged import read_tagged
from gradbook.corpora.triple_files import read_casrel, read_triple_objects

__all__ = [
    "CHECKED",
    "BadRecord",
    "Corpus",
    "Cut",
    "Entity",
    "Fact",
    "Mention",
    "MentionCount",
    "NestedCount",
    "Paragraph",
    "Problem",
    "Quadruple",
    "RelationText",
    "Sentence",
    "TaggedWord",
    "Triple",
    "checked_facts",
    "count_crossing",
    "count_mentions",
    "count_nested",
    "crossing_pairs",
    "expressible",
    "frequent_places",
    "inexpressible",
    "inexpressible_quadruples",
    "load_msra",
    "load_nested_msra",
    "load_people_daily",
    "load_silver_relations",
    "msra_cut",
    "nested_cut",
    "overlapping",
    "overlapping_pairs",
    "random_cut",
    "read_casrel",
    "read_cluener",
    "read_duie",
    "read_predicates",
    "read_tagged",
    "read_triple_objects",
    "read_word_tags",
    "silver_cut",
    "silver_facts",
]
