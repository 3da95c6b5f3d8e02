"""A long short-term memory over a whole sequence, as one operation.

Its steps are those of `LstmStep`. What is gained are the sums over all steps: the gradient of the
weights is one product, and nothing is noted and checked from step to step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.array import RAW
from fungrad.rules.activations import Sigmoid
from fungrad.rules.families import Rule
from fungrad.rules.products import product
from fungrad.rules.recurrent import LstmStep, gates_of_lstm


class LstmSequence(Rule):
    """All h and the last c, from the gates' part of the inputs, the weights, and the first h and c.

    The inputs are ``[steps, batch, 4 * size]``, with one step at least, the weights
    ``[4 * size, size]``; h and c are ``[batch, size]``.
    """

    @staticmethod
    def kernel(x: Any, w: Any, h: Any, c: Any) -> Any:
        h, *_, cells, _ = _run(x, w, h, c)
        return h, cells[-1]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        _, w, h, c = values
        outputs, gates, cells, tanhs = _run(*values)
        return (outputs, cells[-1]), (w, h, c, outputs, gates, cells, tanhs)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        w, h, c, outputs, gates, cells, tanhs = notes
        g_outputs, g_c = gradient
        steps = len(gates)
        g_gates: list[Any] = [None] * steps
        g_h: Any = 0
        for step in range(steps - 1, -1, -1):
            before = cells[step - 1] if step else c
            g_h = g_outputs[step] + g_h
            g_gates[step], _, g_c = LstmStep.pull(
                (gates[step], before, tanhs[step]), (0, 0, 0), (g_h, g_c)
            )
            if step or parents[2] >= 0:
                g_h = product(g_gates[step], w)
        g_x = np.stack(g_gates)
        g_w = None
        if parents[1] >= 0:
            g_w = _gradient_of_weights(g_x, _previous(h, outputs), w.ndim)
        return g_x, g_w, g_h, g_c

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, w, h, c = values
        t_x, t_w, t_h, t_c = tangents
        turned, t_turned = _turned(w), None if t_w is None else _turned(t_w)
        outputs, t_outputs = [], []
        for step in range(x.shape[0]):
            t_y = None if t_h is None else product(t_h, turned)
            if t_turned is not None:
                of_weights = product(h, t_turned)
                t_y = of_weights if t_y is None else t_y + of_weights
            (h, c), (t_h, t_c) = LstmStep.push(
                [x[step], product(h, turned), c],
                [None if t_x is None else t_x[step], t_y, t_c],
                {},
            )
            outputs.append(h)
            t_outputs.append(t_h)
        return (np.stack(outputs), c), (np.stack(t_outputs), t_c)

    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        x, w, h, c = values
        if batched[0]:
            x = np.swapaxes(x, 0, 1)  # the steps in front
        outputs, c = cls.call(x, w, h, c)
        return (np.swapaxes(outputs, 0, 1), c), True


def _turned(w: Any) -> Any:
    turned = np.swapaxes(w, -1, -2)
    # BLAS is several times quicker for small matrices that lie in order.
    return np.ascontiguousarray(turned) if type(turned) is np.ndarray else turned


def _run(x: Any, w: Any, h: Any, c: Any) -> tuple[Any, Any, Any, Any]:
    """Return all h, and for each step the gates, c and tanh(c)."""
    turned = _turned(w)
    raw = all(type(each) in RAW and each.dtype == x.dtype for each in (x, w, h, c))
    if raw and (x.ndim, w.ndim, h.ndim, c.ndim) == (3, 2, 2, 2):
        return _run_in_place(x, turned, h, c)
    outputs, gates, cells, tanhs = [], [], [], []
    for step in range(x.shape[0]):
        (h, c), open_gates, tanh_c = gates_of_lstm(x[step], product(h, turned), c)
        outputs.append(h)
        gates.append(open_gates)
        cells.append(c)
        tanhs.append(tanh_c)
    return np.stack(outputs), gates, cells, tanhs


def _run_in_place(x: Any, w: Any, h: Any, c: Any) -> tuple[Any, Any, Any, Any]:
    """Do the steps in memory that is there for all of them."""
    steps, batch, _ = x.shape
    size = c.shape[-1]
    gates = np.empty_like(x, order="C")
    outputs, cells, tanhs = np.empty((3, steps, batch, size), x.dtype)
    new = np.empty((batch, size), x.dtype)
    for step in range(steps):
        own = gates[step]
        np.dot(h, w, out=own)
        own += x[step]
        np.tanh(own[:, 2 * size : 3 * size], out=new)
        own[...] = Sigmoid.kernel(own)
        own[:, 2 * size : 3 * size] = new
        new *= own[:, :size]
        c = np.multiply(own[:, size : 2 * size], c, out=cells[step])
        c += new
        tanh_c = np.tanh(c, out=tanhs[step])
        h = np.multiply(own[:, 3 * size :], tanh_c, out=outputs[step])
    return outputs, gates, cells, tanhs


def _previous(h: Any, outputs: Any) -> Any:
    """Return the h before each step."""
    before = np.broadcast_to(h, outputs.shape[1:])[None]
    return np.concatenate([before, outputs[:-1]])


def _gradient_of_weights(g: Any, h: Any, ndim: int) -> Any:
    if ndim == 2:
        return product(np.reshape(g, (-1, g.shape[-1])).T, np.reshape(h, (-1, h.shape[-1])))
    return np.sum(product(np.swapaxes(g, -1, -2), h), axis=0)
