"""What the tools for testing and debugging find."""

from __future__ import annotations

from collections.abc import Sequence

from fungrad.errors.base import FungradError


class GradientMismatchError(FungradError, AssertionError):
    """A derivative differs from the numerical one."""


class FunctionCheckError(FungradError, AssertionError):
    """A `Function` does not keep what a Function promises."""

    def __init__(self, function: str, failed: dict[str, str], passed: Sequence[str]) -> None:
        lines = [f"{function} failed {len(failed)} of {len(failed) + len(passed)} checks"]
        lines += [f"{name}: {text}".replace("\n", "\n    ") for name, text in failed.items()]
        lines.append(f"passed: {', '.join(passed) or 'nothing'}")
        super().__init__("\n".join(lines))


class DerivativeCheckError(FungradError, ValueError):
    """There is no derivative to compare: no floating-point numbers, or NaN among them."""

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(f"{title}: {reason}")


class NanError(FungradError, FloatingPointError):
    """A computation made NaN (or an infinity, where these are looked for, too)."""
