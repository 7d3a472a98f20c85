"""A command that writes asks the guard first: it runs beside no guard of its own."""

import ast

from tests.house.source import called, calls, modules

MODULES = (
    "market/cli.py",
    "market/backup_commands.py",
    "market/cleaning_commands.py",
    "market/comparison_commands.py",
    "market/key_commands.py",
    "market/signing_commands.py",
)
WRITES = frozenset({"transaction", "rotation.begin", "rotation.retire"})
"""What a command writes through; a further way must be named here."""


def test_every_command_that_writes_looks_first() -> None:
    found = {name: function for path in MODULES for name, function in _writers(modules()[path]).items()}
    assert sorted(found) == [
        "create_operator", "drill", "ledger_retire", "ledger_rotate", "reset_second_factor",
    ]  # fmt: skip
    for name, function in found.items():
        first = min(call.lineno for call in calls(function) if _writes(call))
        looks = [call.lineno for call in calls(function) if called(call) == "look_once"]
        assert looks, f"{name} does not ask guard.look_once()"
        assert min(looks) < first, f"{name} writes before it asks guard.look_once()"


def _writers(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {one.name: one for one in functions if any(_writes(call) for call in calls(one))}


def _writes(call: ast.Call) -> bool:
    return ast.unparse(call.func) in WRITES
