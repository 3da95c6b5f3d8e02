"""A write that is interrupted leaves the old file; and what is written to."""

from __future__ import annotations

import inspect
import os
import random
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
from fungrad.errors import SavedFileError
from tests.saved import assert_same

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and links")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tree.safetensors"


def tree_of(number: int) -> dict[str, Any]:
    return {"x": np.full(5000, number), "step": number, "y": np.full((100, 50), number, ">f8").T}


def number_of(path: Path) -> int:
    """The number of the tree in the file, which must be whole."""
    found = fg.load(path)
    assert_same(found, tree_of(found["step"]))
    return int(found["step"])


@pytest.mark.parametrize("name", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()], ids=repr)
def test_a_write_that_fails_leaves_the_old_file(path, monkeypatch, name, error):
    def fail(*args: Any) -> None:
        raise error

    fg.save(path, tree_of(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, name, fail)
        with pytest.raises(type(error)):
            fg.save(path, tree_of(2))
    assert number_of(path) == 1
    assert os.listdir(path.parent) == [path.name]


def test_all_is_on_the_disk_before_the_name_changes(path, monkeypatch):
    calls = []

    def recorded(function: Any, name: str) -> Any:
        return lambda *args: (calls.append(name), function(*args))[1]

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(getattr(os, name), name))
    fg.save(path, tree_of(1))
    assert calls == ["fsync", "replace"] + ["fsync"] * (os.name == "posix")


KILLED = f"""
import itertools, sys
from typing import Any
import numpy as np
import fungrad as fg

{inspect.getsource(tree_of)}
for number in itertools.count(1):
    fg.save(sys.argv[1], tree_of(number))
    if number == 1:
        print("ready", flush=True)
"""


def test_a_killed_process_leaves_a_whole_file(path):
    rng = random.Random(0)
    for _ in range(12):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.random() * 0.02)
            process.kill()
        assert number_of(path) >= 1


def test_of_writers_at_once_one_wins(path):
    def write(first: int) -> None:
        for number in range(first, first + 20):
            fg.save(path, tree_of(number))

    fg.save(path, tree_of(0))
    threads = [threading.Thread(target=write, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        number_of(path)
    assert number_of(path) % 100 == 19
    assert os.listdir(path.parent) == [path.name]


@posix
def test_permissions(path):
    before = os.umask(0o027)
    try:
        fg.save(path, 1)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        fg.save(path, 2)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


@posix
def test_a_file_that_may_not_be_written_is_not_replaced(path, monkeypatch):
    fg.save(path, 1)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # root may all
    with pytest.raises(PermissionError):
        fg.save(path, 2)
    assert fg.load(path) == 1


@posix
def test_a_link_stays_a_link(path, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "model.safetensors"
    path.symlink_to(target)
    for number in (1, 2):
        fg.save(path, number)
        assert path.is_symlink()
        assert fg.load(target) == number
        assert os.listdir(target.parent) == [target.name]


@posix
def test_what_is_no_file_is_not_replaced(path):
    os.mkfifo(path)
    with pytest.raises(OSError, match="Not a regular file"):
        fg.save(path, 1)
    with pytest.raises(SavedFileError, match="no file"):  # and does not wait for a writer
        fg.load(path)


def test_directories(tmp_path):
    with pytest.raises(IsADirectoryError):
        fg.save(tmp_path, 1)
    with pytest.raises(SavedFileError, match="directory"):
        fg.load(tmp_path)
    with pytest.raises(FileNotFoundError) as caught:
        fg.save(tmp_path / "none" / "x", 1)
    assert caught.value.filename == str(tmp_path / "none" / "x")
    with pytest.raises(FileNotFoundError):
        fg.load(tmp_path / "none")
