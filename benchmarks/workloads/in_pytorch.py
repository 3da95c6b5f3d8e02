"""The losses that a user of PyTorch writes with its fused functions instead of NumPy's names."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

from benchmarks.workload import Loss
from benchmarks.workloads import networks, statistics


def logistic_regression(np: Any, parameters: Any, features: Any, signs: Any) -> Any:
    weights, bias = parameters
    margins = signs * (features @ weights + bias)
    return functional.softplus(-margins).mean()


def gaussian_process(np: Any, logarithms: Any, x: Any, y: Any) -> Any:
    amplitude, length, noise = logarithms.exp()
    distances = (x[:, None] - x[None, :]) / length
    covariance = amplitude * torch.exp(-0.5 * distances**2)
    covariance = covariance + noise * torch.eye(len(x), dtype=x.dtype)
    factor = torch.linalg.cholesky(covariance)
    whitened = torch.linalg.solve_triangular(factor, y[:, None], upper=False)
    return 0.5 * (whitened**2).sum() + factor.diagonal().log().sum()


def classifier(np: Any, layers: Any, images: Any, targets: Any) -> Any:
    x = images
    for weight, bias in layers[:-1]:
        x = torch.relu(torch.addmm(bias, x, weight))
    weight, bias = layers[-1]
    return functional.cross_entropy(torch.addmm(bias, x, weight), targets)


def one_image(np: Any, layers: Any, image: Any, target: Any) -> Any:
    x = image
    for weight, bias in layers[:-1]:
        x = torch.relu(x @ weight + bias)
    weight, bias = layers[-1]
    return functional.cross_entropy(x @ weight + bias, target)


def tiny_network(np: Any, layers: Any, x: Any, targets: Any) -> Any:
    for weight, bias in layers[:-1]:
        x = torch.tanh(torch.addmm(bias, x, weight))
    weight, bias = layers[-1]
    return functional.mse_loss(torch.addmm(bias, x, weight), targets)


def recurrent(np: Any, parameters: Any, sequence: Any, targets: Any) -> Any:
    state = torch.zeros_like(targets)
    for x in sequence:
        driven = torch.addmm(parameters["bias"], x, parameters["input"])
        state = torch.tanh(torch.addmm(driven, state, parameters["hidden"]))
    return functional.mse_loss(state, targets)


def transformer(np: Any, parameters: Any, x: Any, targets: Any) -> Any:
    width = x.shape[-1]

    def heads(y: Any) -> Any:
        return y.unflatten(-1, (networks.HEADS, -1)).transpose(1, 2)

    y = functional.layer_norm(x, (width,), *parameters["norm1"])
    query, key, value = (heads(y @ parameters[name]) for name in ("query", "key", "value"))
    mixed = functional.scaled_dot_product_attention(query, key, value)
    x = x + mixed.transpose(1, 2).flatten(2) @ parameters["output"]

    y = functional.layer_norm(x, (width,), *parameters["norm2"])
    y = functional.gelu(y @ parameters["expand"] + parameters["expand_bias"], approximate="tanh")
    x = x + y @ parameters["contract"] + parameters["contract_bias"]
    return functional.mse_loss(x, targets)


IN_PYTORCH: dict[Loss, Loss] = {
    statistics.logistic_regression: logistic_regression,
    statistics.gaussian_process: gaussian_process,
    networks.classifier: classifier,
    networks.one_image: one_image,
    networks.tiny_network: tiny_network,
    networks.recurrent: recurrent,
    networks.recurrent_scan: recurrent,
    networks.transformer: transformer,
}
