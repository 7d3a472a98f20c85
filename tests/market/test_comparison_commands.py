"""``qilu compare`` on real files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from market.cli import qilu


def test_the_command(tmp_path: Path) -> None:
    old, new = tmp_path / "old.csv", tmp_path / "new.jsonl"
    old.write_text("a,b\n1,x\n2,y\n", "utf-8")
    new.write_text('{"a": 2, "b": "y", "c": "z"}\n{"a": 3, "b": "y", "c": "z"}\n', "utf-8")
    done = CliRunner().invoke(qilu, ["compare", str(old), str(new)])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "1 rows were added, 1 removed and 1 kept.",
        "Column c was added (text).",
        "Column a: 50% of its cells moved from some values to others.",
        "Column a: its values moved up or down, in at least 50% of its cells.",
        "Column b: 50% of its cells moved from some values to others.",
    ]
    shown = json.loads(CliRunner().invoke(qilu, ["compare", str(old), str(new), "--json"]).output)
    assert shown["rows"] == {
        "before": 2, "after": 2, "added": 1, "removed": 1, "kept": 1, "method": "exact"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("new.pdf", "a\n1\n", "new.pdf: its ending"),
        ("new.csv", "a,b\n1\n", "new.csv: file.ragged: Line 2 has 1 cells"),
    ],
)
def test_what_the_command_refuses(tmp_path: Path, name: str, text: str, said: str) -> None:
    old, new = tmp_path / "old.csv", tmp_path / name
    old.write_text("a,b\n1,2\n", "utf-8")
    new.write_text(text, "utf-8")
    done = CliRunner().invoke(qilu, ["compare", str(old), str(new)])
    assert done.exit_code == 1
    assert done.stderr.startswith(said)
