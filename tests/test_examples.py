"""The examples run as a user runs them: by path, from another directory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(directory, *arguments):
    """Run train_digits.py in `directory`."""
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error::RuntimeWarning",
            str(EXAMPLES / "train_digits.py"),
            *arguments,
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_train_digits(tmp_path):
    done = run(tmp_path, "--epochs", "4", "--seed", "1", "--output", "picture.png")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["epoch", str(n)] for n in (1, 2, 3, 4)]
    end = re.fullmatch(
        r"Read ([\d.]+)% of 360 held-out digits correctly after [\d.]+ s; see picture\.png\.",
        lines[-1],
    )
    assert end, lines[-1]
    assert float(end[1]) > 90
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert "4/4" in done.stderr  # the progress bar


def test_the_same_seed_gives_the_same_numbers(tmp_path):
    first, second = (
        run(tmp_path, "--epochs", "1", "--seed", "5").stdout.splitlines() for _ in range(2)
    )
    assert len(first) == 2
    assert first[0] == second[0]
    assert (tmp_path / "train_digits.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs is 0, but must be at least 1"),
        (["--epochs", "-3"], "--epochs is -3, but must be at least 1"),
        (["--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (["--seed", "-1"], "--seed is -1, but must not be negative"),
        (["--lr", "0"], "--lr is 0.0, but must be positive and finite"),
        (["--lr", "nan"], "--lr is nan, but must be positive and finite"),
        (["--lr", "inf"], "--lr is inf, but must be positive and finite"),
        (
            ["--output", "picture.txt"],
            "--output is picture.txt, but must end in .png, .pdf or .svg",
        ),
        (["--output", "no/such/picture.png"], "--output cannot be written: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments_are_refused_before_training(tmp_path, arguments, message):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert f"error: {message}" in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())


def test_a_learning_rate_that_diverges_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "train_digits.py"), "--epochs", "2", "--lr", "1e6"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "The loss is no longer a finite number: try an --lr below 1e+06." in done.stderr
