"""Attention and transformers; PyTorch's results are checked in `test_nn_recurrent`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import errors, nn, random
from fungrad.testing import check_grads

rng = np.random.default_rng(0)
QUERY, KEY, VALUE = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(2, 6, 4, 5)), None
VALUE = rng.normal(size=(2, 6, 4, 7))


def reference(q: Any, k: Any, v: Any, seen: Any = True, bias: Any = 0.0, scale: Any = None) -> Any:
    """Attention, written down."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = np.einsum("bthd,bshd->bhts", q, k) * scale + bias
    powers = np.where(seen, np.exp(scores), 0.0)
    return np.einsum("bhts,bshe->bthe", powers / powers.sum(-1, keepdims=True), v)


# --- functions -----------------------------------------------------------------------------------


def test_dot_product_attention() -> None:
    bias = rng.normal(size=(2, 4, 3, 6))
    mask = rng.random((2, 1, 3, 6)) > 0.3
    mask[..., 0] = True
    rows, columns = np.arange(3)[:, None], np.arange(6)
    lengths = np.array([6, 2])
    for options, seen, added in (
        ({}, True, 0.0),
        ({"bias": bias}, True, bias),
        ({"mask": mask}, mask, 0.0),
        ({"bias": bias, "mask": mask, "is_causal": True}, mask & (columns <= rows), bias),
        ({"key_value_seq_lengths": lengths}, columns < lengths[:, None, None, None], 0.0),
        ({"local_window_size": 1}, np.abs(rows - columns) <= 1, 0.0),
        ({"local_window_size": (2, 0)}, (columns <= rows) & (columns >= rows - 2), 0.0),
    ):
        expected = reference(QUERY, KEY, VALUE, seen, added)
        ours = nn.dot_product_attention(QUERY, KEY, VALUE, **options)
        np.testing.assert_allclose(ours, expected, atol=1e-12)
        one = {k: v[1] if isinstance(v, np.ndarray) else v for k, v in options.items()}
        ours = nn.dot_product_attention(QUERY[1], KEY[1], VALUE[1], **one)
        np.testing.assert_allclose(ours, expected[1], atol=1e-12)
    scaled = nn.dot_product_attention(QUERY, KEY, VALUE, scale=0.1)
    np.testing.assert_allclose(scaled, reference(QUERY, KEY, VALUE, scale=0.1), atol=1e-12)


def test_queries_that_are_not_there() -> None:
    y = nn.dot_product_attention(QUERY, KEY, VALUE, query_seq_lengths=np.array([3, 1]))
    assert not y[1, 1:].any()
    np.testing.assert_allclose(y[1, 0], reference(QUERY, KEY, VALUE)[1, 0], atol=1e-12)


@pytest.mark.parametrize("heads", [1, 2])
def test_shared_heads(heads: int) -> None:
    k, v = KEY[:, :, :heads], VALUE[:, :, :heads]
    full_k, full_v = (np.repeat(each, 4 // heads, axis=2) for each in (k, v))
    expected = reference(QUERY, full_k, full_v)
    np.testing.assert_allclose(nn.dot_product_attention(QUERY, k, v), expected, atol=1e-12)
    q, k, v = (np.swapaxes(each, 1, 2) for each in (QUERY, k, v))
    ours = nn.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    np.testing.assert_allclose(np.swapaxes(ours, 1, 2), expected, atol=1e-12)


def test_scaled_dot_product_attention() -> None:
    q, k, v = (np.swapaxes(each, 1, 2) for each in (QUERY, KEY, VALUE))
    mask = np.tri(3, 6, dtype=bool)
    expected = reference(QUERY, KEY, VALUE, mask)
    for options in ({"attn_mask": mask}, {"is_causal": True}):
        ours = nn.scaled_dot_product_attention(q, k, v, **options)
        np.testing.assert_allclose(np.swapaxes(ours, 1, 2), expected, atol=1e-12)
        for part in (q[:, 0], k[:, 0], v[:, 0]):
            assert part.ndim == 3
        ours = nn.scaled_dot_product_attention(q[:, 0], k[:, 0], v[:, 0], **options)
        np.testing.assert_allclose(ours, expected[:, :, 0], atol=1e-12)
        ours = nn.scaled_dot_product_attention(q[1, 2], k[1, 2], v[1, 2], **options)
        np.testing.assert_allclose(ours, expected[1, :, 2], atol=1e-12)
    options = {"dropout_p": 0.5, "dropout_key": random.key(0)}
    assert nn.scaled_dot_product_attention(q, k, v, **options).shape == (2, 4, 3, 7)
    with pytest.raises(errors.MissingKeyError):
        nn.scaled_dot_product_attention(q, k, v, dropout_p=0.5)


def test_a_query_that_sees_nothing_gets_zeros() -> None:
    mask = np.array([[True, False], [False, False]])
    x = fnp.array(rng.normal(size=(2, 1, 3)))

    def attend(x: Any) -> Any:
        return nn.dot_product_attention(x, x, x, mask=mask)

    np.testing.assert_allclose(attend(x)[0], x[0])
    np.testing.assert_array_equal(attend(x)[1], np.zeros((1, 3)))
    np.testing.assert_allclose(fg.grad(lambda x: attend(x).sum())(x), [[[1] * 3], [[0] * 3]])


def test_shapes_that_do_not_fit() -> None:
    for q, k, v, text in (
        (QUERY, KEY[..., :4], VALUE, "queries have length 5 and keys 4"),
        (QUERY, KEY[:, :5], VALUE, "there are 5 keys and 6 values"),
        (QUERY, KEY[:, :, :3], VALUE[:, :, :3], "must divide 4"),
        (QUERY[0], KEY, VALUE, "the same number of axes"),
    ):
        with pytest.raises(errors.ShapeError, match=text):
            nn.dot_product_attention(q, k, v)


def test_attention_in_float32() -> None:
    args = [each.astype(np.float32) for each in (QUERY, KEY, VALUE)]
    y, pullback = fg.vjp(lambda *xs: nn.dot_product_attention(*xs, is_causal=True), *args)
    assert y.dtype == np.float32
    assert {each.dtype for each in pullback(y)} == {np.dtype(np.float32)}


# --- the layer -----------------------------------------------------------------------------------


def test_a_cache_gives_what_the_whole_sequence_gives() -> None:
    layer = nn.MultiHeadAttention(6, 2, batch_first=True)
    params = layer.init(random.key(0), np.float64)
    x = rng.normal(size=(2, 7, 6))
    whole = layer(params, x, is_causal=True)
    cache = layer.init_cache(2, 9, np.float64)
    pieces = []
    for start, stop in ((0, 3), (3, 4), (4, 7)):
        y, cache = layer(params, x[:, start:stop], is_causal=True, cache=cache)
        pieces.append(y)
    np.testing.assert_allclose(fnp.concatenate(pieces, 1), whole, atol=1e-12)
    assert int(cache["length"]) == 7
    with pytest.raises(errors.CarriedStateError, match="room for 9 positions, 7 are taken"):
        layer(params, x, cache=cache)
    with pytest.raises(errors.CarriedStateError, match="a batch of 1"):
        layer(params, x[:1], cache=cache)


def test_a_cache_in_a_scan() -> None:
    layer = nn.MultiHeadAttention(6, 2)
    params = layer.init(random.key(0), np.float64)
    x = rng.normal(size=(5, 6))

    def step(cache: Any, each: Any) -> Any:
        y, cache = layer(params, each[None], cache=cache, is_causal=True)
        return cache, y[0]

    _, y = fg.lax.scan(step, layer.init_cache(None, 5, np.float64), x)
    np.testing.assert_allclose(y, layer(params, x, is_causal=True), atol=1e-12)


def test_masks_of_the_layer() -> None:
    layer = nn.MultiHeadAttention(6, 2)
    params = layer.init(random.key(0), np.float64)
    x = rng.normal(size=(4, 3, 6))
    future = ~np.tri(4, dtype=bool)
    causal = layer(params, x, is_causal=True)
    for mask in (
        future,
        np.where(future, -np.inf, 0),
        np.broadcast_to(future, (6, 4, 4)),
        np.broadcast_to(future, (3, 2, 4, 4)),
        future[None, None],
    ):
        np.testing.assert_allclose(layer(params, x, attn_mask=mask), causal, atol=1e-12)
    padding = np.array([[False, False, True, True]] * 3)
    np.testing.assert_allclose(
        layer(params, x, key_padding_mask=padding), layer(params, x, x[:2]), atol=1e-12
    )
    _, weights = layer(params, x, is_causal=True, need_weights=True, average_attn_weights=False)
    assert weights.shape == (3, 2, 4, 4)
    np.testing.assert_allclose(weights.sum(-1), 1.0)
    assert not weights[:, :, future].any()
    with pytest.raises(errors.LayerMaskError, match=r"key_padding_mask is bool\[3,1,1,5\]"):
        layer(params, x, key_padding_mask=np.zeros((3, 5), bool))


def test_dropout_of_the_layer() -> None:
    layer = nn.MultiHeadAttention(6, 2, dropout=0.5)
    params = layer.init(random.key(0))
    x = rng.normal(size=(4, 3, 6))
    y = layer(params, x, key=random.key(1), training=True)
    np.testing.assert_array_equal(y, layer(params, x, key=random.key(1), training=True))
    assert y.dtype == np.float32
    assert not np.allclose(y, layer(params, x))
    with pytest.raises(errors.MissingKeyError):
        layer(params, x, training=True)


def test_all_transforms() -> None:
    layer = nn.MultiHeadAttention(4, 2, batch_first=True)
    params = layer.init(random.key(0), np.float64)
    x = rng.normal(size=(3, 2, 4))

    def loss(params: Any, x: Any) -> Any:
        return fnp.sum(layer(params, x, is_causal=True) ** 2)

    check_grads(loss, (params, x[:1]), order=2)
    per_example = fg.vmap(fg.grad(loss), in_axes=(None, 0))(params, x)
    rows = [fg.grad(loss)(params, each) for each in x]
    expected = fg.tree.map(lambda *leaves: fnp.stack(leaves), *rows)
    for ours, theirs in zip(fg.tree.leaves(per_example), fg.tree.leaves(expected)):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    members = fg.vmap(lambda key: layer.init(key, np.float64))(random.split(random.key(0), 2))
    outputs = fg.vmap(lambda params: layer(params, x))(members)
    own = fg.tree.map(lambda leaf: leaf[1], members)
    np.testing.assert_allclose(outputs[1], layer(own, x), atol=1e-12)


def test_wrong_settings() -> None:
    for make, text in (
        (lambda: nn.MultiHeadAttention(6, 4), "which 4 heads do not divide"),
        (lambda: nn.MultiHeadAttention(6, 2, dropout=-1.0), "dropout is -1.0"),
        (lambda: nn.TransformerEncoderLayer(6, 2, activation="sin"), "activation is 'sin'"),
        (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2), 0), "num_layers is 0"),
    ):
        with pytest.raises(errors.LayerArgumentError, match=text):
            make()


# --- transformers --------------------------------------------------------------------------------


def encoder(**options: Any) -> Any:
    layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, **options)
    return nn.TransformerEncoder(layer, 2, nn.LayerNorm(6))


@pytest.mark.parametrize("norm_first", [False, True])
def test_generation_with_a_cache(norm_first: bool) -> None:
    model = encoder(norm_first=norm_first)
    params = model.init(random.key(0), np.float64)
    x = rng.normal(size=(2, 4, 6))
    cache = model.init_cache(2, 4, np.float64)
    pieces = []
    for step in range(4):
        y, cache = model(params, x[:, step : step + 1], is_causal=True, cache=cache)
        pieces.append(y)
    whole = model(params, x, is_causal=True)
    np.testing.assert_allclose(fnp.concatenate(pieces, 1), whole, atol=1e-12)


def test_decoding_with_a_cache() -> None:
    layer = nn.TransformerDecoderLayer(6, 2, 8, activation=nn.silu)
    model = nn.TransformerDecoder(layer, 2)
    params = model.init(random.key(0), np.float64)
    x, memory = rng.normal(size=(3, 2, 6)), rng.normal(size=(5, 2, 6))
    cache = model.init_cache(2, 3, np.float64)
    pieces = []
    for each in x:
        y, cache = model(params, each[None], memory, tgt_is_causal=True, cache=cache)
        pieces.append(y)
    whole = model(params, x, memory, tgt_is_causal=True)
    np.testing.assert_allclose(fnp.concatenate(pieces), whole, atol=1e-12)


def test_training_of_a_transformer() -> None:
    model = encoder(dropout=0.5)
    params = model.init(random.key(0))
    x = rng.normal(size=(2, 4, 6))
    y = model(params, x, key=random.key(1), training=True)
    np.testing.assert_array_equal(y, model(params, x, key=random.key(1), training=True))
    assert y.dtype == np.float32
    gradients = fg.grad(lambda p: model(p, x, key=random.key(1), training=True).sum())(params)
    assert fg.tree.structure(gradients) == fg.tree.structure(params)
    with pytest.raises(errors.MissingKeyError, match=r"layer layers\.0, "):
        model(params, x, training=True)


def test_transformers_are_values() -> None:
    for model in (encoder(), nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, 8), 2)):
        assert pickle.loads(pickle.dumps(model)) == model
        assert hash(pickle.loads(pickle.dumps(model))) == hash(model)
    assert encoder() != encoder(norm_first=True)
    assert "(self_attn): MultiHeadAttention(embed_dim=6" in repr(encoder())
    sequential = nn.Sequential(nn.Linear(3, 6), encoder())
    assert sequential(sequential.init(random.key(0)), np.ones((2, 4, 3))).shape == (2, 4, 6)


def test_a_wrong_shape_says_where() -> None:
    model = encoder(norm_first=True)
    with pytest.raises(errors.LayerShapeError, match=r"layer layers\.0\.norm1, LayerNorm"):
        model(model.init(random.key(0)), np.ones((2, 4, 5)))


# --- positions -----------------------------------------------------------------------------------


def test_sinusoidal_encoding() -> None:
    encoding = nn.sinusoidal_encoding(50, 7, dtype=np.float64)
    assert encoding.shape == (50, 7)
    np.testing.assert_allclose(encoding[:, 2], np.sin(np.arange(50) * 10000 ** (-2 / 7)))
    np.testing.assert_allclose(encoding[:, 3], np.cos(np.arange(50) * 10000 ** (-2 / 7)))
    assert nn.sinusoidal_encoding(2, 4).dtype == np.float32


@pytest.mark.parametrize("interleaved", [False, True])
def test_rotated_products_depend_on_distances(interleaved: bool) -> None:
    q, k = rng.normal(size=(2, 1, 1, 8))

    def product(i: int, j: int) -> float:
        turned = [
            nn.rotary_embedding(x, np.array([at]), interleaved=interleaved)
            for x, at in ((q, i), (k, j))
        ]
        return float(fnp.sum(turned[0] * turned[1]))

    assert product(3, 1) == pytest.approx(product(12, 10))
    assert product(0, 0) == pytest.approx(float(np.sum(q * k)))
    x = rng.normal(size=(2, 5, 3, 8))
    turned = nn.rotary_embedding(x, interleaved=interleaved)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=-1), np.linalg.norm(x, axis=-1))
    later = nn.rotary_embedding(x[:, 2:], np.arange(2, 5), interleaved=interleaved)
    np.testing.assert_allclose(later, turned[:, 2:], atol=1e-12)
    check_grads(lambda x: nn.rotary_embedding(x, interleaved=interleaved), (x[:1, :2],))
    with pytest.raises(errors.ShapeError, match="size even"):
        nn.rotary_embedding(x[..., :7])
