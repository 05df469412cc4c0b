"""Relations in one pass: entities, head pairs and tail pairs scored as pairs of tokens, joined by gathering."""

from gradbook.relation_linking.ambiguity import Ambiguity, ambiguities, smallest_ambiguities, spurious
from gradbook.relation_linking.counting import factor_count, quintuple_count
from gradbook.relation_linking.decoding import decode_relations, nested_loops
from gradbook.relation_linking.encoding import located
from gradbook.relation_linking.extractor import RelationExtractor
from gradbook.relation_linking.linker import RelationLinker, RelationScores
from gradbook.relation_linking.relations import Positives, Relation, relation_positives
from gradbook.relation_linking.scores import triple_score

__all__ = [
    "Ambiguity",
    "Positives",
    "Relation",
    "RelationExtractor",
    "RelationLinker",
    "RelationScores",
    "ambiguities",
    "decode_relations",
    "factor_count",
    "located",
    "nested_loops",
    "quintuple_count",
    "relation_positives",
    "smallest_ambiguities",
    "spurious",
    "triple_score",
]
