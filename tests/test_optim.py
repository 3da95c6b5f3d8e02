"""Optimisers: under transforms, on all kinds of trees and arrays, and inside one another."""

from __future__ import annotations

import functools
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import lax, optim, random
from fungrad.optim import elementwise
from fungrad.optim.combining import Chain
from tests.optimizers import CASES, gradients, make, parameters

RNG = np.random.default_rng(0)


def quadratic(params: Any) -> Any:
    """Return a loss that is smooth and different in every element."""
    total = 0.0
    for index, leaf in enumerate(fg.tree.leaves(params)):
        scale = np.linspace(0.5, 2.0, np.size(leaf)).reshape(np.shape(leaf))
        total = total + fnp.sum(scale * (leaf - 0.1 * index) ** 2 + 0.1 * leaf**4)
    return total


def train(optimizer: Any, params: Any, steps: int = 3) -> Any:
    state = optimizer.init(params)
    for _ in range(steps):
        value, grads = fg.value_and_grad(quadratic)(params)
        updates, state = optimizer.update(
            grads, state, params, value=value, grad=grads, value_fn=quadratic
        )
        params = optim.apply_updates(params, updates)
    return params


def start() -> dict[str, Any]:
    return {"w": fnp.array([[0.5, -1.0], [2.0, 0.7]]), "b": fnp.array([1.5, -0.3]), "s": 0.9}


def assert_close(x: Any, y: Any, tolerance: float = 1e-12) -> None:
    assert fg.tree.structure(x) == fg.tree.structure(y)
    for one, other in zip(fg.tree.leaves(x), fg.tree.leaves(y)):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# --- transforms ----------------------------------------------------------------------------------

SMOOTH = {
    "sgd": lambda lr: optim.sgd(lr, momentum=0.9, nesterov=True),
    "adam": lambda lr: optim.adam(lr, eps_root=1e-8),
    "adam_schedule": lambda lr: optim.adam(optim.cosine_decay_schedule(lr, 10), eps_root=1e-8),
    "adam_b1": lambda lr: optim.adam(0.1, b1=lr),
    "adamw": lambda lr: optim.adamw(0.1, weight_decay=lr),
    "adamw_mask": lambda lr: optim.adamw(lr, mask={"w": True, "b": False, "s": True}),
    "radam": lambda lr: optim.radam(lr, b2=0.9, threshold=4.2),
    "adabelief": lambda lr: optim.adabelief(lr, eps_root=1e-8),
    "yogi": lambda lr: optim.yogi(lr),
    "adan": lambda lr: optim.adan(lr),
    "amsgrad": lambda lr: optim.amsgrad(lr),
    "rmsprop": lambda lr: optim.rmsprop(lr, momentum=0.5),
    "adagrad": lambda lr: optim.adagrad(lr),
    "adadelta": lambda lr: optim.adadelta(lr),
    "lamb": lambda lr: optim.lamb(lr),
    "lars": lambda lr: optim.lars(lr),
    "novograd": lambda lr: optim.novograd(lr),
    "adafactor": lambda lr: optim.adafactor(lr, min_dim_size_to_factor=2),
    "sm3": lambda lr: optim.sm3(lr),
    "clip": lambda lr: optim.chain(optim.clip_by_global_norm(1.0), optim.sgd(lr)),
    "normalize": lambda lr: optim.chain(optim.normalize_by_update_norm(), optim.sgd(lr)),
    "ema": lambda lr: optim.chain(optim.ema(0.5), optim.sgd(lr)),
    "muon": lambda lr: optim.muon(lr),
    "polyak": lambda lr: optim.polyak_sgd(scaling=lr),
    "injected": lambda lr: optim.inject_hyperparams(optim.adam)(lr),
    "multi_steps": lambda lr: optim.MultiSteps(optim.adam(lr), 2).gradient_transformation(),
    "lbfgs_fixed": lambda lr: optim.lbfgs(lr, linesearch=None),
    "lbfgs": lambda lr: optim.lbfgs(lr),
    "backtracking": lambda lr: optim.chain(
        optim.sgd(lr), optim.scale_by_backtracking_linesearch(10)
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_of_a_training_run(name: str) -> None:
    """By the learning rate, and by the first parameters."""

    def result(rate: Any, params: Any) -> Any:
        return quadratic(train(SMOOTH[name](rate), params, steps))

    steps = 7 if name == "radam" else 3  # the first ones are those of momentum
    rate, params = 0.07, start()
    by_rate, by_params = fg.grad(result, argnums=(0, 1))(rate, params)
    h = 1e-6
    slope = (result(rate + h, params) - result(rate - h, params)) / (2 * h)
    np.testing.assert_allclose(by_rate, slope, rtol=2e-5, atol=1e-6)
    direction = fg.tree.map(
        lambda p: fnp.asarray(np.cos(np.arange(np.size(p)) + 1.0)).reshape(np.shape(p)), params
    )
    ahead, behind = (
        result(rate, fg.tree.map(lambda p, d: p + s * d, params, direction))  # noqa: B023
        for s in (h, -h)
    )
    along = fg.tree.reduce(
        lambda a, b: a + b, fg.tree.map(lambda g, d: fnp.sum(g * d), by_params, direction)
    )
    np.testing.assert_allclose(along, (ahead - behind) / (2 * h), rtol=2e-5, atol=1e-6)
    _, forward = fg.jvp(result, (rate, params), (0.0, direction))
    np.testing.assert_allclose(forward, along, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", SMOOTH)
def test_a_batch_of_training_runs(name: str) -> None:
    """With different learning rates and parameters; line searches take their own ways."""
    rates = fnp.array([0.01, 0.07, 0.3])
    batch = fg.tree.map(lambda p: fnp.stack([p, p + 0.3, p - 0.2]), start())
    together = fg.vmap(lambda rate, params: train(SMOOTH[name](rate), params))(rates, batch)
    for index in range(3):
        row = fg.tree.map(lambda p: p[index], batch)  # noqa: B023
        alone = train(SMOOTH[name](float(rates[index])), row)
        assert_close(fg.tree.map(lambda p: p[index], together), alone, 1e-9)  # noqa: B023


def test_the_second_derivative_of_a_training_run() -> None:
    def result(rate: Any) -> Any:
        return quadratic(train(optim.adam(rate, eps_root=1e-8), start()))

    h = 1e-5
    slope = (fg.grad(result)(0.1 + h) - fg.grad(result)(0.1 - h)) / (2 * h)
    np.testing.assert_allclose(fg.grad(fg.grad(result))(0.1), slope, rtol=1e-5)


def test_a_batch_of_learning_rates_keeps_float32() -> None:
    params = {"w": fnp.ones(3, np.float32)}
    optimizer = optim.adam(1e-2)

    def move(rate: Any) -> Any:
        return optim.adam(rate).update(params, optimizer.init(params), params)

    updates, state = fg.vmap(move)(fnp.array([0.1, 0.2]))
    assert updates["w"].dtype == np.float32
    assert state[0].mu["w"].dtype == np.float32


def test_bad_rows_of_a_batch_are_left_out_alone() -> None:
    optimizer = optim.apply_if_finite(optim.sgd(1.0), 3)
    state = optimizer.init(fnp.zeros(()))
    updates, states = fg.vmap(lambda g: optimizer.update(g, state))(fnp.array([1.0, np.nan, 3.0]))
    np.testing.assert_array_equal(updates, [-1.0, 0.0, -3.0])
    np.testing.assert_array_equal(states.total_notfinite, [0, 1, 0])


# --- states --------------------------------------------------------------------------------------

NAMES = [case for case in CASES if not case.startswith("muon")]


@pytest.mark.parametrize("case", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_state_keeps_its_structure_shapes_and_dtypes(case: str, dtype: str) -> None:
    """So it can be carried through a scan; and all of it are arrays, so it can be saved."""
    optimizer = make(optim, case)
    params = fg.tree.map(fnp.asarray, parameters(dtype))
    state = optimizer.init(params)
    grads, value = gradients(params, 1, dtype)
    updates, new = optimizer.update(grads, state, params, value=value)
    assert fg.tree.structure(new) == fg.tree.structure(state)
    for old, each in zip(fg.tree.leaves(state), fg.tree.leaves(new)):
        assert isinstance(old, fg.Array) and isinstance(each, fg.Array)
        assert (old.shape, old.dtype) == (each.shape, each.dtype)
    assert [leaf.dtype for leaf in fg.tree.leaves(updates)] == [np.dtype(dtype)] * 4


@pytest.mark.parametrize("case", CASES)
def test_optimizers_pickle(case: str) -> None:
    if case == "muon_batch":
        pytest.skip("it has a lambda")
    optimizer = make(optim, case)
    params = fg.tree.map(fnp.asarray, parameters("float64"))
    again, state = pickle.loads(pickle.dumps((optimizer, optimizer.init(params))))
    grads, value = gradients(params, 1, "float64")
    assert_close(
        again.update(grads, state, params, value=value),
        optimizer.update(grads, optimizer.init(params), params, value=value),
    )


def test_the_first_state_is_not_changed() -> None:
    optimizer = optim.adam(0.1)
    params = start()
    state = optimizer.init(params)
    one = optimizer.update(params, state)
    assert_close(optimizer.update(params, state), one)
    np.testing.assert_array_equal(state[0].mu["b"], [0.0, 0.0])


def test_arrays_of_the_caller_are_neither_kept_nor_frozen() -> None:
    for size in (3, 10_000, 100_000):  # joined, alone, in blocks
        for optimizer in (optim.adan(0.1), optim.identity(), optim.adam(0.1)):
            g = np.ones(size)
            params = {"w": fnp.zeros(size)}
            updates, state = optimizer.update({"w": g}, optimizer.init(params), params)
            kept = fg.tree.map(np.array, (updates, state))
            g[:] = 7.0
            if not isinstance(updates["w"], np.ndarray):
                assert_close((updates, state), kept)


# --- trees and arrays of all kinds ---------------------------------------------------------------


def one_by_one(optimizer: Any, grads: Any, state: Any, params: Any) -> Any:
    """Update as under a transform, where nothing is joined: with a traced number."""
    return fg.vmap(lambda _: optimizer.update(grads, state, params), axis_size=1)(fnp.zeros(1))


FUSED = optim.chain(
    optim.clip(2.0),
    optim.chain(optim.scale_by_adam(), optim.add_decayed_weights(0.1)),
    optim.trace(0.9),
    optim.scale_by_schedule(optim.linear_schedule(-0.1, -0.2, 10)),
)


def members(chain: Any) -> list[Any]:
    owner = chain.update.__self__
    return [
        m
        for each in owner.transforms
        for m in (members(each) if isinstance(each.update.__self__, Chain) else [each])
    ]


def unfused(chain: Any, grads: Any, states: Any, params: Any) -> Any:
    new = []
    for part, state in zip(members(chain), states):
        grads, one = part.update(grads, state, params)
        new.append(one)
    return grads, new


def flat_states(state: Any) -> list[Any]:
    return [state[0], *state[1], *state[2:]]


shapes = st.lists(
    st.sampled_from([(), (0,), (1,), (3,), (2, 3), (70, 70), (300, 200), (2, 0, 4)]),
    min_size=1,
    max_size=6,
)


@given(shapes, st.sampled_from(["float32", "float64"]), st.booleans())
def test_joined_leaves_are_updated_like_single_ones(
    shapes: list[Any], dtype: str, fortran: bool
) -> None:
    order: Any = "F" if fortran else "C"
    tree = [np.asarray(RNG.normal(size=s), dtype=dtype, order=order) for s in shapes]
    params = [np.asarray(RNG.normal(size=s).astype(dtype)) for s in shapes]
    state = FUSED.init(params)
    for _ in range(2):
        updates, new = FUSED.update(tree, state, params)
        expected, states = unfused(FUSED, tree, flat_states(state), params)
        tolerance = 1e-5 if dtype == "float32" else 1e-12
        assert_close(updates, expected, tolerance)
        assert_close(flat_states(new), states, tolerance)
        assert all(leaf.dtype == dtype for leaf in updates)
        assert [leaf.shape for leaf in updates] == shapes
        state = new


def test_a_chain_runs_its_elementwise_members_together() -> None:
    assert len(FUSED.update.__self__.groups) == 1
    clipped = optim.chain(optim.clip(1.0), optim.clip_by_global_norm(1.0), optim.adam(0.1))
    assert [len(group) for group in clipped.update.__self__.groups] == [1, 3]


def test_a_large_leaf_is_read_once_and_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks that fit into the cache, each element of each array in one of them."""
    monkeypatch.setattr(elementwise, "BLOCK", 1 << 12)
    seen: list[int] = []
    step = elementwise.Step.on_values

    def watched(self: Any, values: Any) -> Any:
        assert all(value.nbytes <= 1 << 12 for value in values)
        seen.append(values[0].size)
        return step(self, values)

    monkeypatch.setattr(elementwise.Step, "on_values", watched)
    optimizer = optim.adamw(0.1)
    params = {"w": fnp.ones(100_001)}
    updates, _ = optimizer.update(params, optimizer.init(params), params)
    assert sum(seen) == 100_001
    np.testing.assert_allclose(updates["w"], -0.1 * (1 + 1e-4))


def test_mixed_dtypes_each_keep_their_own() -> None:
    params = {"a": fnp.ones(3, np.float32), "b": fnp.ones(3), "c": fnp.ones(2, np.float16)}
    optimizer = optim.adam(0.1)
    updates, state = optimizer.update(params, optimizer.init(params), params)
    assert [leaf.dtype for leaf in updates.values()] == [np.float32, np.float64, np.float16]
    assert state[0].nu["a"].dtype == np.float32


def test_the_average_may_have_a_dtype_of_its_own() -> None:
    params = {"w": fnp.ones(3)}
    for optimizer in (
        optim.adam(0.1, mu_dtype=np.float32),
        optim.lion(0.1, mu_dtype="float32"),
        optim.sgd(0.1, momentum=0.9, accumulator_dtype=np.float32),
    ):
        state = optimizer.init(params)
        updates, new = optimizer.update(params, state, params)
        assert {leaf.dtype for leaf in fg.tree.leaves(state)} >= {np.dtype(np.float32)}
        assert [x.dtype for x in fg.tree.leaves(new)] == [x.dtype for x in fg.tree.leaves(state)]
        assert updates["w"].dtype == np.float64


def test_a_dict_in_another_order() -> None:
    optimizer = optim.adam(0.1)
    state = optimizer.init({"a": 1.0, "b": fnp.ones(2)})
    updates, new = optimizer.update({"b": fnp.ones(2), "a": 3.0}, state)
    assert list(updates) == ["b", "a"]
    assert new[0].mu["a"].shape == ()
    params = optim.apply_updates({"a": 1.0, "b": fnp.ones(2)}, updates)
    assert list(params) == ["a", "b"]


def test_complex_parameters() -> None:
    """The squares are those of absolute values, so an update is independent of the phase."""
    z = fnp.array([3.0 + 4.0j, 1.0 - 2.0j])
    for make_optimizer in (optim.adam, optim.amsgrad, optim.adagrad, optim.rmsprop, optim.radam):
        optimizer = make_optimizer(0.1)
        updates, _ = optimizer.update(z, optimizer.init(z), z)
        turned, _ = optimizer.update(z * 1j, optimizer.init(z), z)
        assert updates.dtype == np.complex128
        np.testing.assert_allclose(turned, updates * 1j, rtol=1e-12)
    adam = optim.adam(0.1)
    updates, _ = adam.update(z, adam.init(z), z)
    np.testing.assert_allclose(updates, -0.1 * z / fnp.abs(z), rtol=1e-7)


def test_trees_without_leaves() -> None:
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(0.1))
    updates, _ = optimizer.update({"a": None, "b": ()}, optimizer.init({"a": None, "b": ()}))
    assert updates == {"a": None, "b": ()}
    assert optim.apply_updates({"a": None}, {"a": None}) == {"a": None}
    assert optim.apply_updates({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": None})["b"] == 2.0


def test_integers_are_updated_in_their_dtype() -> None:
    new = optim.apply_updates({"n": fnp.array([1, 2])}, {"n": fnp.array([0.6, 1.0])})
    assert new["n"].dtype == np.int64


# --- parts ---------------------------------------------------------------------------------------


def test_rprop_is_the_textbook() -> None:
    optimizer = optim.rprop(0.1, min_step_size=0.05, max_step_size=0.2)
    params: Any = fnp.array([1.0, -2.0, 0.5])
    state = optimizer.init(params)
    x, size, last = np.array(params), np.full(3, 0.1), np.zeros(3)
    for _ in range(30):
        g = 2 * x * np.array([1.0, 2.0, 0.0])
        agreement = g * last
        factor = np.where(agreement > 0, 1.2, np.where(agreement < 0, 0.5, 1.0))
        size = np.clip(size * factor, 0.05, 0.2)
        g = np.where(agreement < 0, 0.0, g)
        updates, state = optimizer.update(2 * params * np.array([1.0, 2.0, 0.0]), state)
        params = optim.apply_updates(params, updates)
        x, last = x - size * np.sign(g), g
        np.testing.assert_allclose(params, x, atol=1e-12)


def test_masks() -> None:
    params = {"a": {"x": 1.0, "y": 2.0}, "b": 3.0}
    for mask in (
        {"a": True, "b": False},  # the upper part
        {"a": {"x": True, "y": True}, "b": False},
        lambda tree: {"a": True, "b": False},
    ):
        optimizer = optim.masked(optim.trace(0.5), mask)
        state = optimizer.init(params)
        for _ in range(2):
            updates, state = optimizer.update(params, state, params)
        assert_close(updates, {"a": {"x": 1.5, "y": 3.0}, "b": 3.0})
        assert len(fg.tree.leaves(state)) == 2
    everything = optim.masked(optim.scale(2.0), True)
    assert_close(everything.update(params, everything.init(params))[0]["b"], 6.0)


def test_masks_of_further_arguments() -> None:
    seen = {}

    def look(updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        seen.update(extra)
        return updates, state

    inner = optim.GradientTransformationExtraArgs(lambda params: (), look)
    params = {"a": 1.0, "b": 2.0}
    optimizer = optim.masked(inner, {"a": True, "b": False}, mask_compatible_extra_args=True)
    optimizer.update(params, optimizer.init(params), value=5.0, grad=params)
    assert seen["value"] == 5.0
    assert seen["grad"] == {"a": 1.0, "b": optim.MaskedNode()}


def test_labels() -> None:
    params = {"a": {"x": 1.0, "y": 2.0}, "b": 3.0}
    for labels in ({"a": "fast", "b": "slow"}, lambda tree: {"a": "fast", "b": "slow"}):
        optimizer = optim.multi_transform(
            {"fast": optim.sgd(1.0), "slow": optim.adam(0.1), "never": optim.sgd(9.0)}, labels
        )
        updates, state = optimizer.update(params, optimizer.init(params), params)
        assert_close(updates["a"], {"x": -1.0, "y": -2.0})
        assert len(fg.tree.leaves(state.inner_states["slow"])) == 3
    frozen = optim.selective_transform(optim.sgd(1.0), freeze_mask={"a": True, "b": False})
    updates, _ = frozen.update(params, frozen.init(params))
    assert_close(updates, {"a": {"x": 0.0, "y": 0.0}, "b": -3.0})


def test_multi_steps_take_the_step_of_the_mean() -> None:
    params = start()
    collected = optim.MultiSteps(optim.adam(0.1), every_k_schedule=lambda step: 2 + step)
    plain = optim.adam(0.1)
    state, plain_state = collected.init(params), plain.init(params)
    for size in (2, 3, 4):
        parts = [fg.tree.map(lambda p: p * (i + 1.0), params) for i in range(size)]  # noqa: B023
        for part in parts:
            assert not collected.has_updated(state) or part is parts[0]
            updates, state = collected.update(part, state, params)
        assert collected.has_updated(state)
        mean = fg.tree.map(lambda *g: sum(g) / len(g), *parts)
        wanted, plain_state = plain.update(mean, plain_state, params)
        assert_close(updates, wanted, 1e-9)
        params = optim.apply_updates(params, updates)
    assert int(state.gradient_step) == 3
    assert collected.inner_opt.update is not None


def test_multi_steps_leave_gradients_out() -> None:
    for skip, bad in (
        (optim.skip_not_finite, np.nan),
        (functools.partial(optim.skip_large_updates, max_squared_norm=100.0), 1e3),
    ):
        optimizer = optim.MultiSteps(optim.sgd(1.0), 2, False, should_skip_update_fn=skip)
        state = optimizer.init(0.0)
        results = []
        for g in (1.0, bad, 2.0):
            updates, state = optimizer.update(g, state)
            results.append(float(updates))
            assert bool(state.skip_state["should_skip"]) == (g is bad)
        assert results == [0.0, 0.0, -3.0]


def test_steps_that_are_not_finite_are_left_out_until_there_are_too_many() -> None:
    optimizer = optim.apply_if_finite(optim.sgd(1.0), 2)
    state = optimizer.init({"w": 0.0})
    results = []
    for g in (1.0, np.nan, np.inf, np.nan, 2.0):
        updates, state = optimizer.update({"w": g}, state)
        results.append(float(updates["w"]))
    np.testing.assert_array_equal(results, [-1.0, 0.0, 0.0, np.nan, -2.0])
    assert int(state.total_notfinite) == 3
    assert int(state.notfinite_count) == 0
    assert bool(state.last_finite)


@pytest.mark.parametrize("reset", [False, True])
def test_lookahead(reset: bool) -> None:
    optimizer = optim.lookahead(optim.sgd(0.1, momentum=0.9), 3, 0.5, reset_state=reset)
    params = optim.LookaheadParams.init_synced({"w": 1.0})
    state = optimizer.init(params)
    fast = slow = 1.0
    momentum = 0.0
    for step in range(1, 8):
        updates, state = optimizer.update({"w": params.fast["w"]}, state, params)
        params = optim.apply_updates(params, updates)
        momentum = fast + 0.9 * momentum
        fast -= 0.1 * momentum
        if step % 3 == 0:
            fast = slow = slow + 0.5 * (fast - slow)
            momentum = 0.0 if reset else momentum
        assert_close(params, optim.LookaheadParams({"w": fast}, {"w": slow}))


def test_some_steps_only() -> None:
    def every_other(step: Any) -> Any:
        return step % 2 == 0

    for wrapper, otherwise in (
        (optim.conditionally_transform, 1.0),
        (optim.conditionally_mask, 0.0),
    ):
        optimizer = wrapper(optim.scale(5.0), every_other)
        state = optimizer.init({"w": 0.0})
        results = []
        for _ in range(3):
            updates, state = optimizer.update({"w": 1.0}, state)
            results.append(float(updates["w"]))
        assert results == [5.0, otherwise, 5.0]
    asked = optim.conditionally_transform(
        optim.scale(5.0), lambda step, value: value > 1, forward_extra_args=True
    )
    assert float(asked.update(1.0, asked.init(0.0), value=2.0)[0]) == 5.0


def test_settings_in_the_state() -> None:
    optimizer = optim.inject_hyperparams(optim.adamw, static_args="mask")(
        learning_rate=optim.linear_schedule(1.0, 0.0, 10), weight_decay=0.1, mask={"w": True}
    )
    params = {"w": fnp.ones(2, np.float32)}
    state = optimizer.init(params)
    assert state.hyperparams["learning_rate"].dtype == np.float32
    for wanted in (1.0, 0.9, 0.8):
        updates, state = optimizer.update(params, state, params)
        np.testing.assert_allclose(state.hyperparams["learning_rate"], wanted, rtol=1e-6)
        assert updates["w"].dtype == np.float32
    changed = optim.tree.set(state, weight_decay=fnp.asarray(0.5, np.float32))
    assert float(optim.tree.get(changed, "weight_decay")) == 0.5
    before, _ = optimizer.update(params, state, params)
    after, _ = optimizer.update(params, changed, params)
    np.testing.assert_allclose(after["w"] - before["w"], -0.7 * 0.4, rtol=1e-5)


def test_norms_are_safe_to_differentiate() -> None:
    for norm in (
        optim.global_norm,
        optim.tree.norm,
        lambda x: optim.safe_norm(x, 0.0),
        lambda x: optim.safe_root_mean_squares(x, 0.0),
        lambda x: fnp.sum(optim.unitwise_norm(x)),
    ):
        np.testing.assert_array_equal(fg.grad(norm)(fnp.zeros(3)), np.zeros(3))
    tree = {"a": fnp.array([1.0 + 2.0j, 0.0]), "b": fnp.ones((2, 2), order="F"), "c": 2.0}
    np.testing.assert_allclose(optim.global_norm(tree), np.sqrt(5 + 4 + 4))
    assert optim.global_norm({"a": fnp.ones(3, np.float32)}).dtype == np.float32
    assert optim.tree.norm({"a": fnp.array([1.0, -3.0])}, ord=1) == 4.0
    assert optim.tree.norm({"a": fnp.array([1.0, -3.0])}, ord="inf", squared=True) == 9.0


def test_averages_of_parameters() -> None:
    average = optim.ema(0.5)
    state = average.init(start())
    smooth, state = average.update(start(), state)
    assert_close(smooth, start())
    assert_close(optim.incremental_update({"w": 3.0}, {"w": 1.0}, 0.5), {"w": 2.0})
    assert optim.periodic_update({"w": 3.0}, {"w": 1.0}, 3, 2) == {"w": 1.0}


def test_gradients_by_example() -> None:
    grads = {"w": fnp.array([[3.0, 0.0], [0.3, 0.0], [0.0, 0.0]]), "b": fnp.array([4.0, 0.4, 0.0])}
    total, clipped = optim.per_example_global_norm_clip(grads, 1.0)
    assert_close(total, {"w": fnp.array([0.9, 0.0]), "b": 1.2})
    assert int(clipped) == 1


def test_zeroed_nans_are_told() -> None:
    zero = optim.zero_nans()
    grads = {"a": fnp.array([1.0, np.nan]), "b": fnp.ones(2)}
    updates, state = zero.update(grads, zero.init(grads))
    assert_close(updates["a"], fnp.array([1.0, 0.0]))
    assert [bool(found) for found in state.found_nan.values()] == [True, False]


def test_users_transformations_in_a_chain() -> None:
    def shift(updates: Any, state: Any, params: Any = None) -> Any:
        return fg.tree.map(lambda u: u + 1, updates), state + 1

    own = optim.GradientTransformation(lambda params: 0, shift)
    optimizer = optim.chain(optim.scale(2.0), own, optim.scale(3.0))
    updates, state = optimizer.update({"w": 1.0}, optimizer.init({"w": 0.0}), None, value=3.0)
    assert float(updates["w"]) == 9.0
    assert state[1] == 1


def test_a_count_stays_at_its_largest_value() -> None:
    largest = np.iinfo(np.int32).max
    assert optim.safe_increment(fnp.int32(largest)) == largest
    assert optim.safe_increment(fnp.int32(largest - 1)) == largest
    assert fg.vmap(optim.safe_increment)(fnp.array([1, largest], np.int32)).dtype == np.int32


# --- schedules -----------------------------------------------------------------------------------


def test_schedules_under_transforms() -> None:
    schedule = optim.warmup_cosine_decay_schedule(0.0, 1.0, 10, 50)
    counts = fnp.arange(60)
    np.testing.assert_allclose(fg.vmap(schedule)(counts), schedule(counts))
    slope = fg.grad(lambda peak: optim.cosine_decay_schedule(peak, 10)(3))(2.0)
    np.testing.assert_allclose(slope, optim.cosine_decay_schedule(1.0, 10)(3))
    assert pickle.loads(pickle.dumps(schedule))(25) == schedule(25)
    assert repr(optim.constant_schedule(0.1)) == "constant_schedule(value=0.1)"


def test_a_schedule_that_takes_no_time() -> None:
    assert float(optim.linear_schedule(1.0, 0.5, 0)(7)) == 1.0
    assert float(optim.exponential_decay(1.0, 0, 0.5)(7)) == 1.0
    assert float(optim.warmup_cosine_decay_schedule(0.0, 0.0, 2, 4)(3)) == 0.0


# --- together with the rest ----------------------------------------------------------------------


def test_a_training_run_in_a_scan() -> None:
    optimizer = optim.chain(optim.clip_by_global_norm(1.0), optim.adamw(0.1))
    params = fg.tree.map(fnp.asarray, start())

    def body(carry: Any, _: Any) -> Any:
        params, state = carry
        value, grads = fg.value_and_grad(quadratic)(params)
        updates, state = optimizer.update(grads, state, params)
        return (optim.apply_updates(params, updates), state), value

    (last, _), values = lax.scan(body, (params, optimizer.init(params)), length=5)
    assert_close(last, train(optimizer, params, 5))
    assert values[-1] < values[0]


def test_noise_is_a_function_of_the_key_and_the_step() -> None:
    optimizer = optim.noisy_sgd(1.0, eta=0.04, gamma=0.5, key=random.key(3))
    params = {"a": fnp.zeros(4000, np.float32), "b": fnp.zeros(2)}
    state = optimizer.init(params)
    one, new = optimizer.update(params, state)
    again, _ = optimizer.update(params, state)
    assert_close(one, again)
    np.testing.assert_allclose(np.std(one["a"]), 0.2, rtol=0.05)
    assert one["a"].dtype == np.float32
    other, _ = optimizer.update(params, new)
    np.testing.assert_allclose(np.std(other["a"]), 0.2 / 2**0.25, rtol=0.05)
    assert abs(np.corrcoef(one["a"], other["a"])[0, 1]) < 0.1
