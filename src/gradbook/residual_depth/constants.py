"""α and the initial gain of DeepNorm, as the article derives them for three optimizers and as DeepNet's paper has them.

Sources: article 8978 (Su Jianlin, 2022); Wang et al., *DeepNet: scaling Transformers to 1,000 layers*, arXiv
2203.00555, for models with an encoder or a decoder only. Numbers in brackets are the equations of chapter 8.
"""

from __future__ import annotations

from gradbook.checks import check_sizes

_POWERS = {"sgd": (0.25, -0.25), "adam": (0.5, -0.5), "lamb": (0.0, -0.5)}  # of the number of sub-layers
OPTIMIZERS = tuple(_POWERS)


def deepnorm_constants(num_layers: int, optimizer: str = "adam") -> tuple[float, float]:
    """Return (α, gain) of x' = Norm(α x + f(x)) for a Transformer of ``num_layers`` blocks N of two sub-layers: (8.16).

    With them the loss moves by as much in one step of ``optimizer``, whatever N: "sgd" (2N)^¼ and (2N)^−¼, "adam"
    (2N)^½ and (2N)^−½, "lamb" 1 and (2N)^−½; capitals don't matter. Raises ValueError for ``num_layers`` that isn't a
    whole number ≥ 1 and for an unknown optimizer.
    """
    check_sizes(num_layers=num_layers)
    return sublayer_constants(2 * num_layers, optimizer)


def sublayer_constants(sublayers: int, optimizer: str = "adam") -> tuple[float, float]:
    """Return the same for a stack that is counted in sub-layers, as those of the pictures are: 2N = ``sublayers``.

    Raises ValueError for ``sublayers`` that isn't a whole number ≥ 1 and for an unknown optimizer.
    """
    check_sizes(sublayers=sublayers)
    name = optimizer.lower() if isinstance(optimizer, str) else ""
    if name not in _POWERS:
        raise ValueError(f"optimizer must be one of {', '.join(OPTIMIZERS)}, got {optimizer!r}")
    alpha, gain = (float(sublayers) ** power for power in _POWERS[name])
    return alpha, gain


def deepnet_constants(num_layers: int) -> tuple[float, float]:
    """Return (α, β) = ((2N)^¼, (8N)^−¼) of DeepNet's paper for N blocks of an encoder or a decoder alone.

    β is the gain of the ffn's, the value's and the output's weights. It is the article's pair for SGD but for the
    factor 4^−¼ ≈ 0.71 in the gain; the paper trains with Adam. Raises ValueError as :func:`deepnorm_constants` does.
    """
    check_sizes(num_layers=num_layers)
    return (2.0 * num_layers) ** 0.25, (8.0 * num_layers) ** -0.25
