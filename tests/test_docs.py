"""Every Python block of README.md and docs/ runs; sessions with `>>>` print what they show."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?:python|pycon|py) *\n(?P<code>.*?)^ *(?P=fence) *$",
    re.MULTILINE | re.DOTALL,
)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def code_blocks(text: str) -> list[tuple[int, str]]:
    """The number of the first line and the code of each Python block of a page."""
    blocks = []
    for match in FENCE.finditer(text):
        lines = match["code"].splitlines(keepends=True)
        code = "".join(line.removeprefix(match["indent"]) for line in lines)
        blocks.append((text.count("\n", 0, match.start("code")) + 1, code))
    return blocks


def run_block(code: str, name: str, line: int, namespace: dict[str, Any]) -> None:
    """Run a block in `namespace`; raise if it fails or, in a session, prints something else."""
    if not re.search(r"^ *>>> ", code, re.MULTILINE):
        # The empty lines make tracebacks show the line of the page.
        source = "\n" * (line - 1) + code
        exec(compile(source, name, "exec", dont_inherit=True), namespace)
        return
    test = doctest.DocTestParser().get_doctest(code, {}, name, name, line - 1)
    test.globs = namespace
    report: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(
        test, out=report.append, clear_globs=False
    )
    assert not report, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # what an example writes goes nowhere
    namespace: dict[str, Any] = {"__name__": "__main__", "np": np, "fg": fg, "fnp": fnp}
    for line, code in code_blocks(page.read_text(encoding="utf-8")):
        try:
            run_block(code, str(page), line, namespace)
        except Exception as error:
            pytest.fail(f"the block at {page}:{line}: {type(error).__name__}: {error}")


def test_blocks_are_found_and_compared():
    """The test above would pass if no block were seen or no output compared."""
    page = "text\n\n```python\nx = 1\n```\n\n1. list\n\n   ```python\n   >>> x + 1\n   3\n   ```\n"
    blocks = code_blocks(page)
    assert blocks == [(4, "x = 1\n"), (10, ">>> x + 1\n3\n")]
    namespace: dict[str, Any] = {}
    run_block(blocks[0][1], "page.md", blocks[0][0], namespace)
    assert namespace["x"] == 1
    with pytest.raises(AssertionError, match=r'(?s)"page.md", line 10.*Expected:\s+3\s+Got:\s+2'):
        run_block(blocks[1][1], "page.md", blocks[1][0], namespace)
