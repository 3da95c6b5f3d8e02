"""Layers give what PyTorch's layers of the same names give, from PyTorch's own weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from tests.torch_models import MODELS

with np.load(Path(__file__).parent / "data" / "torch_layers.npz") as file:
    RECORDED = dict(file)

runs = pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name, model in MODELS.items() for mode in model.modes]
)


def make(name: str) -> Any:
    return MODELS[name].make(nn, lambda x: fnp.maximum(x, 0), np.tanh)


def recorded(prefix: str) -> dict[str, Any]:
    """Return the arrays whose names begin with the prefix, nested at the dots."""
    tree: dict[str, Any] = {}
    for name, value in RECORDED.items():
        if name.startswith(prefix + "/"):
            *path, last = name.removeprefix(prefix + "/").split(".")
            place = tree
            for step in path:
                place = place.setdefault(step, {})
            place[last] = value
    return tree


def assert_close(ours: Any, theirs: Any) -> None:
    assert fg.tree.structure(ours) == fg.tree.structure(theirs)
    for x, y in zip(fg.tree.leaves(ours), fg.tree.leaves(theirs)):
        assert x.dtype == y.dtype
        scale = max(1.0, float(np.max(np.abs(y), initial=0)))
        np.testing.assert_allclose(np.asarray(x), y, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", MODELS)
def test_the_names_and_shapes_are_pytorchs(name: str) -> None:
    layer = make(name)
    prefix = f"{name}/{MODELS[name].modes[0]}"
    shapes = fg.tree.map(lambda x: (x.shape, x.dtype), recorded(f"{prefix}/params"))
    assert fg.tree.map(lambda x: (x.shape, x.dtype), layer.init(random.key(0))) == shapes
    shapes = fg.tree.map(lambda x: (x.shape, x.dtype), recorded(f"{prefix}/state"))
    assert fg.tree.map(lambda x: (x.shape, x.dtype), layer.init_state()) == shapes


@runs
def test_the_output_is_pytorchs(name: str, mode: str) -> None:
    prefix = f"{name}/{mode}"
    params, state = recorded(f"{prefix}/params"), recorded(f"{prefix}/state")
    x = RECORDED[f"{prefix}/input"]
    y, after = make(name)(params, x, state=state, training=mode == "train")
    assert_close(y, RECORDED[f"{prefix}/output"])
    assert_close(after, recorded(f"{prefix}/after"))


@runs
def test_the_gradients_are_pytorchs(name: str, mode: str) -> None:
    prefix = f"{name}/{mode}"
    params, state = recorded(f"{prefix}/params"), recorded(f"{prefix}/state")
    x, output = RECORDED[f"{prefix}/input"], RECORDED[f"{prefix}/output"]
    weights = np.cos(np.arange(output.size)).reshape(output.shape).astype(np.float32)

    def loss(params: Any, x: Any) -> Any:
        y, _ = make(name)(params, x, state=state, training=mode == "train")
        return fnp.sum(y * weights)

    wanted = recorded(f"{prefix}/gradients")
    if x.dtype.kind == "f":
        gradients, of_x = fg.grad(loss, (0, 1))(params, x)
        assert_close(of_x, wanted.pop("input"))
    else:
        gradients = fg.grad(loss)(params, x)
    assert_close(gradients, wanted)


@pytest.mark.parametrize("name", MODELS)
def test_a_state_dict_becomes_parameters_and_state(name: str) -> None:
    prefix = f"{name}/{MODELS[name].modes[0]}"
    params, state = recorded(f"{prefix}/params"), recorded(f"{prefix}/state")
    given = {
        key.removeprefix(f"{prefix}/{kind}/"): value
        for kind in ("params", "state")
        for key, value in RECORDED.items()
        if key.startswith(f"{prefix}/{kind}/")
    }
    loaded = nn.load_state_dict(make(name), given)
    assert_close(loaded, (params, state))
    assert_close(nn.load_state_dict(make(name), loaded[0] if not state else given), loaded)


def test_a_state_dict_of_another_model() -> None:
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(4)])
    with pytest.raises(errors.StateDictError, match=r"there is no '0.weight', .* and 3 more;"):
        nn.load_state_dict(model, {})
