"""Declarations in the words of others, there and back."""

import json

import pytest
import yaml

from market.inspection.declared import model, odcs, tableschema
from market.inspection.declared.faults import Invalid

DECLARED = model.build(
    {
        "columns": [
            {"name": "a", "type": "decimal", "minimum": "-1.5", "maximum": "10", "required": True, "unit": "kg"},
            {"name": "名", "allowed": ["x", "y"], "pattern": r"\w+", "longest": 9, "quasi": True, "personal": "name",
             "unique": True, "description": "who"},
            {"name": "d", "type": "date", "minimum": "2026-01-01"},
            {"name": "b", "type": "boolean"},
        ],
        "key": ["名", "a"],
        "description": "people",
    }
)  # fmt: skip
RULED = model.build(
    json.loads(DECLARED.to_json()) | {"rules": [{"expression": '("a" > 1) or "b"', "code": "0402"}]}
)


def test_a_table_schema_says_the_same() -> None:
    schema = tableschema.write(DECLARED)
    assert tableschema.read(json.dumps(schema)).declared == DECLARED
    package = {"name": "p", "resources": [{"name": "r", "schema": schema}]}
    assert tableschema.read(json.dumps(package)) == tableschema.read(json.dumps(schema))


def test_a_data_contract_says_the_same() -> None:
    contract = odcs.write(RULED, "urn:x", "1.0.0")
    assert contract["schema"][0]["properties"][0]["logicalTypeOptions"] == {"minimum": -1.5, "maximum": 10}
    assert odcs.read(json.dumps(contract)).declared == RULED
    assert odcs.read(yaml.safe_dump(contract, allow_unicode=True)).declared == RULED


def test_what_is_not_taken_over_is_noted() -> None:
    schema = {
        "fields": [
            {
                "name": "a",
                "type": "geopoint",
                "format": "array",
                "constraints": {"minLength": 3, "pattern": "(?=a)"},
            },
        ],
        "foreignKeys": [{"fields": "a"}],
    }
    taken = tableschema.read(json.dumps(schema))
    assert taken.declared.columns == (model.DeclaredColumn("a"),)
    assert [note.path for note in taken.notes] == [
        "schema.foreignKeys", "fields.0.type", "fields.0.format", "fields.0.constraints.minLength", "columns.0.pattern",
    ]  # fmt: skip


CONTRACT = """
apiVersion: v3.0.2
kind: DataContract
id: x
version: 1.0.0
status: active
servers: [{server: s, type: local}]
schema:
  - name: t
    properties:
      - name: on
        logicalType: integer
        required: true
        logicalTypeOptions: {minimum: 010, maximum: 12}
        quality:
          - {type: library, rule: duplicateCount, mustBe: 0}
          - {type: library, metric: rowCount, mustBeGreaterThan: 3}
      - name: yes
        quality:
          - {metric: invalidValues, arguments: {validValues: 3}, mustBe: 0}
          - {metric: invalidValues, arguments: {validValues: [yes, 1.50, 2026-01-01]}, mustBe: 0}
    quality:
      - {type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT ("on" > 1)', mustBe: 0}
      - {type: sql, query: 'SELECT COUNT(*) FROM {object} WHERE NOT (now() > 1)', mustBe: 0}
      - {type: sql, query: 'SELECT 1', mustBe: 0}
"""


def test_a_contract_is_read_with_its_words_as_they_stand() -> None:
    taken = odcs.read(CONTRACT)
    first, second = taken.declared.columns
    assert (first.name, first.required, first.unique, first.minimum, first.maximum) == (
        "on",
        True,
        True,
        None,
        "12",
    )
    assert (second.name, second.allowed) == ("yes", ("yes", "1.50", "2026-01-01"))
    assert [rule.expression for rule in taken.declared.rules] == ['"on" > 1']
    assert [note.path for note in taken.notes] == [
        ".servers", "schema.0.properties.0.quality.1", "schema.0.properties.1.quality.0",
        "schema.0.quality.2", "columns.0.minimum", "rules.1.expression",
    ]  # fmt: skip


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    "text",
    [
        BOMB, "!!python/object/apply:os.system [id]", "[" * 2000, "x" * 600_000, "a: b: c", "", "3", '{"kind": 3}',
        '{"a": ', "kind: DataContract\napiVersion: v2.2.0", "kind: DataContract\napiVersion: v3.0.0\nschema: 3",
        "kind: DataContract\napiVersion: v3.0.0\nschema: [{properties: [{name: [1]}]}]",
        "? [a, b]\n: c",
    ],
)  # fmt: skip
def test_what_is_no_contract_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        odcs.read(text)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"fields": 3}', '{"resources": []}', '{"fields": [{"name": "a", "constraints": 3}]}'],
)
def test_what_is_no_table_schema_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        tableschema.read(text)
