"""GlobalPointer: every type has its own queries and keys."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.global_pointer.blocked import blocked_loss
from gradbook.global_pointer.head import TokenPairHead
from gradbook.global_pointer.rotary import rotate
from gradbook.global_pointer.spans import check_positives


class GlobalPointer(TokenPairHead):
    """s_α(i, j) = ⟨R_i q_{i,α}, R_j k_{j,α}⟩ / √d with q_{i,α} = W_{q,α} h_i and k_{j,α} = W_{k,α} h_j.

    R_i turns by the place i (rotary positions). 2 (D + 1) d parameters a type. ``forward(hidden (B, L, D), mask
    (B, L) bool)`` → scores (B, T, L, L), −inf where masked; ``loss`` and ``decode`` never hold all of them.

    Su, "GlobalPointer" (2021, kexue.fm/archives/8373; arXiv 2208.03054).
    """

    def __init__(
        self, hidden_size: int, num_types: int, head_size: int = 64, rotary: bool = True, triangular: bool = True
    ) -> None:
        super().__init__(hidden_size, num_types, head_size, rotary, triangular)
        self.queries_keys = nn.Linear(hidden_size, 2 * num_types * head_size)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (B, T, L, L); raises ValueError or TypeError for inputs that don't fit."""
        queries, keys = self.parts(self.checked(hidden, mask))
        scores = torch.matmul(queries, keys.transpose(2, 3))
        return scores.masked_fill(~self.allowed(mask).unsqueeze(1), -torch.inf)

    def parts(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the queries, divided by √d, and the keys (B, T, L, d): their inner products are the scores."""
        both = self.queries_keys(hidden).unflatten(2, (2, self.num_types, self.head_size)).permute(2, 0, 3, 1, 4)
        queries, keys = (rotate(both) if self.rotary else both).unbind(0)
        return queries / self.head_size**0.5, keys

    def loss(self, hidden: Tensor, mask: Tensor, positives: Tensor, joint: bool = False) -> Tensor:
        """Return the loss (B,) of every sentence, a block of scores at a time; arguments as in the base class.

        The same numbers as the loss of all scores: see :func:`gradbook.global_pointer.blocked.blocked_loss`.
        """
        hidden = self.checked(hidden, mask)
        check_positives(positives, mask, self.num_types, self.triangular)
        return blocked_loss(*self.parts(hidden), self.allowed(mask), positives, joint)
