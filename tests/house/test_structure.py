"""The shape of the house: doors, arrows, sizes, names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.house.source import ROOT, called, calls, imports, modules
from tests.waiting import SECONDS

LONGEST = 400
"""Lines; a longer file is asking to be two."""

NAMES_OF_NOTHING = {"utils", "util", "common", "core", "helpers", "helper", "misc", "manager"}
HEAVY = {
    "duckdb", "typst", "pyarrow", "polars", "polars_hash", "numpy", "fastexcel", "sqlglot", "pandas", "obstore",
    "pyhanko", "asn1crypto",
}  # fmt: skip
COMMITTING = {"commit", "begin", "begin_nested", "autocommit"}
"""Calls that begin or end a transaction; a function of a module may have such a name and mean something else."""
WORDS = {"AUTOCOMMIT", "COMMIT", "BEGIN IMMEDIATE"}

MAY_COMMIT = {
    "market/db.py": "the two doors",
    "market/turn.py": "for the door alone: one commit for several writers of SQLite",
    "market/migrations/__init__.py": "migrations run on a connection of their own",
    "market/migrations/owner.py": "the owner fills an empty database, and makes databases outside transactions",
    "market/sandbox/store.py": "a program of its own beside the product",
}


def test_only_the_door_commits() -> None:
    found = {path: list(committing(tree)) for path, tree in modules().items()}
    assert {path for path, lines in found.items() if lines} == set(MAY_COMMIT), found


@pytest.mark.parametrize(
    "source",
    [
        "with engine.begin() as connection: pass",
        "with db.engine().begin(): pass",
        "session.begin_nested()",
        "session.commit()",
        "engine.execution_options(isolation_level='AUTOCOMMIT')",
        "connection.execute(text('commit'))",
    ],
)
def test_a_way_around_the_door_is_seen(source: str) -> None:
    assert list(committing(ast.parse(source))) == [1]
    assert not list(committing(ast.parse("from market import steps\nsteps.begin(actor, kind, handle)")))


def committing(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where a module begins or ends a transaction by itself."""
    named = {name.rsplit(".", 1)[-1] for name in imports(tree)}
    for call in calls(tree):
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        of_a_module = isinstance(of, ast.Name) and of.id in named
        if called(call) in COMMITTING and of is not None and not of_a_module:
            yield call.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and str(node.value).upper() in WORDS:
            yield node.lineno


def test_services_never_open_a_door() -> None:
    """The caller of a service opens the transaction; handlers of jobs are their own callers."""
    found = []
    for path, tree in modules().items():
        if not path.endswith("/service.py"):
            continue
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("on_"):
                takes_session = any(argument.arg == "session" for argument in function.args.args)
                opens = any(
                    called(call) in {"transaction", "read"} and not call.args for call in calls(function)
                )
                if takes_session and opens:
                    found.append(f"{path}:{function.lineno} {function.name}")
    assert found == []


def test_only_the_settings_read_the_environment() -> None:
    reading = re.compile(r"os\.(environ|getenv)")
    allowed = {
        "market/config.py",
        "market/demo/home.py",
    }  # the demo hands its own environment to its children
    found = [
        path for path in modules() if path not in allowed and reading.search((ROOT / path).read_text("utf-8"))
    ]
    assert found == []


def test_a_feature_reaches_another_through_its_service() -> None:
    """A row of another room may be named in an annotation; only its own room queries, makes or changes it."""
    found = []
    for path, tree in modules().items():
        parts = PurePosixPath(path).parts
        if parts[0] != "market" or len(parts) < 3 or parts[1] in {"migrations", "steps"}:
            continue
        foreign = set(foreign_models(tree, parts[1]))
        annotated = {id(node) for annotation in annotations(tree) for node in ast.walk(annotation)}
        found += [
            f"{path}:{node.lineno} {node.id}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id in foreign and id(node) not in annotated
        ]
    assert found == []


def foreign_models(tree: ast.Module, own: str) -> Iterator[str]:
    """Yield the names that a module imports from the models of other rooms."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            other = re.fullmatch(r"market\.(\w+)\.models", node.module or "")
            if other and other[1] not in {own, "steps"}:
                yield from (alias.asname or alias.name for alias in node.names if alias.name[0].isupper())


def annotations(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield every annotation of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            yield node.annotation
        if isinstance(node, ast.FunctionDef) and node.returns is not None:
            yield node.returns


def test_files_are_short_and_named_for_what_they_hold() -> None:
    ours = [
        path for path in modules() if not path.startswith("market/migrations/versions/")
    ]  # history stays whole
    long = [path for path in ours if len((ROOT / path).read_text("utf-8").splitlines()) > LONGEST]
    vague = [path for path in modules() if NAMES_OF_NOTHING & set(PurePosixPath(path).with_suffix("").parts)]
    assert (long, vague) == ([], [])


@pytest.mark.parametrize("module", ["market.wsgi", "market.serve", "market.cli"])
def test_the_server_imports_nothing_heavy(module: str) -> None:
    """Measuring and rendering happen in children; the server stays small and starts fast."""
    code = f"import sys, {module}; print(sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=SECONDS,
        env={"PATH": "", "SECRET_KEY": "x", "QILU_HOME": "/nonexistent/home"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_the_ledger_package_imports_nothing() -> None:
    assert not list(imports(modules()["ledger/__init__.py"]))


def test_the_strangers_checker_runs_with_cryptography_alone() -> None:
    """``python -m ledger`` may load the standard library, its own room and cryptography, nothing else."""
    code = (
        "import sys; before = set(sys.modules); import ledger.verify;"
        "new = {name.split('.')[0] for name in set(sys.modules) - before};"
        "allowed = set(sys.stdlib_module_names) | {'ledger', 'cryptography', '_cffi_backend', '_openssl'};"
        "print(sorted(new - allowed))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=SECONDS
    )
    assert done.stdout.strip() == "[]"
