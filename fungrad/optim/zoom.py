"""The line search of L-BFGS: the strong Wolfe conditions, by bracketing and zooming in.

A step is good if the loss falls enough for its length (decrease) and its slope is flat enough there
(curvature). First steps grow until an interval is found that holds a good one; then the interval
shrinks around it, by interpolation with polynomials. See Nocedal and Wright, Numerical
Optimization, algorithms 3.5 and 3.6; and Hager and Zhang, 2006, for the test of the decrease where
the loss is too flat for its digits.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

import fungrad.numpy as fnp
from fungrad.errors import OptimizerArgumentError
from fungrad.optim.arithmetic import add_scale, scale
from fungrad.optim.base import GradientTransformationExtraArgs, OptState, Params, Updates
from fungrad.optim.filling import zeros_like
from fungrad.optim.linesearch import LineSearch, number_dtype, slope_along
from fungrad.transforms.reverse import value_and_grad

__all__ = ["ScaleByZoomLinesearchState", "ZoomLinesearchInfo", "scale_by_zoom_linesearch"]


class ZoomLinesearchInfo(NamedTuple):
    """How the last search went: its trials, and what is missing to the two conditions."""

    num_linesearch_steps: Any
    decrease_error: Any
    curvature_error: Any


class ScaleByZoomLinesearchState(NamedTuple):
    """The state of `scale_by_zoom_linesearch`: the last step, loss and gradient behind it."""

    learning_rate: Any
    value: Any
    grad: Updates
    info: ZoomLinesearchInfo


class _Point(NamedTuple):
    """A trial: the length of the step, the loss there, its slope along the step, its gradient."""

    step: Any
    value: Any
    slope: Any
    grad: Any
    decrease_error: Any = np.inf
    curvature_error: Any = np.inf

    @property
    def error(self) -> Any:
        return fnp.maximum(self.decrease_error, self.curvature_error)


class _Zoom(LineSearch):
    name = "scale_by_zoom_linesearch"

    def __init__(
        self,
        most: int,
        longest: float | None,
        tol: float,
        increase_factor: float,
        slope_rtol: float,
        curv_rtol: float,
        approx_dec_rtol: float | None,
        precision: float,
        guess: str,
    ) -> None:
        self.most = most
        self.longest = longest
        self.tol = tol
        self.increase_factor = increase_factor
        self.slope_rtol = slope_rtol
        self.curv_rtol = curv_rtol
        self.approx_dec_rtol = approx_dec_rtol
        self.precision = precision
        self.guess = guess

    def init(self, params: Params) -> OptState:
        dtype = number_dtype(params)
        infinity = fnp.asarray(np.inf, dtype)
        return ScaleByZoomLinesearchState(
            fnp.ones((), dtype),
            infinity,
            zeros_like(params),
            ZoomLinesearchInfo(fnp.asarray(0), infinity, infinity),
        )

    def update(
        self, updates: Updates, state: OptState, params: Params = None, **extra: Any
    ) -> tuple[Updates, OptState]:
        rest = self.check(params, extra)
        value, grad = fnp.asarray(extra["value"]), extra["grad"]
        function = value_and_grad(functools.partial(extra["value_fn"], **rest))
        start = _Point(fnp.zeros_like(value), value, slope_along(updates, grad), grad)
        guess = state.learning_rate if self.guess == "keep" else fnp.ones_like(value)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            point, trials = _Search(self, function, params, updates, start).run(guess)
        dtype = state.learning_rate.dtype
        numbers = [
            fnp.asarray(each).astype(dtype)
            for each in (point.step, point.value, point.decrease_error, point.curvature_error)
        ]
        info = ZoomLinesearchInfo(fnp.asarray(trials), *numbers[2:])
        new_state = ScaleByZoomLinesearchState(numbers[0], numbers[1], point.grad, info)
        return scale(point.step, updates), new_state


class _Search:
    """One search along a line."""

    def __init__(
        self, rule: _Zoom, function: Any, params: Params, updates: Updates, start: _Point
    ) -> None:
        self.rule = rule
        self.function = function
        self.params = params
        self.updates = updates
        self.start = start
        self.safe: _Point | None = None  # the best one so far with enough decrease
        self.trials = 0

    def run(self, guess: Any) -> tuple[_Point, int]:
        """Return the point to go to, and the number of trials."""
        point, interval = self._bracket(guess)
        if interval is not None:
            point = self._zoom(point, *interval)
        if not point.error <= self.rule.tol:
            if self.safe is not None:
                point = point._replace(**self._where(self.safe))
            elif fnp.isinf(point.decrease_error):
                point = point._replace(**self._where(self.start))
        return point, self.trials

    @staticmethod
    def _where(point: _Point) -> dict[str, Any]:
        return {"step": point.step, "value": point.value, "grad": point.grad}

    def _try(self, step: Any) -> _Point:
        """Evaluate the loss at the end of a step, and what is missing to the conditions."""
        rule, start = self.rule, self.start
        value, grad = self.function(add_scale(self.params, step, self.updates))
        slope = slope_along(self.updates, grad)
        self.trials += 1
        rise = value - start.value
        decrease = rise - rule.slope_rtol * step * start.slope
        if rule.approx_dec_rtol is not None:
            flat = slope - (2 * rule.slope_rtol - 1) * start.slope
            near = rise - rule.approx_dec_rtol * fnp.abs(start.value)
            decrease = fnp.minimum(fnp.maximum(flat, near), decrease)
        curvature = fnp.abs(slope) - rule.curv_rtol * fnp.abs(start.slope)
        return _Point(step, value, slope, grad, _missing(decrease), _missing(curvature))

    def _bracket(self, guess: Any) -> tuple[_Point, tuple[_Point, _Point] | None]:
        """Lengthen the step until it is good, or an interval (low, high) holds a good one."""
        rule = self.rule
        previous, step = self.start, guess
        while True:
            at_end = False
            if rule.longest is not None:
                at_end = bool(step >= rule.longest)
                step = fnp.minimum(step, rule.longest)
            point = self._try(step)
            if point.decrease_error <= rule.tol:
                self.safe = point
            good = bool(point.error <= rule.tol)
            rises = self.trials > 1 and bool(point.value >= previous.value)
            if good or self.trials >= rule.most:
                return point, None
            if point.decrease_error > 0 or rises:
                return point, (previous, point)
            if point.slope >= 0:
                return point, (point, previous)
            if at_end:
                return point, None
            previous, step = point, rule.increase_factor * step

    def _zoom(self, point: _Point, low: _Point, high: _Point) -> _Point:
        """Shrink an interval until it is a good step, or too short."""
        rule = self.rule
        third = low  # the end that was given up last, for the cubic
        while True:
            short = fnp.abs(high.step - low.step) <= rule.precision
            point = self._try(_inside(low, high, third))
            if point.decrease_error <= rule.tol and (
                point.value < (self.start if self.safe is None else self.safe).value
            ):
                self.safe = point
            enough = bool(short) and self.safe is not None
            if point.error <= rule.tol or self.trials >= rule.most or enough:
                return point
            if point.decrease_error > 0 or point.value >= low.value:
                high, third = point, high
            elif point.slope * (high.step - low.step) >= 0:
                low, high, third = point, low, high
            else:
                low, third = point, low


def _missing(error: Any) -> Any:
    """Return how much is missing to a condition, infinity for NaN."""
    error = fnp.maximum(error, 0)
    return fnp.where(fnp.isnan(error), np.inf, error)


def _inside(low: _Point, high: _Point, third: _Point) -> Any:
    """Return a step within the interval: the minimum of a polynomial, or else the middle."""
    left, right = fnp.minimum(low.step, high.step), fnp.maximum(low.step, high.step)
    length = right - left
    for step, margin in ((_cubic(low, high, third), 0.2), (_quadratic(low, high), 0.1)):
        if step > left + margin * length and step < right - margin * length:
            return step
    return (low.step + high.step) / 2


def _cubic(low: _Point, high: _Point, third: _Point) -> Any:
    """Return the minimum of the cubic through three points, with the slope at the first."""
    b, c = high.step - low.step, third.step - low.step
    over_b = high.value - low.value - low.slope * b
    over_c = third.value - low.value - low.slope * c
    divisor = (b * c) ** 2 * (b - c)
    cube = (c**2 * over_b - b**2 * over_c) / divisor
    square = (-(c**3) * over_b + b**3 * over_c) / divisor
    root = fnp.sqrt(square * square - 3 * cube * low.slope)
    return low.step + (root - square) / (3 * cube)


def _quadratic(low: _Point, high: _Point) -> Any:
    """Return the minimum of the parabola through two points, with the slope at the first."""
    b = high.step - low.step
    square = (high.value - low.value - low.slope * b) / b**2
    return low.step - low.slope / (2 * square)


def scale_by_zoom_linesearch(
    max_linesearch_steps: int,
    max_learning_rate: float | None = None,
    tol: float = 0.0,
    increase_factor: float = 2.0,
    slope_rtol: float = 1e-4,
    curv_rtol: float = 0.9,
    approx_dec_rtol: float | None = 1e-6,
    stepsize_precision: float = 1e-5,
    initial_guess_strategy: str = "keep",
) -> GradientTransformationExtraArgs:
    """Return the line search for the strong Wolfe conditions.

    Its update needs ``value=``, ``grad=`` and ``value_fn=``.

    Parameters
    ----------
    max_linesearch_steps : int
        The most trials of a search.
    max_learning_rate : float, optional
        The longest step.
    tol : float
        What may be missing to the conditions.
    increase_factor : float
        By what steps grow while no interval is found.
    slope_rtol : float
        How much of the fall that the slope promises is enough.
    curv_rtol : float
        How much of the slope may be left.
    approx_dec_rtol : float, optional
        By how much of its size the loss may rise where it is too flat for its digits.
    stepsize_precision : float
        The shortest interval.
    initial_guess_strategy : {"keep", "one"}
        The first trial: the last step, or one.

    Returns
    -------
    GradientTransformationExtraArgs

    Raises
    ------
    OptimizerArgumentError
        If there is no such strategy.
    UpdateArgumentError
        By update, if one of its arguments is missing.

    Examples
    --------
    >>> from fungrad import optim
    >>> loss = lambda w: 10 * w**2
    >>> optimizer = optim.chain(
    ...     optim.sgd(1.0), optim.scale_by_zoom_linesearch(max_linesearch_steps=20)
    ... )
    >>> value, grad = fg.value_and_grad(loss)(1.0)
    >>> state = optimizer.init(1.0)
    >>> updates, state = optimizer.update(
    ...     grad, state, 1.0, value=value, grad=grad, value_fn=loss
    ... )
    >>> bool(loss(1.0 + updates) < value)
    True
    """
    if initial_guess_strategy not in ("keep", "one"):
        raise OptimizerArgumentError(
            "scale_by_zoom_linesearch",
            f"initial_guess_strategy is 'keep' or 'one', not {initial_guess_strategy!r}",
        )
    return _Zoom(
        max_linesearch_steps,
        max_learning_rate,
        tol,
        increase_factor,
        slope_rtol,
        curv_rtol,
        approx_dec_rtol,
        stepsize_precision,
        initial_guess_strategy,
    ).pair
