"""Muon: updates of matrices made orthogonal, by iterations of Newton and Schulz."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import OptimizerArgumentError, describe
from fungrad.optim.adam_family import adamw
from fungrad.optim.base import (
    GradientTransformationExtraArgs,
    OptState,
    Params,
    ScalarOrSchedule,
    Transformation,
    Updates,
    safe_increment,
    zero_count,
)
from fungrad.optim.combining import chain
from fungrad.optim.elementwise import plain
from fungrad.optim.masking import MaskedNode, partition
from fungrad.optim.moments import estimate, first_moment, mean
from fungrad.optim.scaling import scale_by_learning_rate
from fungrad.optim.weights import add_decayed_weights

__all__ = [
    "MuonDimensionNumbers",
    "MuonState",
    "muon",
    "orthogonalize_via_newton_schulz",
    "scale_by_muon",
    "scale_by_shape",
]

STANDARD = (3.4445, -4.775, 2.0315)


class MuonState(NamedTuple):
    """The state of `scale_by_muon`: steps, average gradients, coefficients of the polynomial."""

    count: Any
    mu: Updates
    ns_coeffs: Any


class MuonDimensionNumbers(NamedTuple):
    """Which axes of a weight are the rows and which the columns of a matrix; others are a batch.

    Attributes
    ----------
    reduction_axis : int or sequence of int
        The axes over which the layer sums.
    output_axis : int or sequence of int
        The axes of its outputs.

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.MuonDimensionNumbers(reduction_axis=(0, 1, 2), output_axis=3)
    MuonDimensionNumbers(reduction_axis=(0, 1, 2), output_axis=3)
    """

    reduction_axis: Sequence[int] | int = 0
    output_axis: Sequence[int] | int = 1


def _axes(x: Any, numbers: MuonDimensionNumbers) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the axes of the rows and of the columns."""
    rows, columns = (
        tuple([axis % x.ndim for axis in ((axes,) if isinstance(axes, int) else axes)])
        for axes in numbers
    )
    if set(rows) & set(columns):
        raise OptimizerArgumentError(
            "muon", f"of {describe(x)} an axis is in both: {numbers}; each is in one, or in none"
        )
    return rows, columns


def _is_numbers(x: Any) -> bool:
    return isinstance(x, MuonDimensionNumbers)


def orthogonalize_via_newton_schulz(
    x: Any,
    ns_coeffs: Any,
    ns_steps: int = 5,
    eps: Any = 1e-8,
    dimension_numbers: MuonDimensionNumbers | None = None,
) -> Any:
    """Return a matrix with nearly the singular vectors of x, and singular values near one.

    Parameters
    ----------
    x : array_like
        A matrix, or an array that `dimension_numbers` makes a matrix of.
    ns_coeffs : array_like
        The coefficients of the odd polynomial of degree five; or a row of them for each step.
    ns_steps : int
        The number of steps, where there is one polynomial for all.
    eps : float
        Added to the norm of x, which may be zero.
    dimension_numbers : MuonDimensionNumbers, optional
        Which axes are the rows and the columns; needed for other than two axes.

    Returns
    -------
    Array
        Of the shape of x.

    Raises
    ------
    OptimizerArgumentError
        If it is no matrix, or the coefficients are not three.

    Examples
    --------
    >>> from fungrad import optim
    >>> x = fnp.array([[3.0, 1.0], [0.0, 2.0]])
    >>> z = optim.orthogonalize_via_newton_schulz(x, (2.0, -1.5, 0.5), ns_steps=12)
    >>> fnp.abs(z @ z.T).round(3)
    Array([[1., 0.],
           [0., 1.]], dtype=float64)
    """
    x = fnp.asarray(x)
    name = "orthogonalize_via_newton_schulz"
    if x.ndim == 2 and dimension_numbers is None:
        dimension_numbers = MuonDimensionNumbers()
    if x.ndim < 2 or dimension_numbers is None:
        raise OptimizerArgumentError(
            name,
            f"{describe(x)} is no matrix; pass dimension_numbers= for arrays of more axes, and use "
            "another optimizer for vectors, by multi_transform",
        )
    coefficients = np.asarray(ns_coeffs, float)
    if coefficients.ndim not in (1, 2) or coefficients.shape[-1] != 3:
        raise OptimizerArgumentError(
            name, f"ns_coeffs has shape {coefficients.shape}; three coefficients make a polynomial"
        )
    steps = coefficients if coefficients.ndim == 2 else [coefficients] * ns_steps

    rows, columns = _axes(x, dimension_numbers)
    batch = tuple([axis for axis in range(x.ndim) if axis not in rows + columns])
    order = batch + rows + columns
    shape = [math.prod([x.shape[axis] for axis in axes]) for axes in (batch, rows, columns)]
    wide = shape[1] <= shape[2]
    matrices = x.transpose(order).reshape(shape)
    z = matrices if wide else fnp.matrix_transpose(matrices)
    square = fnp.sum((z * z.conj()).real, axis=(1, 2), keepdims=True)
    z = z / (fnp.where(square > 0, fnp.sqrt(fnp.where(square > 0, square, 1)), 0) + eps)
    for a, b, c in np.asarray(steps).tolist():
        gram = z @ fnp.matrix_transpose(z).conj()
        z = a * z + (b * gram + c * gram @ gram) @ z
    z = z if wide else fnp.matrix_transpose(z)
    back = sorted(range(x.ndim), key=order.__getitem__)
    return z.reshape([x.shape[axis] for axis in order]).transpose(back)


class _Muon(Transformation):
    def __init__(
        self,
        ns_coeffs: Any,
        ns_steps: int,
        beta: Any,
        eps: Any,
        mu_dtype: Any,
        nesterov: bool,
        adaptive: bool,
        numbers: Any,
    ) -> None:
        self.ns_coeffs = np.asarray(ns_coeffs, float)
        self.ns_steps = ns_steps
        self.beta = beta
        self.eps = eps
        self.mu_dtype = mu_dtype
        self.nesterov = nesterov
        self.adaptive = adaptive
        self.numbers = numbers

    def init(self, params: Params) -> OptState:
        coefficients = self.ns_coeffs
        if coefficients.ndim == 2:
            if len(coefficients) > self.ns_steps:
                raise OptimizerArgumentError(
                    "scale_by_muon",
                    f"ns_coeffs has {len(coefficients)} polynomials for {self.ns_steps} steps",
                )
            coefficients = coefficients[-self.ns_steps :]
        mu = tree.map(lambda p: fnp.zeros_like(p, dtype=self.mu_dtype), params)
        return MuonState(zero_count(), mu, fnp.asarray(coefficients))

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        given = first_moment(plain(state.count), self.beta, self.nesterov)
        leaves, structure = tree.flatten(updates)
        mus = structure.flatten_up_to(state.mu, caller="scale_by_muon", name="state.mu")
        dimensions = _resolve(self.numbers, updates, structure)
        moved, new = [], []
        for g, mu, numbers in zip(map(fnp.asarray, leaves), mus, dimensions):
            average = mean(g, mu, given["a1"], given["b1"])
            wanted = estimate(g, average, given["scale"], given["own"])
            z = orthogonalize_via_newton_schulz(
                wanted, state.ns_coeffs, self.ns_steps, self.eps, numbers
            )
            moved.append(fnp.sum(wanted.conj() * z) * z if self.adaptive else z)
            new.append(average.astype(mu.dtype))
        count = safe_increment(state.count)
        mu = structure.unflatten(new)
        return structure.unflatten(moved), MuonState(count, mu, state.ns_coeffs)


def _resolve(numbers: Any, updates: Updates, structure: tree.TreeDef) -> list[Any]:
    """Return the dimension numbers of each leaf, None where they are not given."""
    if callable(numbers):
        numbers = numbers(updates)
    if numbers is None or _is_numbers(numbers):
        return [numbers] * structure.num_leaves
    return structure.flatten_up_to(numbers, caller="muon", name="weight_dimension_numbers")


def scale_by_muon(
    ns_coeffs: Any = STANDARD,
    ns_steps: int = 5,
    beta: Any = 0.95,
    eps: Any = 1e-8,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    weight_dimension_numbers: Any = None,
) -> GradientTransformationExtraArgs:
    """Return the transformation of Muon: average gradients, made orthogonal.

    Parameters
    ----------
    ns_coeffs, ns_steps, eps
        See `orthogonalize_via_newton_schulz`.
    beta : float
        How much of the average gradient stays at each step.
    mu_dtype : dtype, optional
        That of the average gradients; that of the parameters, when left out.
    nesterov : bool
        Whether to look one step ahead.
    adaptive : bool
        Whether updates are scaled by how well they agree with the gradients.
    weight_dimension_numbers : MuonDimensionNumbers, tree or callable, optional
        Which axes are rows and columns: for all parameters, in a tree like them, or by a function
        of them. Matrices need none.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> muon = optim.scale_by_muon()
    >>> state = muon.init({"w": fnp.zeros((2, 2))})
    >>> muon.update({"w": fnp.eye(2)}, state)[0]["w"].round(2)
    Array([[1.11, 0.  ],
           [0.  , 1.11]], dtype=float64)
    """
    return _Muon(
        ns_coeffs, ns_steps, beta, eps, mu_dtype, nesterov, adaptive, weight_dimension_numbers
    ).pair


class _ByShape(Transformation):
    def __init__(self, numbers: Any, consistent_rms: Any) -> None:
        self.numbers = numbers
        self.consistent_rms = consistent_rms

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        leaves, structure = tree.flatten(updates)
        dimensions = _resolve(self.numbers, updates, structure)
        scaled = [self._one(x, numbers) for x, numbers in zip(leaves, dimensions)]
        return structure.unflatten(scaled), state

    def _one(self, x: Any, numbers: MuonDimensionNumbers | None) -> Any:
        sides = _axes(x, MuonDimensionNumbers() if numbers is None else numbers)
        fan_in, fan_out = (math.prod([x.shape[axis] for axis in axes]) for axes in sides)
        if self.consistent_rms is not None:
            return math.sqrt(max(fan_in, fan_out)) * self.consistent_rms * x
        return math.sqrt(max(1.0, fan_out / fan_in)) * x


def scale_by_shape(
    weight_dimension_numbers: Any = None, consistent_rms: Any = None
) -> GradientTransformationExtraArgs:
    """Return the transformation that scales updates of matrices by their shapes.

    Parameters
    ----------
    weight_dimension_numbers : MuonDimensionNumbers, tree or callable, optional
        See `scale_by_muon`.
    consistent_rms : float, optional
        The root mean square of the updates. When left out, updates of matrices with more columns
        than rows grow by the root of the ratio.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optim.scale_by_shape().update({"w": fnp.ones((1, 4))}, optim.EmptyState())[0]
    {'w': Array([[2., 2., 2., 2.]], dtype=float64)}
    """
    return _ByShape(weight_dimension_numbers, consistent_rms).pair


def _label(x: Any) -> str:
    return "muon" if np.ndim(x) == 2 else "adam"


def _labels_by_shape(params: Params) -> Params:
    return tree.map(_label, params)


def _given(numbers: Any, params: Params) -> Any:
    return numbers(params) if callable(numbers) else numbers


def _spread(numbers: Any, params: Params, function: Any) -> Any:
    """Apply a function to each leaf of the parameters and its dimension numbers, which may be None.

    The tree of dimension numbers may be the upper part of that of the parameters.
    """

    def below(own: Any, subtree: Any) -> Any:
        return tree.map(lambda leaf: function(own, leaf), subtree)

    return tree.map(
        below,
        _given(numbers, params),
        params,
        is_leaf=lambda x: x is None or _is_numbers(x) or isinstance(x, MaskedNode),
    )


def _labels_by_numbers(params: Params, numbers: Any) -> Params:
    return _spread(numbers, params, lambda own, _: "adam" if own is None else "muon")


def _numbers_of_muon(params: Params, numbers: Any) -> Params:
    return _spread(numbers, params, lambda own, _: own)


def muon(
    learning_rate: ScalarOrSchedule,
    ns_coeffs: Any = STANDARD,
    ns_steps: int = 5,
    beta: Any = 0.95,
    eps: Any = 1e-8,
    weight_decay: ScalarOrSchedule = 0.0,
    weight_decay_mask: Any = None,
    mu_dtype: Any = None,
    *,
    nesterov: bool = True,
    adaptive: bool = False,
    adam_b1: Any = 0.9,
    adam_b2: Any = 0.999,
    adam_eps_root: Any = 0.0,
    adam_weight_decay: ScalarOrSchedule = 0.0,
    adam_learning_rate: ScalarOrSchedule = None,
    muon_weight_dimension_numbers: Any = None,
    consistent_rms: Any = None,
) -> GradientTransformationExtraArgs:
    """Return Muon for the matrices among the parameters, and AdamW for the others.

    Parameters
    ----------
    learning_rate : float or callable
        A number, or a schedule.
    ns_coeffs, ns_steps, beta, eps, mu_dtype, nesterov, adaptive
        See `scale_by_muon`.
    weight_decay, weight_decay_mask
        See `add_decayed_weights`; for the matrices.
    adam_b1, adam_b2, adam_eps_root, adam_weight_decay
        See `adamw`; for the others.
    adam_learning_rate : float or callable, optional
        For the others; `learning_rate`, when left out.
    muon_weight_dimension_numbers : tree or callable, optional
        A tree like the parameters, or a function of them that makes it: `MuonDimensionNumbers` for
        those that are to be treated as matrices, None for the others. When left out, those of two
        axes are matrices.
    consistent_rms : float, optional
        See `scale_by_shape`.

    Returns
    -------
    GradientTransformationExtraArgs

    Examples
    --------
    >>> from fungrad import optim
    >>> optimizer = optim.muon(0.1)
    >>> params = {"w": fnp.array([[2.0, 0.0], [0.0, 1.0]]), "b": fnp.zeros(2)}
    >>> updates, state = optimizer.update(params, optimizer.init(params), params)
    >>> fnp.diagonal(updates["w"]).round(2)
    Array([-0.07, -0.11], dtype=float64)
    """
    numbers: Any = None
    labels: Any = _labels_by_shape
    if muon_weight_dimension_numbers is not None:
        labels = functools.partial(_labels_by_numbers, numbers=muon_weight_dimension_numbers)
        numbers = functools.partial(_numbers_of_muon, numbers=muon_weight_dimension_numbers)
    matrices = chain(
        scale_by_muon(
            ns_coeffs,
            ns_steps,
            beta,
            eps,
            mu_dtype,
            nesterov=nesterov,
            adaptive=adaptive,
            weight_dimension_numbers=numbers,
        ),
        scale_by_shape(numbers, consistent_rms),
        add_decayed_weights(weight_decay, weight_decay_mask),
        scale_by_learning_rate(learning_rate),
    )
    others = adamw(
        learning_rate if adam_learning_rate is None else adam_learning_rate,
        adam_b1,
        adam_b2,
        eps,
        adam_eps_root,
        mu_dtype,
        adam_weight_decay,
        nesterov=nesterov,
    )
    return partition({"muon": matrices, "adam": others}, labels)
