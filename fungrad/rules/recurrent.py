"""Steps of recurrent networks: all that is done element by element, with one backward pass.

The gates come in two parts, from the input and from the last hidden state, and lie side by side
along the last axis, in PyTorch's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fungrad.rules.activations import Sigmoid
from fungrad.rules.families import Rule, align, conform


class _Step(Rule):
    @classmethod
    def batch(
        cls, size: int, batched: Sequence[bool], values: Sequence[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        return cls.call(*align(batched, values)), True


class LstmStep(_Step):
    """(h, c) from the gates and the last c; the gates are input, forget, cell and output."""

    @staticmethod
    def kernel(x: Any, y: Any, c: Any) -> Any:
        return gates_of_lstm(x, y, c)[0]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z, gates, tanh_c = gates_of_lstm(*values)
        return z, (gates, values[2], tanh_c)

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        gates, c, tanh_c = notes
        g_h, g_c = gradient
        i, f, g, o = _parts(gates, 4)
        g_c = g_c + g_h * (o * (1 - tanh_c * tanh_c))
        g_gates = _joined(g_c * g, g_c * c, g_c * i, g_h * tanh_c)
        if type(g_gates) is type(gates) is np.ndarray:
            slopes = np.subtract(1, gates)
            slopes *= gates
            np.subtract(1, g * g, out=_parts(slopes, 4)[2])
            g_gates *= slopes
        else:
            g_gates = g_gates * _joined(i * (1 - i), f * (1 - f), 1 - g * g, o * (1 - o))
        return g_gates, g_gates, g_c * f if parents[2] >= 0 else None

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z, gates, tanh_c = gates_of_lstm(*values)
        t_x, t_y, t_c = tangents
        i, f, g, o = _parts(gates, 4)
        change = 0 if t_c is None else t_c * f
        t_h: Any = 0
        t = _total(t_x, t_y)
        if t is not None:
            t_i, t_f, t_g, t_o = _parts(t, 4)
            change = change + t_i * (i * (1 - i) * g) + t_g * ((1 - g * g) * i)
            change = change + t_f * (f * (1 - f) * values[2])
            t_h = t_o * (o * (1 - o) * tanh_c)
        t_h = t_h + change * (o * (1 - tanh_c * tanh_c))
        return z, (conform(t_h, z[0]), conform(change, z[1]))


def gates_of_lstm(x: Any, y: Any, c: Any) -> tuple[Any, Any, Any]:
    """Return (h, c), the gates, and tanh(c)."""
    gates = x + y
    size = gates.shape[-1] // 4
    if type(gates) is np.ndarray and type(c) is np.ndarray:
        cell = np.tanh(gates[..., 2 * size : 3 * size])
        gates = Sigmoid.kernel(gates)
        gates[..., 2 * size : 3 * size] = cell
        i, f, g, o = _parts(gates, 4)
        c = f * c
        c += i * g
        tanh_c = np.tanh(c)
        return (o * tanh_c, c), gates, tanh_c
    i, f, g, o = _parts(gates, 4)
    i, f, g, o = Sigmoid.call(i), Sigmoid.call(f), np.tanh(g), Sigmoid.call(o)
    c = f * c + i * g
    tanh_c = np.tanh(c)
    return (o * tanh_c, c), _joined(i, f, g, o), tanh_c


class GruStep(_Step):
    """h from the gates and the last h; the gates are reset, update and new."""

    @staticmethod
    def kernel(x: Any, y: Any, h: Any) -> Any:
        return _gru(x, y, h)[0]

    @classmethod
    def linearize(
        cls, values: list[Any], parents: Sequence[int], params: dict[str, Any], nested: bool
    ) -> tuple[Any, Any]:
        z, gates, new = _gru(*values)
        return z, (gates, new, values[1], values[2])

    @classmethod
    def pull(cls, notes: Any, parents: Sequence[int], gradient: Any) -> Sequence[Any]:
        gates, new, y, h = notes
        r, u = _parts(gates, 2)
        size = h.shape[-1]
        g_new = gradient * ((1 - u) * (1 - new * new))
        g_r = (g_new * y[..., 2 * size :]) * (r * (1 - r))
        g_u = gradient * ((h - new) * (u * (1 - u)))
        return (
            _joined(g_r, g_u, g_new),
            _joined(g_r, g_u, g_new * r),
            gradient * u if parents[2] >= 0 else None,
        )

    @classmethod
    def push(
        cls, values: list[Any], tangents: list[Any], params: dict[str, Any]
    ) -> tuple[Any, Any]:
        z, gates, new = _gru(*values)
        t_x, t_y, t_h = tangents
        r, u = _parts(gates, 2)
        h = values[2]
        size = h.shape[-1]
        total = 0 if t_h is None else t_h * u
        t = _total(t_x, t_y)
        if t is not None:
            t_r, t_u, _ = _parts(t, 3)
            t_new = t_r * (r * (1 - r) * values[1][..., 2 * size :])
            if t_x is not None:
                t_new = t_new + t_x[..., 2 * size :]
            if t_y is not None:
                t_new = t_new + t_y[..., 2 * size :] * r
            total = total + t_new * ((1 - new * new) * (1 - u)) + t_u * (u * (1 - u) * (h - new))
        return z, conform(total, z)


def _gru(x: Any, y: Any, h: Any) -> tuple[Any, Any, Any]:
    """Return the next h, the reset and update gates, and the new part."""
    size = h.shape[-1]
    gates = Sigmoid.call(x[..., : 2 * size] + y[..., : 2 * size])
    r, u = _parts(gates, 2)
    new = np.tanh(x[..., 2 * size :] + r * y[..., 2 * size :])
    return new + u * (h - new), gates, new


# --- shared pieces -------------------------------------------------------------------------------


def _parts(x: Any, count: int) -> list[Any]:
    size = x.shape[-1] // count
    return [x[..., start * size : (start + 1) * size] for start in range(count)]


def _joined(*parts: Any) -> Any:
    """Return the parts side by side, broadcast against each other."""
    if any(part.shape != parts[0].shape for part in parts):
        shape = np.broadcast_shapes(*[part.shape for part in parts])
        parts = tuple([np.broadcast_to(part, shape) for part in parts])
    return np.concatenate(parts, axis=-1)


def _total(x: Any, y: Any) -> Any:
    if x is None or y is None:
        return y if x is None else x
    return x + y
