"""Record what the functions of jax.nn and optax.losses give: `jax_nn.npz`.

Run it as ``python -m tests.data.make_jax_nn`` from the root of the repository, with JAX (0.10.2 was
used) and optax (0.2.8) installed. The file holds values and gradients in float64.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from tests.jax_functions import ACTIVATIONS, GRID, LOSSES

jax.config.update("jax_enable_x64", True)
found: dict[str, np.ndarray] = {}


def record(name: str, function: Any, x: Any) -> None:
    value, pullback = jax.vjp(function, jnp.asarray(x))
    cosines = np.cos(np.arange(value.size)).reshape(value.shape)
    found[f"{name}/value"] = np.asarray(value)
    found[f"{name}/gradient"] = np.asarray(pullback(jnp.asarray(cosines))[0])


def function_of(name: str, others: Any, options: dict[str, Any]) -> Any:
    others = [jnp.asarray(each) for each in others]
    options = {k: jnp.asarray(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    function = getattr(optax.losses, name, None) or getattr(jax.nn, name)
    return lambda x: function(x, *others, **options)


for name in ACTIVATIONS:
    record(name, getattr(jax.nn, name), GRID)
for position, (name, (x, *others), options) in enumerate(LOSSES):
    record(f"{position} {name}", function_of(name, others, options), x)
path = Path(__file__).with_name("jax_nn.npz")
np.savez_compressed(path, **found)
print(f"{path}: {len(found)} arrays, {path.stat().st_size} bytes")
