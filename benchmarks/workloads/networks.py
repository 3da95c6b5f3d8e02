"""Neural networks, written out in NumPy's names."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy

from benchmarks.workload import Inputs, Workload

HEADS = 4


def classifier(np: Any, layers: Any, images: Any, targets: Any) -> Any:
    """Cross-entropy of a multilayer perceptron with rectified linear units."""
    x = images
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight + bias, 0.0)
    weight, bias = layers[-1]
    return -np.mean(np.sum(targets * log_softmax(np, x @ weight + bias), axis=1))


def one_image(np: Any, layers: Any, image: Any, target: Any) -> Any:
    """The classifier's loss for a single image."""
    x = image
    for weight, bias in layers[:-1]:
        x = np.maximum(x @ weight + bias, 0.0)
    weight, bias = layers[-1]
    return -np.sum(target * log_softmax(np, x @ weight + bias))


def tiny_network(np: Any, layers: Any, x: Any, targets: Any) -> Any:
    """Squared error of a multilayer perceptron with hyperbolic tangents."""
    for weight, bias in layers[:-1]:
        x = np.tanh(x @ weight + bias)
    weight, bias = layers[-1]
    return np.mean((x @ weight + bias - targets) ** 2)


def recurrent_step(np: Any, parameters: Any, state: Any, x: Any) -> Any:
    """The next state of Elman's network."""
    return np.tanh(x @ parameters["input"] + state @ parameters["hidden"] + parameters["bias"])


def recurrent(np: Any, parameters: Any, sequence: Any, targets: Any) -> Any:
    """Squared error of the last state, with a Python loop over time."""
    state = np.zeros_like(targets)
    for x in sequence:
        state = recurrent_step(np, parameters, state, x)
    return np.mean((state - targets) ** 2)


def recurrent_scan(np: Any, parameters: Any, sequence: Any, targets: Any) -> Any:
    """The same by a scan; this is for the libraries that have none."""
    return recurrent(np, parameters, sequence, targets)


def transformer(np: Any, parameters: Any, x: Any, targets: Any) -> Any:
    """Squared error of a transformer block: attention and a perceptron, each after a norm."""
    batch, length, width = x.shape

    def heads(y: Any) -> Any:
        split = np.reshape(y, (batch, length, HEADS, width // HEADS))
        return np.transpose(split, (0, 2, 1, 3))

    y = layer_norm(np, x, *parameters["norm1"])
    query, key, value = (heads(y @ parameters[name]) for name in ("query", "key", "value"))
    scores = query @ np.swapaxes(key, -1, -2) / (width // HEADS) ** 0.5
    mixed = np.transpose(softmax(np, scores) @ value, (0, 2, 1, 3))
    x = x + np.reshape(mixed, (batch, length, width)) @ parameters["output"]

    y = layer_norm(np, x, *parameters["norm2"])
    y = gelu(np, y @ parameters["expand"] + parameters["expand_bias"])
    x = x + y @ parameters["contract"] + parameters["contract_bias"]
    return np.mean((x - targets) ** 2)


def log_softmax(np: Any, x: Any) -> Any:
    shifted = x - np.max(x, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def softmax(np: Any, x: Any) -> Any:
    exponentials = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return exponentials / np.sum(exponentials, axis=-1, keepdims=True)


def layer_norm(np: Any, x: Any, scale: Any, shift: Any) -> Any:
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(centred**2, axis=-1, keepdims=True)
    return centred / np.sqrt(variance + 1e-5) * scale + shift


def gelu(np: Any, x: Any) -> Any:
    return 0.5 * x * (1.0 + np.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def layers_of(
    generator: numpy.random.Generator, sizes: tuple[int, ...], dtype: type[numpy.floating[Any]]
) -> list[tuple[Any, Any]]:
    """Random weights and zero biases of a multilayer perceptron."""
    return [
        (
            (generator.standard_normal((inputs, outputs)) / inputs**0.5).astype(dtype),
            numpy.zeros(outputs, dtype),
        )
        for inputs, outputs in pairwise(sizes)
    ]


def labelled_images(
    batch: int, sizes: tuple[int, ...] = (784, 512, 512, 10)
) -> Callable[[numpy.random.Generator], Inputs]:
    """Make a network with layers of these sizes, images, and labels as one-hot rows."""

    def make(generator: numpy.random.Generator) -> Inputs:
        layers = layers_of(generator, sizes, numpy.float32)
        images = generator.standard_normal((batch, sizes[0])).astype(numpy.float32)
        labels = generator.integers(0, sizes[-1], batch)
        return layers, (images, numpy.eye(sizes[-1], dtype=numpy.float32)[labels])

    return make


def points_in_the_plane(generator: numpy.random.Generator) -> Inputs:
    """A 2-16-16-1 network and 32 points."""
    layers = layers_of(generator, (2, 16, 16, 1), numpy.float64)
    x = generator.standard_normal((32, 2))
    return layers, (x, x[:, :1] * x[:, 1:])


def sequences(generator: numpy.random.Generator) -> Inputs:
    """An Elman network with 64 units; 32 sequences of 100 vectors of 32 numbers."""

    def normal(*shape: int, scale: float = 1.0) -> Any:
        return (scale * generator.standard_normal(shape)).astype(numpy.float32)

    parameters = {
        "input": normal(32, 64, scale=0.2),
        "hidden": normal(64, 64, scale=0.1),
        "bias": normal(64, scale=0.1),
    }
    return parameters, (normal(100, 32, 32), normal(32, 64))


def sentences(generator: numpy.random.Generator) -> Inputs:
    """A transformer block of width 128, and 8 sequences of 64 vectors."""

    def normal(*shape: int) -> Any:
        return (generator.standard_normal(shape) / shape[0] ** 0.5).astype(numpy.float32)

    def constant(size: int, value: float) -> Any:
        return numpy.full(size, value, numpy.float32)

    width, hidden = 128, 512
    parameters = {
        "norm1": (constant(width, 1.0), constant(width, 0.0)),
        "query": normal(width, width),
        "key": normal(width, width),
        "value": normal(width, width),
        "output": normal(width, width),
        "norm2": (constant(width, 1.0), constant(width, 0.0)),
        "expand": normal(width, hidden),
        "expand_bias": constant(hidden, 0.0),
        "contract": normal(hidden, width),
        "contract_bias": constant(width, 0.0),
    }
    x, targets = generator.standard_normal((2, 8, 64, width)).astype(numpy.float32)
    return parameters, (x, targets)


NETWORKS = (
    Workload(
        "mlp",
        "MLP 784-512-512-10, batch 128, float32",
        classifier,
        labelled_images(128),
    ),
    Workload(
        "mlp-adam",
        "the same with an Adam step",
        classifier,
        labelled_images(128),
        task="adam",
    ),
    Workload(
        "tiny-mlp",
        "tiny MLP 2-16-16-1, batch 32",
        tiny_network,
        points_in_the_plane,
        small=True,
    ),
    Workload(
        "mlp-examples",
        "gradients of 128 examples, MLP 64-64-10",
        one_image,
        labelled_images(128, (64, 64, 10)),
        task="examples",
    ),
    Workload("rnn", "RNN, 100 steps, hidden 64, batch 32", recurrent, sequences),
    Workload("rnn-scan", "RNN by lax.scan", recurrent_scan, sequences),
    Workload(
        "transformer",
        "transformer block 8 x 64 x 128, float32",
        transformer,
        sentences,
    ),
)

LARGE_NETWORK = Workload(
    "memory-mlp",
    "MLP 784-512-512-10, batch 20000, float32",
    classifier,
    labelled_images(20_000),
)
