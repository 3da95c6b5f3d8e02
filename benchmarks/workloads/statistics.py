"""Statistical models in float64."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.workload import Inputs, Workload


def logistic_regression(np: Any, parameters: Any, features: Any, signs: Any) -> Any:
    """Mean logistic loss of labels in {-1, 1}."""
    weights, bias = parameters
    margins = signs * (features @ weights + bias)
    return np.mean(np.logaddexp(0.0, -margins))


def gaussian_process(np: Any, logarithms: Any, x: Any, y: Any) -> Any:
    """Negative log marginal likelihood under a squared-exponential kernel."""
    scales = np.exp(logarithms)
    amplitude, length, noise = scales[0], scales[1], scales[2]
    distances = (x[:, None] - x[None, :]) / length
    covariance = amplitude * np.exp(-0.5 * distances**2) + noise * np.eye(len(x))
    factor = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(factor, y)
    return 0.5 * np.sum(whitened**2) + np.sum(np.log(np.diag(factor)))


def labelled_points(generator: numpy.random.Generator) -> Inputs:
    """10000 points with 100 features, and their labels."""
    features = generator.standard_normal((10_000, 100))
    signs = numpy.where(features @ generator.standard_normal(100) > 0.0, 1.0, -1.0)
    weights = 0.1 * generator.standard_normal(100)
    return (weights, 0.1), (features, signs)


def noisy_curve(generator: numpy.random.Generator) -> Inputs:
    """300 observations of a sine."""
    x = numpy.sort(generator.uniform(0.0, 10.0, 300))
    y = numpy.sin(x) + 0.1 * generator.standard_normal(300)
    return numpy.log(numpy.array([1.0, 1.0, 0.01])), (x, y)


STATISTICS = (
    Workload(
        "logistic-regression",
        "logistic regression, 10000 x 100",
        logistic_regression,
        labelled_points,
    ),
    Workload(
        "gaussian-process",
        "Gaussian process, Cholesky, n = 300",
        gaussian_process,
        noisy_curve,
    ),
)
