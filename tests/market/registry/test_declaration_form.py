"""The form of a declaration: what is shown and sent back unchanged is the same declaration."""

import re
from dataclasses import fields
from typing import Any

import pytest
import requests
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market import jobs
from market.db import read
from market.inspection.declared import lists, model
from market.inspection.declared.faults import Invalid
from market.inspection.declared.model import Declared, DeclaredColumn, Period, Rule
from market.inspection.report import TYPE_LABELS
from market.inspection.sensitive.classes import Sensitive
from market.registry import declaration_form, declaring
from tests import assets, browsing

FULL = Declared(
    columns=(
        DeclaredColumn(
            "名, \"a\"", "text", " of whom\n\nit is ", required=True, unique=True, pattern=" ?[a-z]+",
            allowed=(" a", "b, c", "，", "list:yes-no"), longest=9, personal="name", quasi=True, unit=" kg",
        ),
        DeclaredColumn("日", "date", minimum="2020-01-01", maximum="2021-01-01"),
        DeclaredColumn("c", "integer", minimum="-3", maximum="9"),
        DeclaredColumn("y", allowed="list:yes-no"),
    ),
    key=("c", "名, \"a\""),
    rules=(Rule('"c" > 1', "0402", "more\nthan one"), Rule('\n"c"\n< 100', "0503"), Rule('"c" < 90')),
    period=Period("日", "2020-01-01", "2020-12-31", 7),
    description="\na table ",
)  # fmt: skip
LINE = st.text(st.sampled_from("a济, \t'\"<&\u2028\u3000").filter(model.visible), max_size=4)
AREA = st.text(st.sampled_from("a济, '\"<&\n"), max_size=6)
COLUMNS: Any = st.builds(
    DeclaredColumn,
    name=LINE.map(str.strip).filter(bool),
    type=st.sampled_from(sorted(TYPE_LABELS)),
    description=AREA,
    required=st.booleans(),
    unique=st.booleans(),
    pattern=st.sampled_from([None, "a", " a ", r"\d{3}"]),
    allowed=st.none()
    | st.sampled_from(lists.NAMES)
    | st.lists(LINE.filter(str.strip), min_size=1, max_size=3).map(tuple),
    longest=st.none() | st.integers(1, 1_000_000),
    personal=st.none() | st.sampled_from([kind.value for kind in Sensitive]),
    quasi=st.booleans(),
    unit=LINE,
)
BOUNDS = {
    "integer": "-3",
    "decimal": "1.50",
    "float": "2.0",
    "date": "2020-02-29",
    "timestamp": "2020-01-01 00:00:00",
}


@st.composite
def declarations(draw: st.DrawFn) -> Declared:
    columns = draw(st.lists(COLUMNS, min_size=1, max_size=3, unique_by=lambda one: one.name))
    bounded = [
        DeclaredColumn(**vars(one) | {
            "minimum": draw(st.sampled_from([None, BOUNDS.get(one.type)])),
            "maximum": draw(st.sampled_from([None, BOUNDS.get(one.type)])),
        })
        for one in columns
    ]  # fmt: skip
    names = [one.name for one in columns]
    timed = [one.name for one in columns if one.type in {"date", "timestamp"}]
    asked = f'{{}}"{names[0].replace(chr(34), chr(34) * 2)}" IS NOT NULL'
    period = st.builds(
        Period, st.sampled_from(timed), st.sampled_from([None, "2020-01-01"]),
        st.sampled_from([None, "2020-12-31"]), st.none() | st.integers(1, 36_600),
    ) if timed else st.none()  # fmt: skip
    rule = st.builds(
        Rule,
        st.sampled_from(["", " ", "\n", "\t"]).map(asked.format),
        st.sampled_from(model.RULE_CODES),
        AREA,
    )
    return Declared(
        tuple(bounded), tuple(draw(st.lists(st.sampled_from(names), unique=True))),
        tuple(draw(st.lists(rule, max_size=3))) if names[0].isprintable() else (), draw(st.none() | period), draw(AREA),
    )  # fmt: skip


def sent_by_a_browser(form: dict[str, str]) -> dict[str, str]:
    return {name: text.replace("\n", "\r\n") for name, text in form.items()}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(declarations())
def test_what_is_shown_is_typed_again(declared: Declared) -> None:
    model.validate(declared)
    assert (
        model.build(declaration_form.typed(sent_by_a_browser(declaration_form.shown(declared)))) == declared
    )


def test_every_field_is_in_the_form() -> None:
    model.validate(FULL)
    form = declaration_form.shown(FULL)
    assert model.build(declaration_form.typed(sent_by_a_browser(form))) == FULL
    for kind, at in ((DeclaredColumn, "columns.0."), (Rule, "rules.0."), (Period, "period.")):
        assert {at + one.name for one in fields(kind)} - {"columns.0.minimum", "columns.0.maximum"} <= {
            name for name, text in form.items() if text
        }


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"columns.0.longest": "many"}, "columns.0.longest"),
        ({"period.every_days": "-1"}, "period.every_days"),
        ({"period.column": ""}, "period.column"),
        ({"key": "gone"}, "key"),
        ({"rules.0.expression": ""}, "rules.0.expression"),
        ({"columns.0.unit": "a\r\nb"}, "columns.0.unit"),
    ],
)
def test_what_is_wrong_is_named(changed: dict[str, str], fault: str) -> None:
    with pytest.raises(Invalid) as refused:
        model.build(declaration_form.typed(declaration_form.shown(FULL) | changed))
    assert [one.path for one in refused.value.faults] == [fault]


@pytest.mark.usefixtures("exchange")
def test_a_file_of_a_thousand_columns_can_be_declared(exchange: Flask) -> None:
    provider = assets.provider()
    names = [f"c{place}" for place in range(model.COLUMNS)]
    asset_id = assets.drafted(
        provider, "\n".join([",".join(names), ",".join("1" * len(names)), ""]).encode()
    ).id
    jobs.drain()
    client, path = browsing.signed_in(exchange, provider), f"/assets/{asset_id}/declaration"
    with read() as session:
        draft, _row = declaring.current(session, provider, asset_id)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert token
    sent = sent_by_a_browser(declaration_form.shown(draft)) | {"csrf_token": token[1]}
    files = {name: (None, text) for name, text in sent.items()}
    # written as browsers do it; the test client's own writer leaves out empty lines
    made = requests.Request("POST", "http://localhost:8080", files=files).prepare()
    answer = client.post(path, data=made.body, content_type=made.headers["Content-Type"])
    assert answer.status_code == 303
    with read() as session:
        declared, row = declaring.current(session, provider, asset_id)
    assert row is not None
    assert declared == draft
    assert len(declared.columns) == model.COLUMNS
