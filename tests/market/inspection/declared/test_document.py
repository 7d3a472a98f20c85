"""A declaration's file in each of its forms: which it is, and that page and command read the same."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from market.cli import qilu
from market.inspection.declared import document, model, odcs, tableschema
from market.inspection.declared.document import Form
from market.inspection.declared.faults import Invalid

DECLARED = model.build(
    {"columns": [{"name": "名", "pattern": "[a-z]+"}, {"name": "n", "type": "integer", "minimum": "2"}]}
)
CONTRACT = odcs.write(DECLARED, "urn:x", "1.0.0")
FORMS = {
    "own": (Form.OWN, DECLARED.to_json()),
    "a contract in JSON": (Form.ODCS, json.dumps(CONTRACT)),
    "a contract in YAML": (Form.ODCS, yaml.safe_dump(CONTRACT, allow_unicode=True)),
    "a table schema": (Form.TABLE_SCHEMA, json.dumps(tableschema.write(DECLARED))),
    "a package": (Form.TABLE_SCHEMA, json.dumps({"resources": [{"schema": tableschema.write(DECLARED)}]})),
    "with a mark": (Form.OWN, "\ufeff" + DECLARED.to_json()),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_told_apart(form: str) -> None:
    expected, text = FORMS[form]
    taken, found = document.read(text.encode())
    assert (taken.declared, taken.notes, found) == (DECLARED, (), expected)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "declared.shape"), (b"{", "declared.json"), (b"[]", "declared.shape"), (b"{}", "declared.shape"),
        ("名".encode("gbk"), "declared.encoding"), (b" " * (model.SIZE + 1), "declared.size"),
        (b'{"kind": "DataContract"}', "declared.odcs_version"),
    ],
)  # fmt: skip
def test_what_is_in_no_form_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        document.read(data)
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.mark.parametrize("form", FORMS)
def test_the_command_reads_each_form(tmp_path: Path, form: str) -> None:
    file, said = tmp_path / "data.csv", tmp_path / "said"
    file.write_text("名,n\nab,1\nc1,3\n", "utf-8")
    said.write_text(FORMS[form][1], "utf-8")
    shown = CliRunner().invoke(qilu, ["inspect", str(file), "--declared", str(said), "--json"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout)["declared"] == {"digest": DECLARED.digest}


def test_the_command_says_what_is_not_taken_over(tmp_path: Path) -> None:
    file, said = tmp_path / "data.csv", tmp_path / "said.json"
    file.write_text("a\nb\n", "utf-8")
    said.write_text(json.dumps({"fields": [{"name": "a"}], "foreignKeys": [{"fields": "a"}]}), "utf-8")
    shown = CliRunner().invoke(qilu, ["inspect", str(file), "--declared", str(said), "--json"])
    assert json.loads(shown.stdout)["declared"]
    assert "schema.foreignKeys: " in shown.stderr
