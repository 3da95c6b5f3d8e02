"""Tests of derivatives: `check_grads` for functions, `check_function` for a `Function`."""

from fungrad.testing.comparison import GradientReport as GradientReport
from fungrad.testing.functions import FunctionReport as FunctionReport
from fungrad.testing.functions import check_function as check_function
from fungrad.testing.gradients import check_grads as check_grads

__all__ = ["FunctionReport", "GradientReport", "check_function", "check_grads"]
