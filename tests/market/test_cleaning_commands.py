"""``qilu clean`` on real files."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from market.cli import qilu
from market.inspection.cleaning.recipe import Cast, DropDuplicates, Kind, Otherwise, Recipe, Trim


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_command(tmp_path: Path) -> None:
    source, recipe, out = (tmp_path / name for name in ("a.csv", "recipe.json", "out.csv"))
    source.write_text("a,b\n 1 ,2\n1,2\nx,3\n", "utf-8")
    recipe.write_text(
        Recipe((Trim(None), Cast("a", Kind.INTEGER, Otherwise.EMPTY), DropDuplicates())).text, "utf-8"
    )
    arguments = ["clean", str(source), "--recipe", str(recipe), "--out", str(out)]
    done = CliRunner().invoke(qilu, arguments)
    assert done.exit_code == 0, done.output
    assert out.read_text("utf-8") == "a,b\n1,2\n,3\n"
    assert done.output.splitlines() == [
        "0 trim: 1 cells",
        "1 cast: 1 cells, 1 cells not read",
        "2 drop_duplicates: 1 rows",
        "3 rows in, 2 rows out",
        f"source {sha256(source.read_bytes())}",
        f"recipe {sha256(recipe.read_bytes())}",
        f"result {sha256(out.read_bytes())}",
    ]
    shown = json.loads(CliRunner().invoke(qilu, [*arguments, "--json"]).output)
    assert shown["digest"] == sha256(out.read_bytes())
    assert shown["changes"][2] == {
        "operation": "drop_duplicates",
        "cells": 0,
        "unread": 0,
        "rows": 1,
        "columns": 0,
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.csv",
            '{"version": 1, "operations": [{"operation": "hash", "column": "a"}]}',
            "operations.0.operation: A hash",
        ),
        (
            "a.csv",
            '{"version": 1, "operations": [{"operation": "trim", "columns": ["c"]}]}',
            "recipe.unknown_column: ",
        ),
        ("a.csv", "\xff", "recipe.json: This is no JSON"),
        ("a.pdf", '{"version": 1, "operations": []}', "a.pdf: its ending"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, name: str, text: str, said: str) -> None:
    source, recipe = tmp_path / name, tmp_path / "recipe.json"
    source.write_text("a,b\n1,2\n", "utf-8")
    recipe.write_text(text, "latin-1")
    done = CliRunner().invoke(
        qilu, ["clean", str(source), "--recipe", str(recipe), "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 1
    assert done.stderr.startswith(said)
