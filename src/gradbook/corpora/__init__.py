"""Annotated texts: entities, relations and events in sentences, read from files and from installed packages.

A record that can't be used is never dropped in silence: it is raised, or listed in the corpus's problems.
"""

from gradbook.corpora.byline_rule import silver_byline
from gradbook.corpora.bylines import CHECKED_BYLINES, byline_cut, byline_events, checked_bylines
from gradbook.corpora.cluener import read_cluener
from gradbook.corpora.corpus import BadRecord, Corpus, Problem
from gradbook.corpora.counts import NestedCount, count_crossing, count_nested, overlapping
from gradbook.corpora.cuts import Cut, msra_cut, nested_cut, random_cut
from gradbook.corpora.duee import duee_split, read_duee
from gradbook.corpora.duee_fin import read_duee_fin
from gradbook.corpora.duie import read_duie, read_predicates
from gradbook.corpora.entities import Entity, Sentence, crossing_pairs, overlapping_pairs
from gradbook.corpora.enumerated import DUEE_FIN_CHOICES, Choice, ChosenEvent, enumerated_roles, restore_enumerated
from gradbook.corpora.event_schemas import read_event_schema
from gradbook.corpora.event_texts import EventText
from gradbook.corpora.events import TRIGGER, Argument, Event, Node
from gradbook.corpora.expressible import expressible
from gradbook.corpora.inexpressible import Quadruple, inexpressible, inexpressible_quadruples
from gradbook.corpora.meetings import Agreement, load_meetings, meeting_agreement, meeting_cut, meeting_sentences
from gradbook.corpora.mention_counts import MentionCount, count_mentions
from gradbook.corpora.msra import frequent_places, load_msra, load_nested_msra
from gradbook.corpora.people_daily import Paragraph, TaggedWord, load_people_daily, read_word_tags
from gradbook.corpora.relations import Fact, Mention, RelationText, Triple
from gradbook.corpora.silver_relations import CHECKED, checked_facts, load_silver_relations, silver_cut
from gradbook.corpora.silver_rule import silver_facts
from gradbook.corpora.standoff import read_standoff, text_hash, write_standoff
from gradbook.corpora.tagged import read_tagged
from gradbook.corpora.triple_files import read_casrel, read_triple_objects

__all__ = [
    "CHECKED",
    "CHECKED_BYLINES",
    "DUEE_FIN_CHOICES",
    "TRIGGER",
    "Agreement",
    "Argument",
    "BadRecord",
    "Choice",
    "ChosenEvent",
    "Corpus",
    "Cut",
    "Entity",
    "Event",
    "EventText",
    "Fact",
    "Mention",
    "MentionCount",
    "NestedCount",
    "Node",
    "Paragraph",
    "Problem",
    "Quadruple",
    "RelationText",
    "Sentence",
    "TaggedWord",
    "Triple",
    "byline_cut",
    "byline_events",
    "checked_bylines",
    "checked_facts",
    "count_crossing",
    "count_mentions",
    "count_nested",
    "crossing_pairs",
    "duee_split",
    "enumerated_roles",
    "expressible",
    "frequent_places",
    "inexpressible",
    "inexpressible_quadruples",
    "load_meetings",
    "load_msra",
    "load_nested_msra",
    "load_people_daily",
    "load_silver_relations",
    "meeting_agreement",
    "meeting_cut",
    "meeting_sentences",
    "msra_cut",
    "nested_cut",
    "overlapping",
    "overlapping_pairs",
    "random_cut",
    "read_casrel",
    "read_cluener",
    "read_duee",
    "read_duee_fin",
    "read_duie",
    "read_event_schema",
    "read_predicates",
    "read_standoff",
    "read_tagged",
    "read_triple_objects",
    "read_word_tags",
    "restore_enumerated",
    "silver_byline",
    "silver_cut",
    "silver_facts",
    "text_hash",
    "write_standoff",
]
