"""Control flow as functions, and other functions of JAX's `lax` by their names.

Python's own ``if``, ``while`` and ``for`` work under every transform. What is here is quicker under
`vmap`, bounds the memory of the way back, or says in one line what loops take several for.
"""

from __future__ import annotations

from fungrad.lax import associative, collectives, conditionals, loops, operators, solving
from fungrad.lax.associative import *  # noqa: F403
from fungrad.lax.collectives import *  # noqa: F403
from fungrad.lax.conditionals import *  # noqa: F403
from fungrad.lax.loops import *  # noqa: F403
from fungrad.lax.operators import *  # noqa: F403
from fungrad.lax.solving import *  # noqa: F403

__all__ = [
    *associative.__all__,
    *collectives.__all__,
    *conditionals.__all__,
    *loops.__all__,
    *operators.__all__,
    *solving.__all__,
]
