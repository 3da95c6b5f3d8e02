"""Recurrent layers: PyTorch's results, states, directions, all transforms."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from fungrad.testing import check_grads
from tests.torch_sequences import MODELS

with np.load(Path(__file__).parent / "data" / "torch_sequence.npz") as file:
    RECORDED = dict(file)

KINDS = (nn.RNN, nn.GRU, nn.LSTM)
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def recorded(prefix: str) -> dict[str, Any]:
    """Return the arrays whose names begin with the prefix, by the rest of their names."""
    return {
        name.removeprefix(prefix + "/"): value
        for name, value in RECORDED.items()
        if name.startswith(prefix + "/")
    }


def nested(arrays: dict[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in arrays.items():
        *path, last = name.split(".")
        place = tree
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return tree


def inputs_of(name: str) -> Any:
    """Return the recorded inputs, in the structure of the model's."""
    leaves = list(recorded(f"{name}/inputs").values())
    shapes = [
        tuple(leaves.pop(0) for _ in shape) if isinstance(shape[0], tuple) else leaves.pop(0)
        for shape in MODELS[name].inputs
    ]
    assert not leaves
    return tuple(shapes)


def applied(name: str, params: Any, *inputs: Any) -> list[Any]:
    """Return all outputs of a model."""
    model = MODELS[name]
    options = {"need_weights": True} if name.startswith("attention") else {}
    return fg.tree.leaves(model.make(nn)(params, *inputs, **model.options, **options))


def assert_close(ours: Any, theirs: Any) -> None:
    assert fg.tree.structure(ours) == fg.tree.structure(theirs)
    for x, y in zip(fg.tree.leaves(ours), fg.tree.leaves(theirs)):
        assert x.dtype == y.dtype
        assert x.shape == y.shape
        scale = max(1.0, float(np.max(np.abs(y), initial=0)))
        np.testing.assert_allclose(np.asarray(x), y, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", MODELS)
def test_the_names_and_shapes_are_pytorchs(name: str) -> None:
    params = MODELS[name].make(nn).init(random.key(0))
    theirs = nested(recorded(f"{name}/params"))
    assert fg.tree.map(np.shape, params) == fg.tree.map(np.shape, theirs)


@pytest.mark.parametrize("name", MODELS)
def test_outputs_and_gradients_are_pytorchs(name: str) -> None:
    params, inputs = nested(recorded(f"{name}/params")), inputs_of(name)
    outputs = applied(name, params, *inputs)
    assert_close(outputs, list(recorded(f"{name}/outputs").values()))

    def loss(params: Any, inputs: Any) -> Any:
        return sum(
            fnp.sum(y * np.cos(np.arange(y.size)).reshape(y.shape).astype(np.float32))
            for y in applied(name, params, *inputs)
        )

    of_params, of_inputs = fg.grad(loss, (0, 1))(params, inputs)
    wanted = recorded(f"{name}/gradients")
    for position, gradient in enumerate(fg.tree.leaves(of_inputs)):
        assert_close(gradient, wanted.pop(f"input {position}"))
    assert_close(of_params, nested(wanted))


@kinds
def test_a_sequence_in_two_pieces(kind: Any) -> None:
    layer = kind(3, 4, num_layers=2)
    params = layer.init(random.key(0), np.float64)
    x = np.random.default_rng(0).normal(size=(7, 2, 3))
    whole, last = layer(params, x)
    first, state = layer(params, x[:3])
    second, end = layer(params, x[3:], state)
    np.testing.assert_allclose(fnp.concatenate([first, second]), whole, atol=1e-12)
    for ours, theirs in zip(fg.tree.leaves(end), fg.tree.leaves(last)):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@kinds
def test_steps_by_cells(kind: Any) -> None:
    layer = kind(3, 4)
    params = layer.init(random.key(0), np.float64)
    cell = getattr(nn, kind.__name__ + "Cell")(3, 4)
    own = {name.removesuffix("_l0"): value for name, value in params.items()}
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    state, outputs = None, []
    for each in x:
        state = cell(own, each, state)
        outputs.append(state[0] if kind is nn.LSTM else state)
    np.testing.assert_allclose(fnp.stack(outputs), layer(params, x)[0], atol=1e-12)
    np.testing.assert_allclose(
        fg.tree.leaves(cell(own, x[0, 0]))[0], fg.tree.leaves(cell(own, x[0]))[0][0], atol=1e-12
    )


@kinds
def test_all_transforms(kind: Any) -> None:
    layer = kind(1, 2, bidirectional=True)
    params = layer.init(random.key(0), np.float64)
    x = np.random.default_rng(0).normal(size=(3, 3, 2, 1))
    check_grads(lambda params, x: layer(params, x)[0], (params, x[0, :2, :1]), order=2)

    def loss(params: Any, x: Any) -> Any:
        return fnp.sum(layer(params, x)[0] ** 2)

    rows = [fg.grad(loss)(params, each) for each in x]
    together = fg.vmap(fg.grad(loss), in_axes=(None, 0))(params, x)
    for name, value in together.items():
        expected = fnp.stack([row[name] for row in rows])
        np.testing.assert_allclose(value, expected, atol=1e-11)


@kinds
def test_an_ensemble(kind: Any) -> None:
    layer = kind(2, 3)
    keys = random.split(random.key(0), 3)
    members = fg.vmap(lambda key: layer.init(key, np.float64))(keys)
    x = np.random.default_rng(0).normal(size=(4, 2, 2))
    outputs = fg.vmap(lambda params: layer(params, x)[0])(members)
    for i in range(3):
        own = fg.tree.map(lambda leaf, i=i: leaf[i], members)
        np.testing.assert_allclose(outputs[i], layer(own, x)[0], atol=1e-12)


@kinds
def test_dropout_between_layers(kind: Any) -> None:
    layer = kind(3, 4, num_layers=2, dropout=0.5)
    params = layer.init(random.key(0))
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    y, _ = layer(params, x)
    dropped, _ = layer(params, x, key=random.key(1), training=True)
    again, _ = layer(params, x, key=random.key(1), training=True)
    assert y.dtype == dropped.dtype == np.float32
    assert not np.array_equal(y, dropped)
    np.testing.assert_array_equal(dropped, again)
    with pytest.raises(errors.MissingKeyError):
        layer(params, x, training=True)


@kinds
def test_layers_are_values(kind: Any) -> None:
    layer = kind(3, 4, bidirectional=True)
    assert pickle.loads(pickle.dumps(layer)) == layer
    assert hash(layer) == hash(kind(3, 4, bidirectional=True))
    assert repr(layer).startswith(f"{kind.__name__}(input_size=3, hidden_size=4, num_layers=1")


@kinds
def test_state_and_no_steps(kind: Any) -> None:
    layer = kind(3, 4)
    params = layer.init(random.key(0))
    (y, _), state = layer(params, np.ones((5, 2, 3)), state={})
    assert y.shape == (5, 2, 4)
    assert state == {}
    y, last = layer(params, np.ones((0, 2, 3)))
    assert y.shape == (0, 2, 4)
    assert not np.asarray(fg.tree.leaves(last)[0]).any()


def test_wrong_settings() -> None:
    for make, text in (
        (lambda: nn.RNN(3, 0), "hidden_size is 0"),
        (lambda: nn.RNN(3, 4, nonlinearity="sin"), "nonlinearity is 'sin'"),
        (lambda: nn.GRU(3, 4, dropout=2.0), "dropout is 2.0"),
        (lambda: nn.LSTM(3, 4, proj_size=4), "proj_size is 4"),
        (lambda: nn.RNNCell(3, 4, nonlinearity="sin"), "nonlinearity is 'sin'"),
    ):
        with pytest.raises(errors.LayerArgumentError, match=text):
            make()


def test_wrong_states() -> None:
    layer = nn.LSTM(3, 4)
    params = layer.init(random.key(0))
    x = np.ones((5, 2, 3))
    zeros = np.zeros((1, 2, 4))
    with pytest.raises(errors.CarriedStateError, match="is a pair"):
        layer(params, x, zeros)
    with pytest.raises(errors.CarriedStateError, match=r"c0 is float64\[1,1,4\]"):
        layer(params, x, (zeros, zeros[:, :1]))
    with pytest.raises(errors.LayerShapeError, match=r"\(steps, batch, 3\)"):
        layer(params, x[..., :2])
