"""The multi-label cross-entropy with threshold 0, three ways: from indices, from a yes/no table, as first written.

One score s_k a label. The labels that hold are to stand above 0, the others below:

    loss = log(1 + Σ_{k holds} e^{−s_k}) + log(1 + Σ_{k doesn't} e^{s_k})

Su, "Efficient GlobalPointer" (2022, kexue.fm/archives/8877) and "GPLinker" (kexue.fm/archives/8888); Su et al., "ZLPR"
(arXiv 2208.02955). The 1s are the threshold class, a label whose score is 0: one a row.
"""

from gradbook.multilabel_loss.dense import multilabel_cross_entropy
from gradbook.multilabel_loss.naive import naive_sparse_multilabel_cross_entropy
from gradbook.multilabel_loss.sparse import sparse_multilabel_cross_entropy

__all__ = [
    "multilabel_cross_entropy",
    "naive_sparse_multilabel_cross_entropy",
    "sparse_multilabel_cross_entropy",
]
