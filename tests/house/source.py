"""The project's own source, parsed, for the tests of the house rules."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("contracts", "ledger", "market")


@cache
def modules() -> dict[str, ast.Module]:
    """Return path from the root -> syntax tree of every module of the three rooms."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield every call in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def called(call: ast.Call) -> str:
    """Return the last name of what is called: ``commit`` for ``session.commit()``."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a module imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
