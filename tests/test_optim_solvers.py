"""L-BFGS and its line searches, and nonlinear least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import optim
from tests.optimizers import rosenbrock


def minimize(optimizer: Any, loss: Any, x: Any, steps: int) -> tuple[Any, Any, int]:
    """Return the last parameters, the state, and how often the loss was evaluated."""
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return loss(x)

    state = optimizer.init(x)
    value_and_grad = optim.value_and_grad_from_state(counted)
    for _ in range(steps):
        value, grad = value_and_grad(x, state=state)
        if optim.tree.norm(grad) < 1e-9:
            break
        updates, state = optimizer.update(grad, state, x, value=value, grad=grad, value_fn=counted)
        x = optim.apply_updates(x, updates)
    return x, state, calls


# --- line searches -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [2, 10, 50])
def test_lbfgs_finds_the_minimum_of_rosenbrocks_function(size: int) -> None:
    x = fnp.asarray(np.resize([-1.2, 1.0], size))
    steps = 40 + 8 * size
    x, _, calls = minimize(optim.lbfgs(), rosenbrock, x, steps)
    np.testing.assert_allclose(x, np.ones(size), atol=1e-6)
    assert calls < 2 * steps  # the state spares the first evaluation of each step


def test_lbfgs_of_a_tree_in_float32() -> None:
    def loss(params: Any) -> Any:
        return fnp.sum((params["a"] - 2) ** 4) + (params["b"] * params["a"][0] - 3) ** 2

    start = {"a": fnp.ones(3, np.float32), "b": fnp.float32(0.5)}
    params, state, _ = minimize(optim.lbfgs(), loss, start, 30)
    assert {leaf.dtype for leaf in fg.tree.leaves((params, state)) if leaf.dtype.kind == "f"} == {
        np.dtype(np.float32)
    }
    assert float(loss(params)) < 1e-6


def test_lbfgs_of_a_quadratic_needs_few_steps() -> None:
    scales = np.array([1.0, 10.0, 100.0])

    def loss(x: Any) -> Any:
        return fnp.sum(scales * (x - 1) ** 2)

    x, _, _ = minimize(optim.lbfgs(), loss, fnp.zeros(3), 12)
    np.testing.assert_allclose(x, np.ones(3), atol=1e-6)


def test_the_memory_is_a_ring() -> None:
    optimizer = optim.lbfgs(memory_size=2)
    x, state, _ = minimize(optimizer, rosenbrock, fnp.array([-1.2, 1.0]), 70)
    assert state[0].diff_params_memory.shape == (2, 2)
    np.testing.assert_allclose(x, np.ones(2), atol=1e-6)


def test_the_wolfe_conditions_hold() -> None:
    optimizer = optim.lbfgs(linesearch=optim.scale_by_zoom_linesearch(30, curv_rtol=0.2))
    x = fnp.array([-1.2, 1.0])
    state = optimizer.init(x)
    for _ in range(15):
        value, grad = fg.value_and_grad(rosenbrock)(x)
        updates, state = optimizer.update(
            grad, state, x, value=value, grad=grad, value_fn=rosenbrock
        )
        step = float(state[-1].learning_rate)
        slope = float(fnp.vdot(grad, updates)) / step
        x = optim.apply_updates(x, updates)
        new_value, new_grad = fg.value_and_grad(rosenbrock)(x)
        assert float(new_value) <= float(value) + 1e-4 * step * slope + 1e-6 * abs(float(value))
        assert abs(float(fnp.vdot(new_grad, updates)) / step) <= 0.2 * abs(slope)
        np.testing.assert_allclose(state[-1].value, new_value)
        np.testing.assert_allclose(state[-1].grad, new_grad)
        assert int(state[-1].info.num_linesearch_steps) >= 1


def test_a_search_that_leaves_the_domain_comes_back() -> None:
    def loss(x: Any) -> Any:
        return -fnp.sum(fnp.log(1 - x**2)) + 3 * fnp.sum(x)

    for search in (
        optim.scale_by_zoom_linesearch(40),
        optim.scale_by_backtracking_linesearch(60, store_grad=True),
    ):
        optimizer = optim.chain(optim.sgd(1.0), search)
        x, _, _ = minimize(optimizer, loss, fnp.array([0.9, -0.2]), 60)
        np.testing.assert_allclose(x, np.full(2, (1 - np.sqrt(10)) / 3), atol=1e-3)


def test_a_step_that_cannot_be_taken_is_none() -> None:
    def nowhere(x: Any) -> Any:
        return fnp.where(x == 1.0, x, np.nan)

    for search in (
        optim.scale_by_zoom_linesearch(5),
        optim.scale_by_backtracking_linesearch(5, store_grad=True),
    ):
        optimizer = optim.chain(optim.sgd(1.0), search)
        state = optimizer.init(1.0)
        updates, state = optimizer.update(1.0, state, 1.0, value=1.0, grad=1.0, value_fn=nowhere)
        assert float(updates) == 0.0
        assert float(state[-1].value) == 1.0


def test_the_longest_step_is_kept() -> None:
    search = optim.scale_by_zoom_linesearch(20, max_learning_rate=0.25)
    optimizer = optim.chain(optim.sgd(1.0), search)
    updates, state = optimizer.update(
        -1.0, optimizer.init(0.0), 0.0, value=0.0, grad=-1.0, value_fn=lambda x: -x
    )
    assert float(updates) == 0.25
    assert float(state[-1].learning_rate) == 0.25


def test_further_arguments_of_the_loss() -> None:
    def loss(x: Any, target: Any, *, scale: Any = 1.0) -> Any:
        return fnp.sum(scale * (x - target) ** 2)

    optimizer = optim.lbfgs()
    x, target = fnp.zeros(2), fnp.array([1.0, -2.0])
    state = optimizer.init(x)
    value_and_grad = optim.value_and_grad_from_state(loss)
    for _ in range(10):
        value, grad = value_and_grad(x, target, scale=3.0, state=state)
        updates, state = optimizer.update(
            grad, state, x, value=value, grad=grad, value_fn=loss, target=target, scale=3.0
        )
        x = optim.apply_updates(x, updates)
    np.testing.assert_allclose(x, target, atol=1e-8)


# --- least squares: problems of the NIST's Statistical Reference Datasets ------------------------


def numbers(*columns: str) -> Any:
    return [np.array(column.split(), float) for column in columns]


MISRA = numbers(
    "77.6 114.9 141.1 190.8 239.9 289 332.8 378.4 434.8 477.3 536.8 593.1 689.1 760",
    "10.07 14.73 17.94 23.93 29.61 35.18 40.02 44.82 50.76 55.05 61.01 66.4 75.47 81.78",
)
THURBER = numbers(
    "-3.067 -2.981 -2.921 -2.912 -2.84 -2.797 -2.702 -2.699 -2.633 -2.481 -2.363 -2.322 "
    "-1.501 -1.46 -1.274 -1.212 -1.1 -1.046 -0.915 -0.714 -0.566 -0.545 -0.4 -0.309 -0.109 "
    "-0.103 0.01 0.119 0.377 0.79 0.963 1.006 1.115 1.572 1.841 2.047 2.2",
    "80.574 84.248 87.264 87.195 89.076 89.608 89.868 90.101 92.405 95.854 100.696 101.06 "
    "401.672 390.724 567.534 635.316 733.054 759.087 894.206 990.785 1090.109 1080.914 "
    "1122.643 1178.351 1260.531 1273.514 1288.339 1327.543 1353.863 1414.509 1425.208 "
    "1421.384 1442.962 1464.35 1468.705 1447.894 1457.628",
)
MGH10 = numbers(
    "50 55 60 65 70 75 80 85 90 95 100 105 110 115 120 125",
    "34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872",
)


def misra(b: Any, x: Any) -> Any:
    return b[0] * (1 - fnp.exp(-b[1] * x))


def thurber(b: Any, x: Any) -> Any:
    above = b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3
    return above / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def mgh10(b: Any, x: Any) -> Any:
    return b[0] * fnp.exp(b[1] / (x + b[2]))


CERTIFIED = {
    "misra": [2.3894212918e02, 5.5015643181e-04],
    "thurber": [
        *(1.2881396800e03, 1.4910792535e03, 5.8323836877e02, 7.5416644291e01),
        *(9.6629502864e-01, 3.9797285797e-01, 4.9727297349e-02),
    ],
    "mgh10": [5.6096364710e-03, 6.1813463463e03, 3.4522363462e02],
}
SQUARES = {"misra": 1.2455138894e-01, "thurber": 5.6427082397e03, "mgh10": 8.7945855171e01}
PROBLEMS = [
    ("misra", misra, MISRA, [500.0, 1e-4]),
    ("misra", misra, MISRA, [250.0, 5e-4]),
    ("thurber", thurber, THURBER, [1000.0, 1000, 400, 40, 0.7, 0.3, 0.03]),
    ("thurber", thurber, THURBER, [1300.0, 1500, 500, 75, 1, 0.4, 0.05]),
    ("mgh10", mgh10, MGH10, [0.02, 4000.0, 250]),
]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("name", "model", "data", "start"), PROBLEMS)
def test_certified_fits(name: str, model: Any, data: Any, start: Any, mode: str) -> None:
    x, y = data

    def residuals(b: Any, x: Any, y: Any) -> Any:
        return model(b, x) - y

    b, info = optim.levenberg_marquardt(residuals, fnp.array(start), x, y, mode=mode)
    assert bool(info.converged)
    np.testing.assert_allclose(b, CERTIFIED[name], rtol=2e-7)
    np.testing.assert_allclose(2 * info.cost, SQUARES[name], rtol=1e-9)


def decay(params: Any, x: Any, y: Any) -> Any:
    return {"r": params["size"] * fnp.exp(-params["rate"] * x) - y}


def test_a_fit_of_trees() -> None:
    x = np.linspace(0.0, 3.0, 10)
    y = 2.0 * np.exp(-1.5 * x)
    params, info = optim.levenberg_marquardt(decay, {"size": 1, "rate": fnp.ones(())}, x, y)
    np.testing.assert_allclose(params["size"], 2.0, rtol=1e-8)
    np.testing.assert_allclose(params["rate"], 1.5, rtol=1e-8)
    assert float(info.cost) < 1e-15
    assert int(info.iterations) > 1


def test_a_fit_in_float32() -> None:
    x = np.linspace(0.0, 3.0, 10, dtype=np.float32)
    y = 2 * np.exp(-1.5 * x) + 0.01 * np.cos(9 * x)
    start = {"size": fnp.float32(1), "rate": fnp.float32(1)}
    params, info = optim.levenberg_marquardt(decay, start, x, y)
    assert bool(info.converged)
    assert params["rate"].dtype == info.cost.dtype == np.float32


def test_a_fit_to_complex_residuals() -> None:
    x = np.linspace(0.0, 1.0, 20)

    def residuals(w: Any) -> Any:
        return w[0] * fnp.exp(1j * w[1] * x) - 2.0 * np.exp(3j * x)

    w, info = optim.levenberg_marquardt(residuals, fnp.array([1.0, 2.0]))
    np.testing.assert_allclose(w, [2.0, 3.0], rtol=1e-8)
    assert bool(info.converged)


def test_a_fit_is_exact_at_once() -> None:
    w, info = optim.levenberg_marquardt(lambda w: w - 3.0, fnp.array([3.0]))
    assert (float(w[0]), int(info.status), int(info.iterations)) == (3.0, 1, 0)


def test_a_fit_with_a_parameter_that_does_nothing() -> None:
    w, info = optim.levenberg_marquardt(
        lambda w: fnp.stack([w[0] - 3.0, 2 * w[0]]), fnp.array([1.0, 7.0])
    )
    np.testing.assert_allclose(w, [0.6, 7.0])
    assert bool(info.converged)


def test_a_fit_with_more_parameters_than_residuals() -> None:
    w, info = optim.levenberg_marquardt(
        lambda w: fnp.sum(w) - 3.0, fnp.array([1.0, 0.0, 0.0]), mode="reverse"
    )
    np.testing.assert_allclose(fnp.sum(w), 3.0)
    assert bool(info.converged)


def test_a_fit_that_is_cut_short_says_so() -> None:
    x, y = MISRA
    _, info = optim.levenberg_marquardt(
        lambda b: misra(b, x) - y, fnp.array([500.0, 1e-4]), max_iterations=3
    )
    assert not bool(info.converged)
    assert (int(info.status), int(info.iterations)) == (0, 3)


def test_a_trial_that_overflows_is_taken_back() -> None:
    w, info = optim.levenberg_marquardt(
        lambda w: fnp.exp(w) - fnp.array([1e-3]), fnp.array([-20.0]), damping=1e-12
    )
    np.testing.assert_allclose(w, [np.log(1e-3)], rtol=1e-6)
    assert bool(info.converged)


def test_fits_under_transforms() -> None:
    x = np.linspace(0.0, 3.0, 10)

    def rate(y: Any) -> Any:
        start = {"size": 1.0, "rate": 1.0}
        return optim.levenberg_marquardt(decay, start, x, y)[0]["rate"]

    ys = np.stack([2 * np.exp(-1.5 * x), np.exp(-0.5 * x), 3 * np.exp(-2.0 * x)])
    np.testing.assert_allclose(fg.vmap(rate)(ys), [1.5, 0.5, 2.0], rtol=1e-7)
    y = ys[0] + 0.05 * np.cos(5 * x)
    slope = fg.grad(rate)(fnp.asarray(y))
    for index in (0, 4):
        h = 1e-5 * np.eye(10)[index]
        wanted = (rate(y + h) - rate(y - h)) / 2e-5
        np.testing.assert_allclose(slope[index], wanted, rtol=1e-4, atol=1e-7)
