"""Chapter 5: relations in one pass: entities, head pairs and tail pairs scored as pairs of tokens, joined by gathering.

Source: Su Jianlin, GPLinker:基于GlobalPointer的实体关系联合抽取, https://kexue.fm/archives/8888 (2022).
"""

from gradbook.relation_linking.decoding import decode_relations, nested_loops
from gradbook.relation_linking.linker import RelationLinker, RelationScores
from gradbook.relation_linking.relations import Positives, Relation, relation_positives

__all__ = [
    "Positives",
    "Relation",
    "RelationLinker",
    "RelationScores",
    "decode_relations",
    "nested_loops",
    "relation_positives",
]
