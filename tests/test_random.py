"""Keys, and samplers under transforms. The distributions are in tests/test_distributions.py."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, lax, random
from fungrad.random import reuse
from fungrad.testing import check_grads

IMPLS = ("philox", "threefry2x32")
LOGITS = np.log(np.array([0.1, 0.2, 0.7]))
COV = np.array([[2.0, 0.5], [0.5, 1.0]])

SAMPLERS: dict[str, Callable[..., Any]] = {
    "ball": lambda key, dtype: random.ball(key, 3, shape=(4,), dtype=dtype),
    "beta": lambda key, dtype: random.beta(key, 0.5, np.array([0.5, 3.0]), dtype=dtype),
    "cauchy": lambda key, dtype: random.cauchy(key, (5,), dtype),
    "chisquare": lambda key, dtype: random.chisquare(key, 3.0, (5,), dtype),
    "dirichlet": lambda key, dtype: random.dirichlet(key, np.array([1.0, 2.0]), (3,), dtype),
    "double_sided_maxwell": lambda key, dtype: random.double_sided_maxwell(
        key, 1.0, 2.0, (5,), dtype
    ),
    "exponential": lambda key, dtype: random.exponential(key, (5,), dtype),
    "f": lambda key, dtype: random.f(key, 3.0, 5.0, (5,), dtype),
    "gamma": lambda key, dtype: random.gamma(key, np.array([0.01, 1.0, 50.0]), None, dtype),
    "generalized_normal": lambda key, dtype: random.generalized_normal(key, 1.5, (5,), dtype),
    "gumbel": lambda key, dtype: random.gumbel(key, (5,), dtype),
    "laplace": lambda key, dtype: random.laplace(key, (5,), dtype),
    "logistic": lambda key, dtype: random.logistic(key, (5,), dtype),
    "loggamma": lambda key, dtype: random.loggamma(key, np.array([0.01, 5.0]), None, dtype),
    "lognormal": lambda key, dtype: random.lognormal(key, 0.5, (5,), dtype),
    "maxwell": lambda key, dtype: random.maxwell(key, (5,), dtype),
    "multivariate_normal": lambda key, dtype: random.multivariate_normal(
        key, np.zeros(2), COV, (3,), dtype
    ),
    "normal": lambda key, dtype: random.normal(key, (5,), dtype),
    "orthogonal": lambda key, dtype: random.orthogonal(key, 3, (2,), dtype),
    "pareto": lambda key, dtype: random.pareto(key, 2.0, (5,), dtype),
    "rayleigh": lambda key, dtype: random.rayleigh(key, 2.0, (5,), dtype),
    "t": lambda key, dtype: random.t(key, 4.0, (5,), dtype),
    "triangular": lambda key, dtype: random.triangular(key, 0.0, 1.0, 3.0, (5,), dtype),
    "truncated_normal": lambda key, dtype: random.truncated_normal(key, -1.0, 2.0, (5,), dtype),
    "uniform": lambda key, dtype: random.uniform(key, (5,), dtype, -1.0, 2.0),
    "wald": lambda key, dtype: random.wald(key, 2.0, (5,), dtype),
    "weibull_min": lambda key, dtype: random.weibull_min(key, 2.0, 3.0, (5,), dtype),
}
INTEGERS: dict[str, Callable[..., Any]] = {
    "bernoulli": lambda key: random.bernoulli(key, 0.3, (5,)),
    "binomial": lambda key: random.binomial(key, 10, 0.3, (5,)),
    "bits": lambda key: random.bits(key, (3,), np.uint16),
    "categorical": lambda key: random.categorical(key, LOGITS, shape=(5,)),
    "categorical without replacement": lambda key: random.categorical(
        key, LOGITS, shape=(2,), replace=False
    ),
    "choice": lambda key: random.choice(key, 10, (5,)),
    "choice by weights": lambda key: random.choice(key, np.arange(3.0), (5,), p=np.ones(3)),
    "choice without replacement": lambda key: random.choice(key, 10, (5,), replace=False),
    "geometric": lambda key: random.geometric(key, 0.3, (5,)),
    "multinomial": lambda key: random.multinomial(key, 10, np.array([0.2, 0.8])),
    "permutation": lambda key: random.permutation(key, 7),
    "permutation of lines": lambda key: random.permutation(
        key, np.arange(12.0).reshape(3, 4), 1, independent=True
    ),
    "poisson": lambda key: random.poisson(key, np.array([0.5, 50.0])),
    "rademacher": lambda key: random.rademacher(key, (5,)),
    "randint": lambda key: random.randint(key, (5,), 0, np.array([2, 3, 4, 5, 6])),
    "split": lambda key: random.key_data(random.split(key, (2, 2))),
    "fold_in": lambda key: random.key_data(random.fold_in(key, 3)),
}
ALL = {
    **{name: lambda key, f=f: f(key, None) for name, f in SAMPLERS.items()},
    **INTEGERS,
}


def line(text: str) -> int:
    """The line of this file that ends with a comment."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (found,) = [number for number, each in enumerate(lines, 1) if each.endswith(f"# {text}")]
    return found


# --- numbers -------------------------------------------------------------------------------------


def test_the_numbers_are_those_of_numpys_generator() -> None:
    generator = np.random.Generator(np.random.Philox(key=2**70 + 5))
    expected = generator.standard_normal((3, 4))
    np.testing.assert_array_equal(random.normal(random.key(2**70 + 5), (3, 4)), expected)
    generator = np.random.Generator(np.random.Philox(key=8))
    expected = generator.random(5, np.float32)
    np.testing.assert_array_equal(random.uniform(random.key(8), 5, np.float32), expected)


def test_the_numbers_stay_what_they_are() -> None:
    """A change here changes every program's numbers."""
    key = random.key(0)
    one, two = random.split(key)
    assert random.key_data(one).tolist() == [6312158256571094726, 10634814581434429480]
    assert random.key_data(random.fold_in(key, 1)).tolist() == [
        13998662360123369221,
        10924096940791975708,
    ]
    assert random.bits(one, (2,)).tolist() == [11522235817847802688, 18073530105795338692]
    expected = [0.29755821348941497, -0.647144546776261]
    np.testing.assert_allclose(random.normal(two, (2,)), expected, rtol=1e-15)


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", ALL)
def test_pure(name: str, impl: str) -> None:
    """The same key gives the same numbers; another one others."""
    first, second = (np.asarray(ALL[name](random.key(7, impl=impl))) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    others = [np.asarray(ALL[name](random.key(seed, impl=impl))) for seed in range(20)]
    assert any(not np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", SAMPLERS)
def test_dtype(name: str, impl: str, dtype: Any) -> None:
    if dtype == np.float16 and name in {"multivariate_normal", "orthogonal", "maxwell"}:
        pytest.skip("NumPy's linear algebra has no float16")
    if dtype == np.float16 and name in {"gamma", "loggamma", "double_sided_maxwell"}:
        pytest.skip("out of the range of float16")
    x = SAMPLERS[name](random.key(0, impl=impl), dtype)
    assert x.dtype == dtype
    assert np.all(np.isfinite(np.asarray(x)))


def test_complex_normal_numbers() -> None:
    z = random.normal(random.key(0), (20_000,), np.complex64)
    assert z.dtype == np.complex64
    assert abs(float(np.mean(abs(z) ** 2)) - 1) < 0.03
    assert abs(complex(np.mean(z * z))) < 0.03


@pytest.mark.parametrize("impl", IMPLS)
@pytest.mark.parametrize("name", ALL)
def test_a_map_over_keys_is_a_loop(name: str, impl: str) -> None:
    function = ALL[name]
    keys = random.split(random.key(1, impl=impl), 6)
    with random.allow_reuse():
        singly = np.stack([np.asarray(function(key)) for key in keys])
        together = fg.vmap(function)(keys)
        nested = fg.vmap(fg.vmap(function))(keys.reshape(2, 3))
    assert together.dtype == singly.dtype
    # BLAS adds up the products of a matrix with one vector, and with several, in another order.
    tolerance = 1e-14 if name == "multivariate_normal" else 0
    np.testing.assert_allclose(together, singly, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(nested.reshape(singly.shape), singly, rtol=tolerance, atol=tolerance)


def test_a_map_over_parameters_is_a_loop() -> None:
    key = random.key(0)
    for function, values in (
        (lambda a: random.gamma(random.clone(key), a, (3,)), [0.5, 1.0, 5.0]),
        (lambda a: random.loggamma(random.clone(key), a, (3,)), [0.5, 1.0, 5.0]),
        (lambda rate: random.poisson(random.clone(key), rate, (3,)), [0.5, 1.0, 50.0]),
        (lambda low: random.randint(random.clone(key), (3,), low, 100), [0, 50, 90]),
        (lambda p: random.choice(random.clone(key), 2, (9,), p=fnp.array([p, 1.0])), [0.1, 2.0]),
        (lambda p: random.bernoulli(random.clone(key), p), [0.1, 0.9]),
    ):
        together = fg.vmap(function)(fnp.array(values))
        np.testing.assert_array_equal(together, np.stack([function(x) for x in values]))


def test_a_map_over_seeds_is_a_loop() -> None:
    for impl in IMPLS:
        seeds = np.array([0, 3, -4, 2**62])
        together = fg.vmap(lambda s, impl=impl: random.key(s, impl=impl))(seeds)
        singly = [random.key(int(s), impl=impl) for s in seeds]
        np.testing.assert_array_equal(
            random.key_data(together), np.stack([random.key_data(k) for k in singly])
        )


def test_no_examples() -> None:
    keys = random.split(random.key(0), 0)
    assert fg.vmap(lambda key: random.normal(key, (3,)))(keys).shape == (0, 3)
    shape = fg.eval_shape(lambda key: random.gamma(key, 2.0, (5,), np.float32), random.key(0))
    assert (shape.shape, shape.dtype) == ((5,), np.float32)


@pytest.mark.parametrize("impl", IMPLS)
def test_empty_shapes(impl: str) -> None:
    for name in ("normal", "uniform", "exponential", "gumbel", "bits"):
        assert getattr(random, name)(random.key(0, impl=impl), (2, 0)).shape == (2, 0)
    assert random.permutation(random.key(0, impl=impl), 0).shape == (0,)
    assert random.choice(random.key(0, impl=impl), 3, (0,)).shape == (0,)


def test_transforms_see_constants() -> None:
    key = random.key(0)
    z = float(random.normal(random.clone(key)))
    assert float(fg.grad(lambda x: x * random.normal(random.clone(key)))(2.0)) == z
    value, tangent = fg.jvp(lambda x: x * random.normal(random.clone(key)), (2.0,), (1.0,))
    assert (float(value), float(tangent)) == (2 * z, z)
    noisy = fg.checkpoint(lambda x, key: fnp.sum(fnp.sin(x) * random.normal(key, (3,))))
    plain = fg.grad(lambda x: fnp.sum(fnp.sin(x) * random.normal(random.key(3), (3,))))
    assert float(fg.grad(noisy)(1.0, random.key(3))) == float(plain(1.0))
    assert "normal" in str(fg.make_graph(lambda key: random.normal(key))(random.key(1)))


# --- keys ----------------------------------------------------------------------------------------


def test_keys_are_arrays_of_keys() -> None:
    keys = random.split(random.key(0), (3, 2))
    assert (keys.shape, keys.ndim, keys.size, len(keys)) == ((3, 2), 2, 6, 3)
    assert keys[0].shape == (2,)
    assert keys[:, 1].shape == (3,)
    assert keys[..., 0].shape == (3,)
    assert keys[np.array([2, 0])].shape == (2, 2)
    assert keys.reshape(6).shape == keys.reshape((6,)).shape == (6,)
    assert [key.shape for key in keys] == [(2,)] * 3
    np.testing.assert_array_equal(
        random.key_data(keys[1, 1]), np.asarray(random.key_data(keys))[1, 1]
    )
    one, two = random.split(random.key(0))
    assert one.shape == two.shape == ()


def test_keys_are_trees() -> None:
    tree = {"key": random.key(5), "x": 1.0}
    assert [fg.tree.keystr(path) for path, _ in fg.tree.leaves_with_path(tree)] == [
        "['key'].words",
        "['x']",
    ]
    same = fg.tree.map(lambda x: x, tree)["key"]
    assert random.key_impl(same) == "philox"
    keys = fg.tree.map(lambda *words: fnp.stack(words), *[random.key(i) for i in range(3)])
    assert keys.shape == (3,)
    assert repr(fg.tree.map(lambda x: None, random.key(0))) == "Key(None, 'philox')"
    assert repr(keys) == "Key(shape=(3,), impl='philox')"


def test_keys_pass_through_loops() -> None:
    def step(carry: Any, key: Any) -> Any:
        one, two = random.split(key)
        return carry + random.normal(one), random.uniform(two)

    # The first step runs twice, for 0 is an integer.
    total, xs = lax.scan(step, 0, random.split(random.key(0), 4))
    expected = [step(0.0, key) for key in random.split(random.key(0), 4)]
    assert np.isclose(float(total), sum(float(each[0]) for each in expected))
    np.testing.assert_array_equal(xs, np.stack([each[1] for each in expected]))

    def chain(key: Any, _: Any) -> Any:
        key, own = random.split(key)
        return key, random.normal(own)

    key, xs = lax.scan(chain, random.key(0), None, length=3)
    again = random.key(0)
    for x in xs:
        again, own = random.split(again)
        assert float(random.normal(own)) == float(x)
    np.testing.assert_array_equal(random.key_data(key), random.key_data(again))


def test_split_and_fold_in_do_not_meet() -> None:
    for impl in IMPLS:
        key = random.key(0, impl=impl)
        words = [tuple(random.key_data(k).tolist()) for k in random.split(random.clone(key), 100)]
        words += [tuple(random.key_data(random.fold_in(key, i)).tolist()) for i in range(200, 300)]
        words.append(tuple(random.key_data(key).tolist()))
        assert len(set(words)) == len(words)


def test_keys_of_integers() -> None:
    assert random.key_data(random.key(-1)).tolist() == [2**64 - 1] * 2
    assert random.key_data(random.key(2**64 + 3)).tolist() == [3, 1]
    assert random.key_data(random.key(np.uint64(2**63))).tolist() == [2**63, 0]
    assert random.key_data(random.key(np.int8(5))).tolist() == [5, 0]
    assert random.PRNGKey(5).impl == "philox"
    words = random.key_data(random.key(9))
    np.testing.assert_array_equal(random.key_data(random.wrap_key_data(words)), words)
    folded = random.fold_in(random.key(0), np.int64(-1))
    np.testing.assert_array_equal(
        random.key_data(folded), random.key_data(random.fold_in(random.key(0), -1))
    )


def test_a_key_is_no_array() -> None:
    key = random.key(0)
    for attempt in (
        lambda: key + 1,
        lambda: np.ones(2) * key,
        lambda: np.asarray(key),
        lambda: fnp.sin(key),
        lambda: float(key),
        lambda: list(key),
        lambda: len(key),
        lambda: key[0],
        lambda: random.normal(3),
        lambda: random.normal(np.array([0, 1], np.uint32)),
        lambda: fg.grad(lambda key: random.normal(key))(key),
        lambda: random.key(0.5),
        lambda: random.fold_in(key, 0.5),
        lambda: fg.vmap(random.normal, in_axes=-1)(random.split(random.key(1), 3)),
        lambda: random.wrap_key_data(np.array([1, 2])),
    ):
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(AttributeError, match="does not change"):
        key.words = 0  # type: ignore[misc]
    random.normal(key)  # none of this has used it


def test_wrong_arguments() -> None:
    for attempt in (
        lambda: random.uniform(random.key(0), dtype=int),
        lambda: random.bits(random.key(0), dtype=int),
        lambda: random.randint(random.key(0), (), 0, 2, float),
        lambda: random.randint(random.key(0), (), 2, 2),
        lambda: random.randint(random.key(0), (), 0, 300, np.uint8),
        lambda: random.randint(random.key(0), (), 0.5, 2),
        lambda: random.normal(random.key(0), (-1,)),
        lambda: random.normal(random.key(0), (1.5,)),
        lambda: random.gamma(random.key(0), -1.0),
        lambda: random.gamma(random.key(0), np.ones(3), (2,)),
        lambda: random.beta(random.key(0), np.ones(3), np.ones(2)),
        lambda: random.poisson(random.key(0), -1.0),
        lambda: random.binomial(random.key(0), 3, 1.5),
        lambda: random.geometric(random.key(0), 0.0),
        lambda: random.dirichlet(random.key(0), 1.0),
        lambda: random.multinomial(random.key(0), 3, 0.5),
        lambda: random.wald(random.key(0), -1.0),
        lambda: random.choice(random.key(0), 3, (4,), replace=False),
        lambda: random.choice(random.key(0), 0, (4,)),
        lambda: random.choice(random.key(0), 3, (4,), p=np.ones(2)),
        lambda: random.choice(random.key(0), 2, (4,), p=np.array([-1.0, 2.0])),
        lambda: random.categorical(random.key(0), LOGITS, shape=(4,), replace=False),
        lambda: random.permutation(random.key(0), 0.5),
        lambda: random.multivariate_normal(random.key(0), np.ones(2), np.ones((3, 3))),
        lambda: random.multivariate_normal(random.key(0), np.ones(2), np.eye(2), method="qr"),
        lambda: random.key(2**128),
        lambda: random.key(2**64, impl="threefry2x32"),
        lambda: random.key(0, impl="mt19937"),
        lambda: random.split(random.key(0), -1),
        lambda: random.fold_in(random.key(0), 2**64),
    ):
        with pytest.raises(errors.RandomArgumentError):
            attempt()


# --- keys that are used twice --------------------------------------------------------------------


def test_both_lines_are_named() -> None:
    key = random.key(0)
    random.normal(key)  # the first use
    with pytest.raises(errors.KeyReuseError) as caught:
        random.uniform(key)  # the second use
    for use in (
        f"first by normal at .*test_random.py:{line('the first use')}, in test_both_lines",
        f"again by uniform at .*test_random.py:{line('the second use')}, in test_both_lines",
    ):
        assert re.search(use, str(caught.value))


@pytest.mark.parametrize("name", [name for name in ALL if name != "fold_in"])
def test_samplers_use_keys_up(name: str) -> None:
    key = random.key(0)
    ALL[name](key)
    with pytest.raises(errors.KeyReuseError, match=r"is used twice"):
        ALL[name](key)


def test_what_does_not_use_a_key_up() -> None:
    key = random.key(0)
    for _ in range(2):
        random.fold_in(key, 1)
        random.clone(key)
        random.key_data(key)
        random.key_impl(key)
        repr(key)
        pickle.dumps(key)
        fg.tree.leaves(key)
        fg.eval_shape(random.normal, key)
        fg.eval_shape(lambda: random.normal(key))
    random.normal(key)
    random.fold_in(key, 1)
    random.normal(random.clone(key))


def test_ways_back_to_the_same_key() -> None:
    keys = random.split(random.key(0), 4)
    random.normal(keys[1])
    for again in (
        lambda: random.normal(keys[1]),
        lambda: random.normal(keys[1:][0]),
        lambda: random.normal(keys[::-1][2]),
        lambda: random.normal(keys.reshape(2, 2)[0, 1]),
        lambda: random.normal(fg.tree.map(lambda x: x, {"a": keys})["a"][1]),
        lambda: random.normal(copy.deepcopy(keys[1])),
        lambda: fg.vmap(random.normal)(keys),
        lambda: fg.vmap(lambda k: random.normal(k[0]))(keys.reshape(2, 2)[:, 1:]),
        lambda: lax.map(random.normal, keys[1:]),
        lambda: fg.grad(lambda x, key: x * random.normal(key))(1.0, keys[1]),
        lambda: random.normal(random.wrap_key_data(random.key_data(keys[1]))),
        lambda: random.normal(pickle.loads(pickle.dumps(keys[1]))),
    ):
        with pytest.raises(errors.KeyReuseError):
            again()
    random.normal(keys[0])
    random.normal(keys[2])
    fg.vmap(random.normal)(keys[3:])


def test_an_unused_key_is_unused_after_pickling() -> None:
    key = random.key(0)
    again = pickle.loads(pickle.dumps(key))
    assert float(random.normal(again)) == float(random.normal(key))


def test_in_a_map() -> None:
    keys = random.split(random.key(0), 3)

    def twice(key: Any) -> Any:
        return random.normal(key) + random.uniform(key)

    with pytest.raises(errors.KeyReuseError):
        fg.vmap(twice)(keys)
    # The closed-over key is one for all examples, and used once.
    shared = random.key(1)
    xs = fg.vmap(lambda x: x + random.normal(shared))(fnp.zeros(3))
    assert len(set(xs.tolist())) == 1


def test_in_branches_of_a_map() -> None:
    x = fnp.array([1.0, -1.0, 2.0])

    def branch(key: Any, x: Any) -> Any:
        z = random.normal(key)  # runs twice, for the batch is split
        if x > 0:
            return z + random.uniform(random.fold_in(key, 0))
        return z

    assert fg.vmap(branch)(random.split(random.key(0), 3), x).shape == (3,)
    assert fg.vmap(branch, in_axes=(None, 0))(random.key(0), x).shape == (3,)

    def wrong(key: Any, x: Any) -> Any:
        z = random.normal(key)
        if x > 0:
            return z + random.uniform(key)
        return z

    with pytest.raises(errors.KeyReuseError):
        fg.vmap(wrong)(random.split(random.key(0), 3), x)

    def by_cond(key: Any, x: Any) -> Any:
        return lax.cond(x > 0, lambda: random.normal(key), lambda: random.uniform(key))

    expected = [float(by_cond(key, each)) for key, each in zip(random.split(random.key(0), 3), x)]
    assert fg.vmap(by_cond)(random.split(random.key(0), 3), x).tolist() == expected
    assert fg.vmap(by_cond, in_axes=(None, 0))(random.key(0), x).shape == (3,)
    with pytest.raises(errors.KeyReuseError):
        fg.vmap(lambda key, x: by_cond(key, x) + random.normal(key))(
            random.split(random.key(0), 3), x
        )


def test_derivative_checks_run_functions_again() -> None:
    key = random.key(0)
    check_grads(lambda x: x * random.normal(key), (2.0,), order=1)
    random.normal(key)


def test_allow_reuse() -> None:
    key = random.key(0)
    with random.allow_reuse():
        assert float(random.normal(key)) == float(random.normal(key))
    random.normal(key)
    with pytest.raises(errors.KeyReuseError):
        random.normal(key)
    with random.allow_reuse():
        random.normal(key)


def test_the_switch_in_the_environment() -> None:
    code = "from fungrad import random; k = random.key(0); random.normal(k); random.normal(k)"
    for value, ok in (("1", True), ("0", False), ("", False)):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "FUNGRAD_ALLOW_KEY_REUSE": value,
                "PYTHONPATH": str(Path(fg.__file__).parent.parent),
            },
            capture_output=True,
            check=False,
        )
        assert (done.returncode == 0) is ok, done.stderr


def test_marks_go_with_the_keys() -> None:
    gc.collect()
    before = len(reuse._records)
    keys = [random.key(i) for i in range(100)]
    for key in keys:
        random.normal(key)
    assert len(reuse._records) >= 100
    del keys, key
    gc.collect()
    assert len(reuse._records) <= before + 1


def test_threads() -> None:
    """Each thread draws its own numbers; of several uses of one key one succeeds."""
    keys = random.split(random.key(0), 8)
    expected = [float(np.sum(random.normal(random.clone(key), (1000,)))) for key in keys]
    found: dict[int, float] = {}

    def work(i: int) -> None:
        for _ in range(20):
            found[i] = float(np.sum(random.normal(random.clone(keys[i]), (1000,))))

    shared = random.key(1)
    outcomes: list[bool] = []

    def compete() -> None:
        try:
            random.normal(shared)
            outcomes.append(True)
        except errors.KeyReuseError:
            outcomes.append(False)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    threads += [threading.Thread(target=compete) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(8)] == expected
    assert sum(outcomes) == 1
