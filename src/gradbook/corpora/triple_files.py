"""Files that are one JSON array of texts with triples, in two layouts."""

from __future__ import annotations

import os

from gradbook.corpora.corpus import Bad, Corpus, check_bad
from gradbook.corpora.json_records import json_array
from gradbook.corpora.lines import excerpt
from gradbook.corpora.relation_records import Found, as_triple, list_of, relation_corpus
from gradbook.corpora.relations import RelationText


def read_casrel(path: str | os.PathLike[str], bad: Bad = "raise", words: bool = True) -> Corpus[RelationText]:
    """Read a UTF-8 file [{"text": …, "triple_list": [[subject, predicate, object], …]}, …].

    Wei et al., CasRel (ACL 2020, arXiv 1909.03227) gave WebNLG and NYT this layout; of names, their starred variants
    WebNLG* and NYT* keep the last word only. ``words``: tokens are what stands between single spaces, as there; else
    they are characters. Other keys are ignored.

    Problems: what isn't a JSON array, an entry that isn't an object, a key that stands twice in one, no text, an empty
    word, no list of triples of three strings that aren't empty, a mention that isn't a run of whole tokens of its
    text, a triple that is named twice. With ``bad="raise"`` they are raised, all together; with ``bad="skip"`` they
    are listed in the corpus and their texts left out whole, except that a text with nothing worse than a triple twice
    is kept. What stands behind the place where an array breaks off is one problem.

    Raises BadRecord (a ValueError) as said, ValueError for another ``bad``, OSError if there is no such file.
    """
    check_bad(bad)
    return relation_corpus(path, json_array(path), _lists, bad, words)


def read_triple_objects(path: str | os.PathLike[str], bad: Bad = "raise", words: bool = False) -> Corpus[RelationText]:
    """Read a UTF-8 file [{"text": …, "triples": [{"subject": …, "relation": …, "object": …}, …]}, …].

    Types of subject and object and other keys are ignored. Otherwise as ``read_casrel``, tokens being characters.
    """
    check_bad(bad)
    return relation_corpus(path, json_array(path), _objects, bad, words)


def _lists(record: dict[str, object]) -> Found:
    for named in list_of(record, "triple_list"):
        if isinstance(named, list) and len(named) == 3:
            yield as_triple(*named)
        else:
            yield f"a triple must be [subject, predicate, object], got {excerpt(named)}"


def _objects(record: dict[str, object]) -> Found:
    for named in list_of(record, "triples"):
        if isinstance(named, dict):
            yield as_triple(named.get("subject"), named.get("relation"), named.get("object"))
        else:
            yield f"a triple must be an object, got {excerpt(named)}"
