"""What `import fungrad` gives, and what it does not load."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

import fungrad as fg


def test_every_public_name_is_there() -> None:
    for name in fg.__all__:
        assert getattr(fg, name) is not None
    assert set(fg.__all__) <= set(dir(fg))


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'fungrad' has no attribute 'gradient'"):
        fg.gradient  # noqa: B018


def test_what_few_programs_need_is_loaded_when_it_is_used() -> None:
    program = (
        "import sys, fungrad\n"
        "late = ['debug', 'io', 'nn', 'optim', 'random', 'scipy', 'testing']\n"
        "assert not [name for name in late if f'fungrad.{name}' in sys.modules]\n"
        "assert fungrad.save is fungrad.io.save\n"
        "assert 'fungrad.io' in sys.modules and 'fungrad.nn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_modules_are_modules() -> None:
    for name in ("io", "nn", "optim", "random", "scipy", "testing", "lax", "numpy"):
        assert isinstance(getattr(fg, name), ModuleType)
