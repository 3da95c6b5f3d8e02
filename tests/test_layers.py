"""The order of the house: imports go downward, files are short, public names are documented."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import fungrad

PACKAGE = Path(fungrad.__file__).parent
MAX_LINES = 500

LAYERS = [
    {"version", "errors"},
    {"tree"},
    {"tree_util"},
    {"operations", "raw"},
    {"at", "methods"},
    {"array"},
    {"trace"},
    {"function"},
    {"rules.families", "rules.placed"},
    {"rules"},
    {"numpy"},
    {"flatten_util"},
    {"transforms"},
    {"lax"},
    {"random", "scipy"},
    {"nn", "optim"},
    {"io", "testing", "debug"},
    {""},
]
"""From the ground up. A name stands for a module or for all of a package; "" is fungrad itself."""

LEVELS = {name: level for level, names in enumerate(LAYERS) for name in names}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {module_name(path): path for path in FILES}


def level(module: str) -> int:
    """The layer of a module: that of the longest name in LAYERS that holds it."""
    name = module
    while name and name not in LEVELS:
        name = name.rpartition(".")[0]
    assert name or not module, f"{module} has no place in LAYERS: give it one"
    return LEVELS[name]


def imported(node: ast.AST, module: str, path: Path) -> Iterator[str]:
    """The modules of fungrad that an import statement names, without the leading 'fungrad.'."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] == "fungrad":
                yield alias.name.partition(".")[2]
    elif isinstance(node, ast.ImportFrom):
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        base = node.module or ""
        if node.level:
            parts = ["fungrad", *package.split(".")] if package else ["fungrad"]
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [node.module])])
        if base.split(".")[0] == "fungrad":
            source = base.partition(".")[2]
            for alias in node.names:
                submodule = f"{source}.{alias.name}".lstrip(".")
                yield submodule if submodule in MODULES else source


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
    )


def runtime_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of each import of fungrad that runs when `path` is imported."""
    module = module_name(path)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not is_type_checking(node):
            for inner in ast.walk(node):
                for name in imported(inner, module, path):
                    yield inner.lineno, name


def test_the_imports_are_found():
    """The tests below would pass if the parser saw nothing."""
    seen = {name for path in FILES for _, name in runtime_imports(path)}
    assert {"errors", "tree", "array", "rules.families", "numpy"} <= seen
    assert all(name in MODULES for name in seen)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downward(path):
    module = module_name(path)
    package = module if path.name == "__init__.py" else None
    own_level = level(module)
    wrong = []
    for line, name in runtime_imports(path):
        if package is not None and name.startswith(f"{package}.".lstrip(".")):
            continue  # a package gathers what its own files hold
        if level(name) > own_level:
            wrong.append(f"{path}:{line}: {module} imports {name}, which stands above it")
    assert not wrong, "\n".join(wrong)


def test_no_cycles_within_a_layer():
    below = {module_name(path): {name for _, name in runtime_imports(path)} for path in FILES}
    finished: set[str] = set()

    def visit(name: str, chain: tuple[str, ...]) -> None:
        assert name not in chain, f"a cycle of imports: {' -> '.join([*chain, name])}"
        if name not in finished:
            for each in below[name]:
                visit(each, (*chain, name))
            finished.add(name)

    for name in below:
        visit(name, ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_stand_at_the_top(path):
    wrong = [
        f"{path}:{inner.lineno}: an import inside {scope.name}"
        for scope in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        for inner in ast.walk(scope)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{path} has {lines} lines: split it"


def public_names(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Names and values in the `__all__` of a module, and of the modules of NumPy names in it."""
    for name in module.__all__:
        value = getattr(module, name)
        if not isinstance(value, ModuleType):
            yield f"{module.__name__}.{name}", value
        elif value.__name__.startswith("fungrad.numpy"):
            yield from public_names(value)


def comes_from_numpy(value: Any) -> bool:
    """Whether this is NumPy's own: a dtype, a constant, a type re-exported as it is."""
    return (
        value is None
        or isinstance(value, (bool, int, float, complex, np.generic, np.dtype))
        or getattr(value, "__module__", "").split(".")[0] == "numpy"
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(value, id=name)
        for name, value in public_names(fungrad)
        if not comes_from_numpy(value) and not isinstance(value, str)
    ],
)
def test_public_names_have_an_example(value):
    text = inspect.getdoc(value) or ""
    assert text, "it has no docstring"
    _, heading, examples = text.partition("\nExamples\n--------\n")
    assert heading, "its docstring has no Examples section"
    assert ">>>" in examples, "its Examples section has no >>> line"
