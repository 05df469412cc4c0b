"""What the sets hold: how large they are, and how often a question of the chapter arises in them."""

from __future__ import annotations

from gradbook.corpora import Fact, RelationText, Triple
from gradbook.relation_linking.ambiguity import spurious
from gradbook.relation_linking.comparison.sets import RelationSet
from gradbook.relation_linking.encoding import Occurrence, located
from gradbook.relation_linking.relations import Relation


def set_counts(parts: RelationSet) -> dict[str, object]:
    """Return the counts of a set, all three parts together."""
    texts = [text for part in parts[:3] for text in part]
    triples = [triple for text in texts for triple in text.triples]
    return {
        "texts": [len(part) for part in parts[:3]],
        "triples": len(triples),
        "predicates": len({triple.predicate for triple in triples}),
        "mean length": round(sum(len(text.tokens) for text in texts) / len(texts), 1),
        "longest": max(len(text.tokens) for text in texts),
        "repeated mentions": sum(repeated(text, triple) for text in texts for triple in text.triples),
        "spurious": {rule: sum(len(unwanted(text, rule)) for text in texts) for rule in ("nearest", "first")},
        "backwards": sum(int(fact.object < fact.subject) for text in texts for fact in located(text)),
    }


def repeated(text: RelationText, triple: Triple) -> bool:
    """Return whether the triple's subject or object stands more than once in the text."""
    return max(len(text.mentions(triple.subject)), len(text.mentions(triple.object))) > 1


def unwanted(text: RelationText, occurrence: Occurrence = "nearest") -> frozenset[Triple]:
    """Return the triples that perfect scores for the text's annotation decode to beside it."""
    facts = located(text, occurrence)
    names = sorted({fact.predicate for fact in facts})
    more = spurious(Relation(f.subject, names.index(f.predicate), f.object) for f in facts)
    found = (text.triple(Fact(r.subject, names[r.predicate], r.object)) for r in more)
    return frozenset(found) - text.triples
