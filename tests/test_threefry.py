"""``impl="threefry2x32"`` against numbers that JAX has drawn: bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
from fungrad import random
from fungrad.random.erfinv import erfinv, fused_32, fused_64
from fungrad.random.threefry import threefry
from fungrad.scipy import special

RECORDED = dict(np.load(Path(__file__).parent / "data" / "threefry.npz"))
LOGITS = np.log(np.array([0.1, 0.2, 0.7]))


def draw(name: str) -> Any:
    function, seed, *rest = name.split("/")
    key = random.key(int(seed), impl="threefry2x32")
    shape = tuple(map(int, rest[0].split("x"))) if rest and rest[0] else ()
    dtype = np.dtype(rest[1]) if rest else None
    calls = {
        "key": lambda: random.key_data(key),
        "split": lambda: random.key_data(random.split(key, 3)),
        "fold_in": lambda: random.key_data(random.fold_in(key, 7)),
        "bits": lambda: random.bits(key, shape, dtype),
        "uniform": lambda: random.uniform(key, shape, dtype),
        "between": lambda: random.uniform(key, shape, dtype, -3.3, 5.7),
        "normal": lambda: random.normal(key, shape, dtype),
        "randint": lambda: random.randint(key, shape, 3, 100, dtype),
        "permutation": lambda: random.permutation(key, 10),
        "bernoulli": lambda: random.bernoulli(key, 0.3, (20,)),
        "categorical": lambda: random.categorical(key, LOGITS, shape=(20,)),
    }
    return calls[function]()


def raw(x: Any) -> Any:
    x = np.asarray(x)
    return x.view(f"u{x.dtype.itemsize}") if x.dtype.kind == "f" else x


@pytest.mark.parametrize("name", [name for name in RECORDED if not name.startswith("sum")])
def test_numbers_of_jax(name: str) -> None:
    ours, theirs = raw(draw(name)), RECORDED[name]
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_numbers_of_jax(dtype: str) -> None:
    x = random.normal(random.key(2024, impl="threefry2x32"), (20_000,), dtype)
    assert np.sum(raw(x), dtype=np.uint64) == RECORDED[f"sum/{dtype}"]


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_the_hash(key: Any, counter: Any, expected: Any) -> None:
    """The values of its authors."""
    words, x, y = (np.array(each, np.uint32) for each in (key, [counter[0]], [counter[1]]))
    (first,), (second,) = threefry(words, x, y)
    assert (first, second) == expected


def test_a_map_over_keys_is_a_loop() -> None:
    keys = random.split(random.key(3, impl="threefry2x32"), 6)
    for function in (
        lambda key: random.normal(key, (3,)),
        lambda key: random.bits(key, (2, 2), np.uint16),
        lambda key: random.randint(key, (4,), 0, 9),
        lambda key: random.key_data(random.split(key)),
        lambda key: random.gamma(key, 0.7),
    ):
        with random.allow_reuse():
            together = fg.vmap(fg.vmap(function))(keys.reshape(2, 3))
            singly = np.stack([function(key) for key in keys])
        np.testing.assert_array_equal(together.reshape(singly.shape), singly)


def test_fused_multiply_add() -> None:
    """The rounding error of the product is not lost."""
    x, y = np.float32(1 + 2**-13), np.float32(1 - 2**-13)
    assert fused_32(x, y, np.float32(-1)) == np.float32(-(2.0**-26))
    assert x * y - np.float32(1) == 0
    a, b = 1 + 2.0**-27, 1 - 2.0**-27
    assert fused_64(a, b, -1.0) == -(2.0**-54)
    assert a * b - 1 == 0


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-14)])
def test_the_inverse_error_function_is_one(dtype: Any, tolerance: float) -> None:
    x = np.concatenate([np.linspace(-0.999, 0.999, 101), 1 - 2.0 ** -np.arange(8, 24)])
    x = x.astype(dtype)
    np.testing.assert_allclose(erfinv(x), np.asarray(special.erfinv(x)), rtol=tolerance)


def test_randint_takes_all_integers_of_a_dtype() -> None:
    for dtype in (np.int8, np.uint8, np.int32, np.uint32):
        limits = np.iinfo(dtype)
        key = random.key(0, impl="threefry2x32")
        x = random.randint(key, (2000,), int(limits.min), int(limits.max) + 1, dtype)
        span = float(limits.max) - float(limits.min)
        assert float(np.asarray(x).max()) > limits.max - 0.02 * span
        assert float(np.asarray(x).min()) < limits.min + 0.02 * span
