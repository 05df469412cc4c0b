"""GlobalPointer: every type has its own queries and keys."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradbook.global_pointer.head import TokenPairHead
from gradbook.global_pointer.rotary import rotate


class GlobalPointer(TokenPairHead):
    """s_α(i, j) = ⟨R_i q_{i,α}, R_j k_{j,α}⟩ / √d with q_{i,α} = W_{q,α} h_i and k_{j,α} = W_{k,α} h_j.

    R_i turns by the place i (rotary positions). 2 (D + 1) d parameters a type. ``forward(hidden (B, L, D), mask
    (B, L) bool)`` → scores (B, T, L, L), −inf where masked.

    Su, "GlobalPointer" (2021, kexue.fm/archives/8373; arXiv 2208.03054).
    """

    def __init__(
        self, hidden_size: int, num_types: int, head_size: int = 64, rotary: bool = True, triangular: bool = True
    ) -> None:
        super().__init__(hidden_size, num_types, head_size, rotary, triangular)
        self.queries_keys = nn.Linear(hidden_size, 2 * num_types * head_size)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """Return the scores (B, T, L, L); raises ValueError or TypeError for inputs that don't fit."""
        both = self.queries_keys(self.checked(hidden, mask))
        both = both.unflatten(2, (2, self.num_types, self.head_size)).permute(2, 0, 3, 1, 4)
        queries, keys = (rotate(both) if self.rotary else both).unbind(0)
        scores = torch.matmul(queries / self.head_size**0.5, keys.transpose(2, 3))
        return scores.masked_fill(~self.allowed(mask).unsqueeze(1), -torch.inf)
