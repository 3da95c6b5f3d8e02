"""The examples run as a user runs them: by path, from another directory."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import code_blocks

EXAMPLES = Path(__file__).parent.parent / "examples"
GALLERY = EXAMPLES.parent / "docs" / "gallery"


def run(directory, *arguments, program="train_digits.py"):
    """Run one of the examples in `directory`."""
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "error::RuntimeWarning",
            str(EXAMPLES / program),
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


def test_train_digits_conv(tmp_path):
    arguments = ("--epochs", "5", "--seed", "1", "--output", "picture.png")
    done = run(tmp_path, *arguments, program="train_digits_conv.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["path", "shape", "dtype", "count", "bytes"]
    assert [line.split()[:2] for line in lines[-6:-1]] == [["epoch", str(n)] for n in range(1, 6)]
    end = re.match(r"Read ([\d.]+)% of 360 held-out digits correctly", lines[-1])
    assert end, lines[-1]
    assert float(end[1]) > 97
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


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


ENDS = {
    "burgers_equation": (r"The error is ([1-4]\d\.\d\d)% of the solution's norm; .*", 10),
    "character_transformer": (r"The held-out loss is (3\.\d+) nats per character; .*", 3),
    "curve_fitting": (r"The sum of squares is (1244\.484636)0, found from \d of 3 .*", 1244),
    "fit_lotka_volterra": (r"Fitted .* off by a factor of (1\.25); .*", 1.25),
    "gaussian_process": (r"Forecast of 192 months: .*, (\d+)% in the 95 % band; .*", 90),
    "hamiltonian_monte_carlo": (r"Drew 3840 times and accepted (\d+)%; .*", 90),
    "influence": (r".* of 300 examples\. .* correlation ([\d.]+); .*", 0.99),
    "learn_learning_rates": (r"With the learned rates ([\d.]+)% are read correctly; .*", 40),
}
"""The last line that an example of the gallery prints, and the least number in it that will do."""


@pytest.mark.parametrize("name", ENDS)
def test_gallery(tmp_path, name):
    last_line, least = ENDS[name]
    arguments = ["--quick", "--seed", "1", "--picture", "picture.png"]
    pictures, outputs = [], []
    for attempt in ("first", "second"):
        (tmp_path / attempt).mkdir()
        done = run(tmp_path / attempt, *arguments, program=f"{name}.py")
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
        pictures.append((tmp_path / attempt / "picture.png").read_bytes())
    end = re.fullmatch(last_line, outputs[0].splitlines()[-1])
    assert end, outputs[0]
    assert float(end[1]) >= least
    assert pictures[0].startswith(b"\x89PNG")
    assert outputs[0] == outputs[1]
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    "page", sorted(set(GALLERY.glob("*.md")) - {GALLERY / "index.md"}), ids=lambda page: page.stem
)
def test_a_page_of_the_gallery_shows_its_program_and_picture(page):
    program = (EXAMPLES / page.with_suffix(".py").name).read_text(encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    for _, code in code_blocks(text):
        if ">>> " not in code:
            for part in code.strip().split("\n\n\n"):
                assert part in program
    picture = page.with_suffix(".png")
    assert f"({picture.name})" in text
    assert picture.stat().st_size <= 80_000
    assert f"({page.name})" in (GALLERY / "index.md").read_text(encoding="utf-8")
