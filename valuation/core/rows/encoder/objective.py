"""The terms of HCDV's equation 10, differentiable: surrogate of the metric, dispersion, smoothness."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from valuation.core.rows.dispersion import Task


def surrogate(scores: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Minus the cross-entropy of ``scores``, ``(n, classes)``, or minus their mean squared error, ``(n, 1)``."""
    if task == "classification":
        return -functional.cross_entropy(scores, targets)
    return -functional.mse_loss(scores[:, 0], targets)


def dispersion(z: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Mean cosine distance of pairs of unlike target among rows of length 1 (equation 18); 0 without such a pair.

    Pairs count 1 where labels differ and 0 where they agree (classification), or ``|y_i - y_j|`` (regression).
    """
    if task == "classification":
        weights = (targets[:, None] != targets).to(z.dtype)
    else:
        weights = (targets[:, None] - targets).abs()
    total = weights.sum()
    return (weights * (1.0 - z @ z.T)).sum() / torch.where(total > 0, total, 1.0)


def smoothness(embed: Callable[[Tensor], Tensor], x: Tensor, partners: Tensor) -> Tensor:
    """Mean over pairs of ``||grad_x_p d(f(x_p), f(x_q))||^2``, ``d`` the cosine distance: ``Omega`` of equation 10.

    Differentiable in the encoder's weights through both rows of a pair: back-propagation through a gradient.

    Args:
        embed: The encoder ``f``, whose rows have length 1.
        x: The first rows of the pairs, ``(pairs, ...)``.
        partners: Embeddings of the second, ``(pairs, d)``; the inner gradient does not reach them.
    """
    x = x.detach().requires_grad_()
    distances = 1.0 - (embed(x) * partners).sum(dim=1)
    (gradient,) = torch.autograd.grad(distances.sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(dim=1).mean()
