"""Nonlinear least squares: Levenberg and Marquardt's method."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad import tree
from fungrad.errors import OptimizerArgumentError
from fungrad.flatten_util import ravel_pytree
from fungrad.optim.base import Params
from fungrad.transforms.jacobians import value_and_jac

__all__ = ["LevenbergMarquardtInfo", "levenberg_marquardt"]


class LevenbergMarquardtInfo(NamedTuple):
    """How a fit went.

    Attributes
    ----------
    converged : Array
        Whether one of the conditions holds.
    status : Array
        Which one: 1 the gradient, 2 the sum of squares, 3 the parameters; 0 none.
    cost : Array
        Half the sum of squares.
    gradient_norm : Array
        The largest cosine between the residuals and a column of the Jacobian.
    damping : Array
        The last damping.
    iterations : Array
        How many steps were tried.
    """

    converged: Any
    status: Any
    cost: Any
    gradient_norm: Any
    damping: Any
    iterations: Any


class _Residuals:
    """The residuals as a function from vector to vector."""

    def __init__(
        self, function: Callable[..., Any], unravel: Callable[[Any], Any], args: tuple[Any, ...]
    ) -> None:
        self.function = function
        self.unravel = unravel
        self.args = args

    def __call__(self, x: Any) -> Any:
        flat, _ = ravel_pytree(self.function(self.unravel(x), *self.args))
        return fnp.concatenate([flat.real, flat.imag]) if flat.dtype.kind == "c" else flat


def levenberg_marquardt(
    residual_fn: Callable[..., Any],
    params: Params,
    *args: Any,
    max_iterations: int = 200,
    damping: float = 1e-3,
    gtol: float | None = None,
    ftol: float | None = None,
    xtol: float | None = None,
    mode: str = "forward",
) -> tuple[Params, LevenbergMarquardtInfo]:
    """Return the parameters with the least sum of squared residuals.

    The Jacobian is exact, by forward or reverse mode. The damping follows Nielsen (1999); steps are
    scaled by the columns of the Jacobian, so parameters of very different sizes need no care, and
    are found by a QR factorisation.

    Parameters
    ----------
    residual_fn : callable
        ``residual_fn(params, *args)`` returns the residuals: an array, or a tree of arrays.
        Complex residuals count with their real and imaginary parts.
    params : tree
        Where to start; real numbers and arrays.
    *args
        Further arguments of `residual_fn`.
    max_iterations : int
        The most steps to try.
    damping : float
        The first damping; larger means smaller first steps.
    gtol : float, optional
        Converged if the residuals are so nearly orthogonal to the columns of the Jacobian.
    ftol : float, optional
        Converged if the sum of squares changes by so small a part of it.
    xtol : float, optional
        Converged if the parameters change by so small a part of them. When left out, `ftol` is a
        little more than the precision of the dtype, the others are its 3/4 power.
    mode : {"forward", "reverse"}
        How to compute the Jacobian; "reverse" where there are more parameters than residuals.

    Returns
    -------
    params : tree
        The best parameters.
    info : LevenbergMarquardtInfo
        How the fit went. Look at ``info.converged``.

    Raises
    ------
    OptimizerArgumentError
        If the parameters are complex, or residuals at the start not finite.

    Examples
    --------
    >>> from fungrad import optim
    >>> x = np.linspace(0.0, 3.0, 10)
    >>> y = 2.0 * np.exp(-1.5 * x)
    >>> def residuals(params):
    ...     return params["size"] * fnp.exp(-params["rate"] * x) - y
    >>> params, info = optim.levenberg_marquardt(residuals, {"size": 1.0, "rate": 1.0})
    >>> params["rate"].round(6), bool(info.converged)
    (Array(1.5, dtype=float64), True)
    """
    name = "levenberg_marquardt"
    x, unravel = ravel_pytree(tree.map(_as_float, params))
    if x.dtype.kind == "c":
        raise OptimizerArgumentError(
            name, "the parameters must be real; use real and imaginary parts as parameters"
        )
    residuals = _Residuals(residual_fn, unravel, args)
    linearize = value_and_jac(residuals, mode=mode)
    precision = float(np.finfo(x.dtype).eps)
    gtol = precision**0.75 if gtol is None else gtol
    ftol = 4 * precision if ftol is None else ftol
    xtol = precision**0.75 if xtol is None else xtol

    r, jacobian = linearize(x)
    cost = fnp.vdot(r, r) / 2
    if not fnp.isfinite(cost):
        raise OptimizerArgumentError(name, "the residuals at the first parameters are not finite")
    scales = _lengths(jacobian)
    mu, growth = fnp.asarray(damping, x.dtype), 2
    cosine = _largest_cosine(jacobian, r, cost)
    status, iterations = int(bool(cosine <= gtol)), 0
    while status == 0 and iterations < max_iterations:
        iterations += 1
        divisors = fnp.where(scales > 0, scales, 1)
        step = _damped_step(jacobian, r, mu, divisors)
        predicted = fnp.sum((jacobian @ step) ** 2) / 2 + mu * fnp.sum((divisors * step) ** 2)
        new_x = x + step
        with np.errstate(over="ignore", invalid="ignore"):
            new_r = residuals(new_x)
            new_cost = fnp.vdot(new_r, new_r) / 2
        actual = cost - new_cost
        small_step = _norm(divisors * step) <= xtol * (_norm(divisors * x) + xtol)
        small_change = fnp.abs(actual) <= ftol * cost and predicted <= ftol * cost
        if fnp.isfinite(new_cost) and actual > 0:
            gain = actual / predicted
            x = new_x
            r, jacobian = linearize(x)
            cost = fnp.vdot(r, r) / 2
            cosine = _largest_cosine(jacobian, r, cost)
            scales = fnp.maximum(scales, _lengths(jacobian))
            mu, growth = mu * fnp.maximum(1 / 3, 1 - (2 * gain - 1) ** 3), 2
        else:
            mu, growth = mu * growth, growth * 2
        if cosine <= gtol:
            status = 1
        elif small_change:
            status = 2
        elif small_step:
            status = 3
    info = LevenbergMarquardtInfo(
        *map(fnp.asarray, (status > 0, status, cost, cosine, mu, iterations))
    )
    return unravel(x), info


def _as_float(leaf: Any) -> Any:
    leaf = fnp.asarray(leaf)
    return leaf if leaf.dtype.kind in "fc" else leaf.astype(float)


def _norm(x: Any) -> Any:
    return fnp.sqrt(fnp.sum(x**2))


def _lengths(jacobian: Any) -> Any:
    """Return the norms of the columns."""
    return fnp.sqrt(fnp.sum(jacobian**2, axis=0))


def _largest_cosine(jacobian: Any, r: Any, cost: Any) -> Any:
    """Return the largest cosine of an angle between the residuals and a column."""
    if cost == 0:
        return fnp.zeros_like(cost)
    lengths = _lengths(jacobian)
    products = fnp.abs(r @ jacobian) / fnp.sqrt(2 * cost)
    return fnp.max(products / fnp.where(lengths > 0, lengths, 1))


def _damped_step(jacobian: Any, r: Any, mu: Any, divisors: Any) -> Any:
    """Return the step with the least ``|r + J step|^2 + mu |divisors * step|^2``."""
    count = divisors.size
    weights = fnp.sqrt(mu) * fnp.eye(count, dtype=jacobian.dtype)
    q, triangle = fnp.linalg.qr(fnp.concatenate([jacobian / divisors, weights]))
    right = fnp.concatenate([-r, fnp.zeros(count, r.dtype)])
    return fnp.linalg.solve(triangle, q.T @ right) / divisors
