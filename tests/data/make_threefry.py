"""Record JAX's random numbers for tests/test_threefry.py: run it with JAX installed.

The numbers are those of JAX's default setting, jax_threefry_partitionable=True, on a CPU with fused
multiply-add. Floats are kept by their bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np

SEEDS = (0, 2**32 + 5, -1)
SHAPES = ((), (5,), (2, 3))


def raw(x: Any) -> np.ndarray[Any, Any]:
    """The numbers as unsigned integers of the same bits."""
    x = np.asarray(x)
    return x.view(f"u{x.dtype.itemsize}") if x.dtype.kind == "f" else x


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    recorded: dict[str, Any] = {}
    for seed in SEEDS:
        key = jax.random.key(seed)
        recorded[f"key/{seed}"] = jax.random.key_data(key)
        recorded[f"split/{seed}"] = jax.random.key_data(jax.random.split(key, 3))
        recorded[f"fold_in/{seed}"] = jax.random.key_data(jax.random.fold_in(key, 7))
        for shape in SHAPES:
            name = f"{seed}/{'x'.join(map(str, shape))}"
            for dtype in ("uint8", "uint16", "uint32", "uint64"):
                recorded[f"bits/{name}/{dtype}"] = jax.random.bits(key, shape, dtype)
            for dtype in ("float16", "float32", "float64"):
                recorded[f"uniform/{name}/{dtype}"] = raw(jax.random.uniform(key, shape, dtype))
                recorded[f"between/{name}/{dtype}"] = raw(
                    jax.random.uniform(key, shape, dtype, -3.3, 5.7)
                )
                recorded[f"normal/{name}/{dtype}"] = raw(jax.random.normal(key, shape, dtype))
            for dtype in ("int8", "int32", "uint32", "int64"):
                recorded[f"randint/{name}/{dtype}"] = jax.random.randint(key, shape, 3, 100, dtype)
        recorded[f"permutation/{seed}"] = jax.random.permutation(key, 10)
        recorded[f"bernoulli/{seed}"] = jax.random.bernoulli(key, 0.3, (20,))
        logits = np.log(np.array([0.1, 0.2, 0.7]))
        recorded[f"categorical/{seed}"] = jax.random.categorical(key, logits, shape=(20,))
    # The sum of the bits of many numbers says whether one of them is another.
    key = jax.random.key(2024)
    for dtype in ("float32", "float64"):
        bits = raw(jax.random.normal(key, (20_000,), dtype))
        recorded[f"sum/{dtype}"] = np.sum(bits, dtype=np.uint64)
    np.savez_compressed(
        Path(__file__).parent / "threefry.npz", **{k: np.asarray(v) for k, v in recorded.items()}
    )


if __name__ == "__main__":
    main()
