"""Declarations: their bounds, and that they are written in one way."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.inspection.declared import lists, model, patterns, wording
from market.inspection.declared.faults import Invalid


def faults(**document: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as invalid:
        model.from_json(json.dumps({"columns": [{"name": "a"}]} | document))
    assert all(wording.explain(fault) for fault in invalid.value.faults)
    return [(fault.path, fault.code) for fault in invalid.value.faults]


FULL = {
    "columns": [
        {"name": "a", "type": "integer", "minimum": "-3", "maximum": "9", "required": True, "unique": True},
        {"name": "日", "type": "date", "minimum": "2026-01-01"},
        {
            "name": "c",
            "allowed": ["x", "y"],
            "pattern": "[xy]",
            "longest": 1,
            "personal": "name",
            "quasi": True,
        },
        {"name": "d", "allowed": "list:iso-4217", "unit": "1"},
    ],
    "key": ["a"],
    "rules": [{"expression": '"a" > 1', "code": "0402"}],
    "period": {"column": "日", "start": "2026-01-01", "every_days": 1},
}


def test_what_is_written_is_read_again() -> None:
    declared = model.from_json(json.dumps(FULL))
    assert model.from_json(declared.to_json()) == declared
    assert len(declared.digest) == 64
    assert json.loads(declared.to_json())["columns"][1]["name"] == "日"


@pytest.mark.parametrize(
    ("column", "field", "code"),
    [
        ({"type": "json"}, "type", "declared.type"),
        ({"name": " a"}, "name", "declared.name"),
        ({"minimum": "1"}, "minimum", "declared.bound"),
        ({"type": "integer", "maximum": "1.5"}, "maximum", "declared.bound"),
        ({"type": "date", "minimum": "2026-02-30"}, "minimum", "declared.bound"),
        ({"pattern": "(?=a)"}, "pattern", "declared.pattern"),
        ({"longest": 0}, "longest", "declared.longest"),
        ({"longest": True}, "longest", "declared.shape"),
        ({"required": 1}, "required", "declared.shape"),
        ({"allowed": []}, "allowed", "declared.allowed"),
        ({"allowed": [1]}, "allowed", "declared.shape"),
        ({"allowed": "list:none"}, "allowed", "declared.list"),
        ({"description": "x" * 2001}, "description", "declared.long"),
        ({"name": 3}, "name", "declared.shape"),
    ],
)
def test_a_fault_names_its_field(column: dict[str, Any], field: str, code: str) -> None:
    assert (f"columns.0.{field}", code) in faults(columns=[{"name": "a"} | column])


def test_the_table_has_faults_of_its_own() -> None:
    assert faults(columns=[]) == [("columns", "declared.no_columns")]
    assert faults(columns=[{"name": "a"}] * 2) == [("columns", "declared.name_twice")]
    assert faults(columns=[{"name": "a"}] * 1001) == [("columns", "declared.many")]
    assert faults(key=["b"]) == [("key", "declared.key")]
    assert faults(key=3) == [("key", "declared.shape")]
    assert faults(extra=3) == [("", "declared.unknown")]
    assert faults(columns=[{"name": "a", "nullable": 3}]) == [("columns.0", "declared.unknown")]
    assert faults(period={"column": "a"}) == [("period.column", "declared.period_column")]
    assert faults(rules=[{"expression": '"a" is null', "code": "9"}]) == [
        ("rules.0.code", "declared.rule_code")
    ]


@pytest.mark.parametrize("text", ["", "[", "[]", "[" * 100_000, "3"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        model.from_json(text)


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["columns", "name", "rules", "key", "expression", "period", "allowed"]), inner
            )
        ),
    )
)
def test_any_document_is_taken_or_refused_with_its_faults(document: Any) -> None:
    with contextlib.suppress(Invalid):
        assert model.build(document).columns


@pytest.mark.parametrize(
    "pattern",
    [
        "(?!a)", r"(a)\1", "(?i)a", "[[:alpha:]]", "[a&&b]", "a{1000}", "((a{99}){99}){99}", "(", "a++", "", r"\p{L}",
        r"\bx", r"[\W]", "}", "a{,3}", "(?<n>a)", "\n",
    ],
)  # fmt: skip
def test_patterns_that_engines_read_differently_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the pattern is the message
        patterns.portable(pattern)


def test_a_portable_pattern_is_written_out_as_ascii() -> None:
    assert patterns.portable(r"\d{3}-[\w.]+\D") == r"[0-9]{3}-[0-9A-Za-z_.]+[^0-9]"


def test_the_lists_hold_their_codes() -> None:
    sizes = {name: len(lists.codes(name)) for name in lists.NAMES}
    assert sizes["list:iso-3166-alpha-2"] == 249
    assert "110101" in lists.codes("list:cn-divisions")
    assert "CNY" in lists.codes("list:iso-4217")
    assert "是" in lists.codes("list:yes-no")
