"""Neural networks: layers as frozen descriptions, parameters as trees of arrays."""

from __future__ import annotations

from fungrad.nn import (
    activations,
    attention,
    cells,
    checkpoints,
    containers,
    convolution,
    dropout,
    initializers,
    layer,
    linear,
    losses,
    multihead,
    normalization,
    normalized,
    piecewise,
    pooling,
    positions,
    recurrent,
    stacks,
    summaries,
    transformer,
)
from fungrad.nn.activations import *  # noqa: F403
from fungrad.nn.attention import *  # noqa: F403
from fungrad.nn.cells import *  # noqa: F403
from fungrad.nn.checkpoints import *  # noqa: F403
from fungrad.nn.containers import *  # noqa: F403
from fungrad.nn.convolution import *  # noqa: F403
from fungrad.nn.dropout import *  # noqa: F403
from fungrad.nn.layer import *  # noqa: F403
from fungrad.nn.linear import *  # noqa: F403
from fungrad.nn.losses import *  # noqa: F403
from fungrad.nn.multihead import *  # noqa: F403
from fungrad.nn.normalization import *  # noqa: F403
from fungrad.nn.normalized import *  # noqa: F403
from fungrad.nn.piecewise import *  # noqa: F403
from fungrad.nn.pooling import *  # noqa: F403
from fungrad.nn.positions import *  # noqa: F403
from fungrad.nn.recurrent import *  # noqa: F403
from fungrad.nn.stacks import *  # noqa: F403
from fungrad.nn.summaries import *  # noqa: F403
from fungrad.nn.transformer import *  # noqa: F403

__all__ = [
    *activations.__all__,
    *attention.__all__,
    *cells.__all__,
    *checkpoints.__all__,
    *containers.__all__,
    *convolution.__all__,
    *dropout.__all__,
    *layer.__all__,
    *linear.__all__,
    *losses.__all__,
    *multihead.__all__,
    *normalization.__all__,
    *normalized.__all__,
    *piecewise.__all__,
    *pooling.__all__,
    *positions.__all__,
    *recurrent.__all__,
    *stacks.__all__,
    *summaries.__all__,
    *transformer.__all__,
    "initializers",
]
