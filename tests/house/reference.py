"""Writes ``market/reference.md`` out of the source: ``python -m tests.house.reference``; a test compares."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from market.config import Settings
from market.problems import HTTP_CODES
from market.steps import Kind
from market.trades.acts import REFUSALS
from tests.house.source import ROOT, called, calls, modules

PATH = ROOT / "market" / "reference.md"
RAISED = {
    "MarketError", "NotFound", "Forbidden", "Unauthenticated", "Conflict", "Frozen", "Invalid", "TooLarge", "TooMany",
    "Unavailable", "Refusal", "StatementError",
}  # fmt: skip
"""What takes a stable code as its first argument."""

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
HEAD = """# Reference

Written by `make docs` from the source; a test compares. OpenAPI at `/api/openapi.json`.
"""


def application() -> Flask:
    """Return the exchange, put together on nothing, to look at its routes."""
    from market.app import create_app

    return create_app(Settings.load({"SECRET_KEY": "reference", "QILU_HOME": "/nonexistent"}))


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return (path, methods, what it does) of every route."""
    found: dict[tuple[str, str], str] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.endswith("static"):
            continue
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        found[str(rule), methods] = _does(app.view_functions[rule.endpoint])
    return sorted((path, methods, does) for (path, methods), does in found.items())


def codes() -> dict[str, list[str]]:
    """Return code -> modules that answer with it."""
    found: dict[str, set[str]] = {code: {"market/problems.py"} for code, _sentence in HTTP_CODES.values()}
    for code in REFUSALS:
        found.setdefault(code, set()).add("market/trades/acts.py")
    for path, tree in modules().items():
        for code in _raised(tree) if path.startswith("market/") else _own(tree):
            found.setdefault(code, set()).add(path)
    return {code: sorted(paths) for code, paths in sorted(found.items())}


def _raised(tree: ast.AST) -> Iterator[str]:
    """Yield the codes that the market room raises by name."""
    for call in calls(tree):
        if called(call) in RAISED and call.args and isinstance(first := call.args[0], ast.Constant):
            yield str(first.value)


def _own(tree: ast.AST) -> Iterator[str]:
    """Yield the codes of the lower rooms: of their classes, and given beside a message."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            values = [item.value for item in node.body if isinstance(item, ast.Assign)]
        elif isinstance(node, ast.Call) and called(node).endswith("Error"):
            values = list(node.args[1:])
        else:
            continue
        words = [value.value for value in values if isinstance(value, ast.Constant)]
        yield from (word for word in words if isinstance(word, str) and CODE.fullmatch(word))


def text() -> str:
    """Return the whole page."""
    lines = [HEAD, "## Routes\n", "| path | methods | does |", "|---|---|---|"]
    lines += [f"| `{path}` | {methods} | {does} |" for path, methods, does in routes(application())]
    lines += ["\n## Error codes\n", "| code | from |", "|---|---|"]
    lines += [f"| `{code}` | {', '.join(f'`{path}`' for path in paths)} |" for code, paths in codes().items()]
    lines += ["\n## Ledger kinds\n", " · ".join(f"`{kind.value}`" for kind in Kind)]
    return "\n".join(lines) + "\n"


def _does(view: object) -> str:
    words = (getattr(view, "__doc__", None) or "").strip()
    return words.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    Path(PATH).write_text(text(), "utf-8")
