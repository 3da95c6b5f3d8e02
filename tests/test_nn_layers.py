"""Layers and containers: parameters, state, keys, paths of errors, layers of the user's."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from fungrad.testing import check_grads
from tests.cases import normal


def relu(x: Any) -> Any:
    return fnp.maximum(x, 0)


def shapes(tree: Any) -> Any:
    return fg.tree.map(np.shape, tree)


@dataclass(frozen=True)
class Scale(nn.Layer):
    """A layer with a parameter of its own, and with no options."""

    size: int

    def init(self, key: Any, dtype: Any = np.float32) -> Any:
        return {"weight": fnp.ones(self.size, dtype)}

    def __call__(self, params: Any, x: Any) -> Any:
        return x * params["weight"]


@dataclass(frozen=True)
class Block(nn.Layer):
    """A layer of layers, that hands all options on."""

    linear: nn.Linear
    norm: nn.BatchNorm1d
    drop: nn.Dropout
    rate: float = 0.5

    def __call__(
        self, params: Any, x: Any, *, state: Any = None, key: Any = None, training: bool = False
    ) -> Any:
        y = self.linear(params["linear"], x)
        y, norm = self.norm(params["norm"], y, state=state["norm"], training=training)
        y = self.drop({}, y, key=key, training=training)
        return x + self.rate * y, {"norm": norm}


@dataclass(frozen=True)
class Tower(nn.Layer):
    """Children in a tuple and in a dict."""

    stages: tuple[Any, ...]
    heads: dict[str, Any]

    def __call__(self, params: Any, x: Any) -> Any:
        for number, stage in enumerate(self.stages):
            x = stage(params["stages"][str(number)], x) if isinstance(stage, nn.Layer) else stage(x)
        return {name: head(params["heads"][name], x) for name, head in self.heads.items()}


@dataclass(frozen=True)
class Deaf(nn.Layer):
    """A layer that forgets to tell its child that it is in training."""

    child: Any

    def __call__(self, params: Any, x: Any) -> Any:
        return self.child(params.get("child", {}), x)


@dataclass(frozen=True)
class Noisy(nn.Layer):
    """A layer that draws random numbers itself, in training or not."""

    def __call__(self, params: Any, x: Any, *, key: Any = None) -> Any:
        return x + random.normal(key, x.shape)


def block() -> Block:
    return Block(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.25))


def tower() -> Tower:
    return Tower((nn.Linear(3, 4), relu, Scale(4)), {"a": nn.Linear(4, 1), "b": nn.Identity()})


# --- parameters ----------------------------------------------------------------------------------


def test_names_of_parameters() -> None:
    model = nn.Sequential(nn.Linear(4, 3), relu, nn.Dropout(), nn.Sequential(nn.Linear(3, 2)))
    params = model.init(random.key(0))
    assert shapes(params) == {
        "0": {"weight": (3, 4), "bias": (3,)},
        "3": {"0": {"weight": (2, 3), "bias": (2,)}},
    }
    assert all(leaf.dtype == np.float32 for leaf in fg.tree.leaves(params))
    wide = model.init(random.key(0), np.float64)
    assert all(leaf.dtype == np.float64 for leaf in fg.tree.leaves(wide))


def test_named_children() -> None:
    layers = OrderedDict(encoder=nn.Linear(2, 3), act=relu, decoder=nn.Linear(3, 2))
    model = nn.Sequential(layers)
    params = model.init(random.key(0))
    assert list(params) == ["encoder", "decoder"]
    x = normal(2)
    plain = nn.Sequential(*layers.values())
    renamed = {"0": params["encoder"], "2": params["decoder"]}
    np.testing.assert_array_equal(model(params, x), plain(renamed, x))


def test_children_of_own_layers() -> None:
    assert shapes(tower().init(random.key(0))) == {
        "stages": {"0": {"weight": (4, 3), "bias": (4,)}, "2": {"weight": (4,)}},
        "heads": {"a": {"weight": (1, 4), "bias": (1,)}},
    }
    assert [path for path, _ in tower().children()] == [
        "stages.0",
        "stages.2",
        "heads.a",
        "heads.b",
    ]


def test_every_child_has_its_own_key() -> None:
    params = nn.Sequential(*[nn.Linear(3, 3) for _ in range(4)]).init(random.key(0))
    drawn = {float(leaf.ravel()[0]) for leaf in fg.tree.leaves(params)}
    assert len(drawn) == 8
    again = nn.Sequential(*[nn.Linear(3, 3) for _ in range(4)]).init(random.key(0))
    assert fg.tree.all(fg.tree.map(lambda x, y: bool(np.all(x == y)), params, again))
    key = random.key(0)
    nn.Linear(2, 2).init(key)
    with pytest.raises(errors.KeyReuseError):
        nn.Linear(2, 2).init(key)


def test_linear_draws_what_pytorch_draws() -> None:
    params = nn.Linear(100, 50).init(random.key(0))
    for leaf in params.values():
        assert 0.09 < np.max(np.abs(leaf)) <= 0.1
        assert abs(float(np.mean(leaf))) < 0.02
    weight = nn.Embedding(50, 40, padding_idx=-1).init(random.key(0))["weight"]
    assert abs(float(np.std(weight[:-1])) - 1) < 0.05
    np.testing.assert_array_equal(weight[49], np.zeros(40))


def test_initializers_of_the_users() -> None:
    seen = []

    def ones(key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        seen.append((shape, dtype))
        return fnp.ones(shape, dtype)

    nn.Linear(2, 3, weight_init=ones, bias_init=ones).init(random.key(0), np.float64)
    nn.Bilinear(2, 3, 4, weight_init=ones).init(random.key(0))
    nn.Embedding(5, 2, weight_init=ones).init(random.key(0))
    assert [shape for shape, _ in seen] == [(2, 3), (3,), (2, 3, 4), (5, 2)]
    assert seen[0][1] == np.float64


def test_layers_without_parameters_take_an_empty_dict() -> None:
    for layer in (nn.Identity(), nn.Flatten(0), nn.Dropout(), nn.LayerNorm(3, 1e-5, False)):
        assert layer.init(random.key(0)) == {}
        assert layer.init_state() == {}
        assert layer({}, np.ones(3)).shape == (3,)


def test_ten_thousand_parameters_in_a_table() -> None:
    table = nn.summary({"a": {"w": np.ones((100, 100))}, "b": [np.ones(3, np.float32), 2.0]})
    assert (table.count, table.bytes) == (10_004, 80_020)
    assert str(table).splitlines() == [
        "path   shape       dtype     count   bytes",
        "------------------------------------------",
        "a.w    (100, 100)  float64  10,000  80,000",
        "b.0    (3,)        float32       3      12",
        "b.1    ()          float64       1       8",
        "------------------------------------------",
        "total                       10,004  80,020",
    ]
    assert nn.summary({}).count == 0
    assert "total" in repr(nn.summary({}))


# --- results -------------------------------------------------------------------------------------


def test_linear_along_the_last_axis() -> None:
    layer = nn.Linear(3, 2)
    params = layer.init(random.key(0), np.float64)
    weight, bias = (np.asarray(params[name]) for name in ("weight", "bias"))
    for shape in ((3,), (4, 3), (2, 4, 3), (0, 3)):
        x = normal(*shape)
        np.testing.assert_allclose(layer(params, x), x @ weight.T + bias, rtol=1e-14)
    assert nn.Linear(3, 2, bias=False)(params, normal(3)).shape == (2,)
    assert layer(params, [1, 2, 3]).dtype == np.float64
    assert layer(layer.init(random.key(0)), np.arange(3)).dtype == np.float32
    assert layer(params, 1j * normal(3)).dtype == np.complex128


def test_bilinear() -> None:
    layer = nn.Bilinear(2, 3, 4)
    params = layer.init(random.key(0), np.float64)
    x, y = normal(5, 2), normal(5, 3)
    expected = np.einsum("ni,oij,nj->no", x, params["weight"], y) + params["bias"]
    np.testing.assert_allclose(layer(params, x, y), expected, rtol=1e-12)
    check_grads(layer, (params, x, y), order=2)
    with pytest.raises(errors.LayerShapeError, match=r"float64\[5,2\]; expected the shape"):
        layer(params, x, x)


def test_embedding() -> None:
    layer = nn.Embedding(5, 3, padding_idx=1)
    params = layer.init(random.key(0), np.float64)
    rows = np.array([[4, 1, 4], [0, 1, 1]])
    np.testing.assert_array_equal(layer(params, rows), np.asarray(params["weight"])[rows])
    gradient = fg.grad(lambda params: fnp.sum(layer(params, rows)))(params)["weight"]
    np.testing.assert_array_equal(gradient, np.array([1.0, 0, 0, 0, 2])[:, None] * np.ones(3))
    assert layer(params, 4).shape == (3,)
    with pytest.raises(errors.IndexOutOfBoundsError) as caught:
        layer(params, np.array([5]))
    assert caught.value.__notes__ == [
        "in layer Embedding(num_embeddings=5, embedding_dim=3, padding_idx=1)"
    ]


def test_flatten_and_unflatten() -> None:
    x = normal(2, 3, 4, 5)
    assert nn.Flatten()({}, x).shape == (2, 60)
    assert nn.Flatten(0)({}, x).shape == (120,)
    assert nn.Flatten(1, 2)({}, x).shape == (2, 12, 5)
    assert nn.Flatten(-2)({}, x[:0]).shape == (0, 3, 20)
    assert nn.Unflatten(1, (1, -1))({}, x).shape == (2, 1, 3, 4, 5)
    assert nn.Unflatten(-1, [5, 1])({}, x).shape == (2, 3, 4, 5, 1)
    with pytest.raises(errors.LayerShapeError, match="an array with the axes 1 to -1"):
        nn.Flatten()({}, np.ones(3))
    with pytest.raises(errors.LayerShapeError, match="an array with an axis 4"):
        nn.Unflatten(4, (1, 1))({}, x)


def test_residual() -> None:
    block = nn.Residual(nn.Linear(3, 5), relu, nn.Linear(5, 3))
    params, x = block.init(random.key(0), np.float64), normal(2, 3)
    inner = nn.Sequential(*block)
    np.testing.assert_allclose(block(params, x), x + inner(params, x), rtol=1e-14)
    assert block(params, x, state={})[1] == {}
    assert repr(block).startswith("Residual(\n  (0): Linear(")
    wrong = nn.Sequential(nn.Residual(nn.Linear(3, 2)))
    message = r"layer 0, Residual: the input is float64\[2,3\]; expected the shape of the result"
    with pytest.raises(errors.LayerShapeError, match=message):
        wrong(wrong.init(random.key(0)), x)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Linear(3, 2), (4, 3)),
        (nn.LayerNorm((2, 3)), (4, 2, 3)),
        (nn.LayerNorm(3, bias=False), (4, 3)),
        (nn.RMSNorm(3), (4, 3)),
        (nn.GroupNorm(2, 4), (3, 4, 2)),
        (nn.InstanceNorm1d(2, affine=True), (3, 2, 4)),
    ],
)
def test_derivatives_and_vmap(layer: Any, shape: tuple[int, ...]) -> None:
    params, x = layer.init(random.key(0), np.float64), normal(*shape)
    check_grads(lambda params, x: fnp.sin(layer(params, x)), (params, x), order=2)
    y = layer(params, x)
    if not isinstance(layer, nn.GroupNorm):
        np.testing.assert_allclose(fg.vmap(layer, (None, 0))(params, x), y, rtol=1e-12)
    stack = fg.vmap(layer, (None, 0))(params, np.stack([x, 2 * x]))
    np.testing.assert_allclose(stack[0], y, rtol=1e-12)


# --- state ---------------------------------------------------------------------------------------


def test_batch_norm() -> None:
    layer = nn.BatchNorm1d(3, momentum=0.5)
    params, state = layer.init(random.key(0), np.float64), layer.init_state(np.float64)
    x = 5 + 2 * normal(8, 3)
    y, after = layer(params, x, state=state, training=True)
    np.testing.assert_allclose(np.mean(y, 0), np.zeros(3), atol=1e-12)
    np.testing.assert_allclose(np.std(y, 0), np.ones(3), rtol=1e-4)
    np.testing.assert_allclose(after["running_mean"], np.mean(x, 0) / 2)
    np.testing.assert_allclose(after["running_var"], 0.5 + np.var(x, 0, ddof=1) / 2)
    assert int(after["num_batches_tracked"]) == 1
    assert int(state["num_batches_tracked"]) == 0  # nothing is changed in place
    y, same = layer(params, x, state=after)
    assert same is after
    scale = 1 / np.sqrt(np.asarray(after["running_var"]) + 1e-5)
    np.testing.assert_allclose(y, (x - np.asarray(after["running_mean"])) * scale)
    np.testing.assert_array_equal(
        layer(params, x, training=True), layer(params, x, state=state, training=True)[0]
    )


def test_derivatives_of_batch_norm() -> None:
    layer = nn.BatchNorm2d(2)
    params, state = layer.init(random.key(0), np.float64), layer.init_state(np.float64)
    x = normal(3, 2, 2, 2)
    for training in (True, False):
        check_grads(
            lambda params, x, training=training: fnp.sin(
                layer(params, x, state=state, training=training)[0]
            ),
            (params, x),
            order=2,
        )


def test_no_derivative_passes_through_the_state() -> None:
    layer = nn.BatchNorm1d(2)
    params, state = layer.init(random.key(0)), layer.init_state()

    def loss(x: Any) -> Any:
        _, after = layer(params, x, state=state, training=True)
        return fnp.sum(after["running_mean"]), after

    gradient, after = fg.grad(loss, has_aux=True)(normal(4, 2))
    np.testing.assert_array_equal(gradient, np.zeros((4, 2)))
    assert type(after["running_mean"]) is fg.Array


def test_state_of_a_model() -> None:
    model = nn.Sequential(
        nn.Linear(4, 4),
        nn.BatchNorm1d(4),
        relu,
        block(),
        nn.BatchNorm1d(4, track_running_stats=False),
    )
    params, state = model.init(random.key(0)), model.init_state()
    assert set(state) == {"1", "3"}
    assert set(state["3"]) == {"norm"}
    x = normal(6, 4)
    y, after = model(params, x, state=state, key=random.key(1), training=True)
    assert y.shape == (6, 4)
    assert shapes(after) == shapes(state)
    assert int(after["3"]["norm"]["num_batches_tracked"]) == 1

    def loss(params: Any, state: Any) -> Any:
        y, after = model(params, x, state=state, key=random.key(1), training=True)
        return fnp.mean(y**2), after

    (_, after), gradients = fg.value_and_grad(loss, has_aux=True)(params, after)
    assert int(after["1"]["num_batches_tracked"]) == 2
    assert shapes(gradients) == shapes(params)


def test_layers_without_state_pass_it_through() -> None:
    for layer, x in ((nn.Linear(3, 2), np.ones(3)), (Scale(3), np.ones(3)), (nn.Dropout(), 1.0)):
        y, after = layer(layer.init(random.key(0)), x, state={})
        np.testing.assert_array_equal(y, layer(layer.init(random.key(0)), x))
        assert after == {}


def test_running_statistics_keep_their_dtype() -> None:
    layer = nn.BatchNorm1d(3)
    state = layer.init_state()
    y, state = layer(
        layer.init(random.key(0), np.float64), normal(4, 3), state=state, training=True
    )
    assert y.dtype == np.float64
    assert state["running_mean"].dtype == state["running_var"].dtype == np.float32
    y, _ = layer(layer.init(random.key(0)), normal(4, 3), state=layer.init_state(np.float64))
    assert y.dtype == np.float32


# --- randomness ----------------------------------------------------------------------------------


def test_dropout() -> None:
    layer, x = nn.Dropout(0.25), np.ones(10_000, np.float32)
    assert layer({}, x) is x
    y = np.asarray(layer({}, x, key=random.key(0), training=True))
    assert y.dtype == np.float32
    np.testing.assert_allclose(np.unique(y), [0, 4 / 3], rtol=1e-6)
    assert abs(np.mean(y) - 1) < 0.02
    again = layer({}, x, key=random.key(0), training=True)
    np.testing.assert_array_equal(y, again)
    assert np.any(y != np.asarray(layer({}, x, key=random.key(1), training=True)))
    assert nn.Dropout(0.0)({}, x, training=True) is x
    np.testing.assert_array_equal(nn.Dropout(1.0)({}, x, key=random.key(0), training=True), 0 * x)
    assert layer({}, np.arange(3), key=random.key(0), training=True).dtype == np.float64


def test_dropout_of_channels() -> None:
    x = np.ones((4, 8, 3, 3))
    y = np.asarray(nn.Dropout2d()({}, x, key=random.key(0), training=True))
    np.testing.assert_array_equal(y, y[:, :, :1, :1] * x)
    assert {0.0, 2.0} == set(y.ravel().tolist())
    assert nn.Dropout1d()({}, x[0, :, :2], key=random.key(0), training=True).shape == (8, 2, 3)
    with pytest.raises(errors.LayerShapeError, match=r"expected the shape \(N, C, D, H, W\)"):
        nn.Dropout3d()({}, x[0, 0], key=random.key(0), training=True)


def test_dropout_under_transforms() -> None:
    layer, x = nn.Dropout(), normal(6)

    def loss(x: Any) -> Any:
        return fnp.sum(layer({}, x, key=random.key(3), training=True) ** 2)

    y = np.asarray(layer({}, x, key=random.key(3), training=True))
    np.testing.assert_allclose(fg.grad(loss)(x), 8 * x * (y != 0))
    keys = random.split(random.key(0), 5)
    rows = fg.vmap(lambda key: layer({}, np.ones(6), key=key, training=True))(keys)
    assert len({tuple(row.tolist()) for row in rows}) > 1


def test_keys_of_a_model() -> None:
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()), nn.Linear(2, 2), nn.Dropout())
    params, x = model.init(random.key(0)), np.ones((50, 2))
    first = model(params, x, key=random.key(1), training=True)
    np.testing.assert_array_equal(first, model(params, x, key=random.key(1), training=True))
    assert np.any(first != model(params, x, key=random.key(2), training=True))
    key = random.key(0)
    model(params, x, key=key, training=True)
    with pytest.raises(errors.KeyReuseError):
        model(params, x, key=key, training=True)
    quiet = nn.Sequential(nn.Linear(2, 2), relu)
    key = random.key(0)
    quiet(quiet.init(random.key(0)), x, key=key, training=True)  # nothing to draw
    random.split(key)


def test_a_layer_that_draws_by_itself() -> None:
    model = nn.Sequential(nn.Identity(), Noisy())
    assert model.uses("key")
    assert not model.uses("training")
    y = model({}, np.zeros(3), key=random.key(0))
    assert np.all(np.asarray(y) != 0)


# --- layers as values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(2, 3),
        nn.Conv2d(1, 2, 3),
        nn.Sequential(nn.Linear(2, 3), np.tanh),
        nn.Residual(nn.Dropout(0.1)),
        block(),
        nn.BatchNorm1d(3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_are_values(layer: Any) -> None:
    again = pickle.loads(pickle.dumps(layer))
    assert again == layer
    assert hash(again) == hash(layer)
    assert fg.tree.leaves({"layer": layer, "x": 1.0}) == [1.0]
    assert fg.tree.map(lambda x: 2 * x, {"layer": layer, "x": 1.0}) == {"layer": layer, "x": 2.0}
    with pytest.raises(AttributeError):
        setattr(layer, next(iter(vars(layer))), 3)
    assert layer != nn.Linear(7, 7)


def test_a_layer_as_an_argument_of_a_transform() -> None:
    layer = nn.Linear(3, 1)
    params, x = layer.init(random.key(0), np.float64), normal(3)
    gradient = fg.grad(lambda params, layer: fnp.sum(layer(params, x)))(params, layer)
    np.testing.assert_array_equal(gradient["weight"], x[None])


def test_sequential_is_a_sequence() -> None:
    model = nn.Sequential({"a": nn.Linear(2, 3), "b": relu, "c": nn.Linear(3, 4)})
    assert len(model) == 3
    assert list(model)[1] is relu
    assert model[0] == model["a"] == model[-3] == nn.Linear(2, 3)
    assert model[1:].names == ("b", "c")
    params = model.init(random.key(0))
    x = normal(2)
    np.testing.assert_array_equal(model[1:](params, model[:1](params, x)), model(params, x))
    with pytest.raises(KeyError):
        model["d"]


def test_repr() -> None:
    assert repr(nn.Linear(64, 10)) == "Linear(in_features=64, out_features=10, bias=True)"
    assert repr(nn.Sequential(relu, np.tanh)) == "Sequential(relu, tanh)"
    assert repr(tower()).splitlines() == [
        "Tower(",
        "  (stages): tuple(",
        "    (0): Linear(in_features=3, out_features=4, bias=True)",
        "    (1): relu",
        "    (2): Scale(size=4)",
        "  )",
        "  (heads): dict(",
        "    (a): Linear(in_features=4, out_features=1, bias=True)",
        "    (b): Identity()",
        "  )",
        ")",
    ]


# --- mistakes ------------------------------------------------------------------------------------


def test_the_path_of_a_layer() -> None:
    model = nn.Sequential({"body": nn.Sequential(relu, tower())})
    params = model.init(random.key(0))
    with pytest.raises(errors.LayerShapeError) as caught:
        model(params, np.ones(5))
    assert caught.value.path == "body.1.stages.0"
    assert str(caught.value).startswith("layer body.1.stages.0, Linear(in_features=3,")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.path) == (str(caught.value), caught.value.path)
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), lambda x: x @ np.ones(5)))
    with pytest.raises(errors.ShapeError) as other:
        model(model.init(random.key(0)), np.ones(2))
    assert other.value.__notes__ == ["in layer 0, Sequential"]


def test_a_layer_that_stands_twice() -> None:
    shared = nn.Linear(3, 4)
    model = nn.Sequential(shared, shared)
    with pytest.raises(errors.LayerShapeError) as caught:
        model(model.init(random.key(0)), np.ones(3))
    assert caught.value.path == "0 or 1"


def test_options_that_a_layer_does_not_hand_on() -> None:
    x = np.ones((3, 2))
    assert nn.Sequential(Deaf(nn.Linear(2, 2))).uses("training") is False
    layer = Deaf(nn.Dropout())
    assert layer({}, x) is x
    with pytest.raises(errors.IgnoredArgumentError, match="takes no training=, which its child"):
        layer({}, x, training=True, key=random.key(0))
    layer = Deaf(nn.Sequential(nn.BatchNorm1d(2)))
    with pytest.raises(errors.IgnoredArgumentError, match="takes no state=, which its child"):
        layer(layer.init(random.key(0)), x, state=layer.init_state())


def test_one_number_has_no_variance() -> None:
    layer = nn.BatchNorm1d(3)
    with pytest.raises(errors.LayerShapeError, match="more than one number for each channel"):
        layer(layer.init(random.key(0)), np.ones((1, 3)), training=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Linear(3, 0), "Linear: out_features is 0; it must be a positive integer"),
        (lambda: nn.Linear(3.0, 1), "Linear: in_features is 3.0; it must be"),
        (lambda: nn.Linear(True, 1), "Linear: in_features is True; it must be"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "padding_idx is 3, but there are 3 rows"),
        (lambda: nn.Dropout(1.5), "p is 1.5; it must be a probability"),
        (lambda: nn.LayerNorm((3, 0)), "normalized_shape is"),
        (lambda: nn.GroupNorm(2, 3), "num_groups is 2, which does not divide num_channels, 3"),
        (lambda: nn.InstanceNorm1d(2, momentum=None), "momentum is None"),
        (lambda: nn.Sequential(nn.Linear(2, 2), 3), "'1' is 3; it takes layers and functions"),
        (lambda: nn.Sequential(nn.Linear), "'0' is <class"),
        (lambda: nn.Sequential({"a.b": relu}), "the name 'a.b' contains a dot"),
    ],
)
def test_settings_that_cannot_be(make: Any, message: str) -> None:
    with pytest.raises(errors.LayerArgumentError, match=message):
        make()


def test_a_layer_without_a_call() -> None:
    @dataclass(frozen=True)
    class Empty(nn.Layer):
        pass

    with pytest.raises(NotImplementedError, match="Empty does not define __call__"):
        Empty()({}, 1.0)
