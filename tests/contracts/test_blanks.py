from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import blanks
from contracts.errors import TermsError
from contracts.library import Model
from tests.contracts import trial

CODE = trial.FULL["use.recipients"][0]["credit_code"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trial.text(tmp_path_factory.mktemp("texts") / "of")


GOOD: list[tuple[str, Any]] = [
    ("price.model", "tiers"),
    ("trial.colours", []),
    ("trial.colours", ["red", "green", "blue"]),
    ("trial.note", "易碎 \\ #import"),
    ("trial.count", 9),
    ("delivery.days", 365),
    ("price.tax", "1"),
    ("trial.rate", "12.000000001"),
    ("price.amount", {"amount": 1, "currency": "JPY"}),
    ("trial.day", "2024-02-29"),
    ("trial.digest", "0" * 64),
    ("trial.kept", False),
    ("quality", [{**trial.PROMISE, "indicator": "completeness", "value": "0.5", "field": "一 列"}]),
    ("price.tiers", [{"from": 0, "amount": 100}, {"from": 1000, "amount": 0}]),
    ("price.milestones", [{"label": "全部", "share": "1", "days": 0}]),
    ("use.recipients", []),
]
BAD: list[tuple[str, Any]] = [
    ("price.model", "gift"),
    ("price.model", ["fixed"]),
    ("use.purposes", []),
    ("use.purposes", ["education", "research"]),
    ("use.purposes", "research"),
    ("trial.colours", ["red", "red"]),
    ("trial.colours", ["mauve"]),
    ("trial.note", ""),
    ("trial.note", "   "),
    ("trial.note", "x" * 61),
    ("trial.note", "a\u202eb"),
    ("trial.note", "a\u200bb"),
    ("trial.note", "e\u0301"),
    ("trial.note", "two\nlines"),
    ("trial.note", 5),
    ("trial.count", 1),
    ("trial.count", 10),
    ("trial.count", "2"),
    ("trial.count", True),
    ("trial.count", 2.0),
    ("delivery.days", 0),
    ("price.tax", "1.01"),
    ("price.tax", "0,5"),
    ("price.tax", 0.5),
    ("trial.rate", "-1"),
    ("trial.rate", "1e3"),
    ("trial.rate", "٣"),
    ("price.amount", {"amount": 1.0, "currency": "CNY"}),
    ("price.amount", {"amount": -1, "currency": "CNY"}),
    ("price.amount", {"amount": 1, "currency": "XXX"}),
    ("price.amount", {"amount": 1, "currency": "CNY", "more": 1}),
    ("price.amount", {"amount": 1}),
    ("price.amount", 1),
    ("trial.day", "2026-02-29"),
    ("trial.day", "20261130"),
    ("trial.day", None),
    ("trial.digest", "AB" * 32),
    ("trial.kept", "yes"),
    ("trial.kept", 1),
    ("quality", []),
    ("quality", [trial.PROMISE, {**trial.PROMISE, "value": "3"}]),
    ("quality", [{**trial.PROMISE, "indicator": "beauty"}]),
    ("quality", [{**trial.PROMISE, "operator": "gt"}]),
    ("quality", [{**trial.PROMISE, "method": "guess"}]),
    ("quality", [{**trial.PROMISE, "remedy": "none"}]),
    ("quality", [{**trial.PROMISE, "value": "1461.5"}]),
    ("quality", [{**trial.PROMISE, "field": "date"}]),
    ("quality", [{**trial.PROMISE, "indicator": "completeness", "value": "1.2"}]),
    ("quality", [{"indicator": "rows"}]),
    ("quality", ["rows"]),
    ("quality", [trial.PROMISE] * 51),
    ("price.tiers", [{"from": 1, "amount": 100}]),
    ("price.tiers", [{"from": 0, "amount": 1}, {"from": 0, "amount": 2}]),
    ("price.tiers", [{"from": 0, "amount": "1"}]),
    ("price.milestones", [{"label": "一", "share": "0.5", "days": 1}]),
    ("price.milestones", [{"label": "一", "share": "1", "days": -1}]),
    ("use.recipients", [{"name": "海岱", "credit_code": CODE[:-1] + "0"}]),
    ("use.recipients", [{"name": "海岱", "credit_code": CODE.lower()}]),
    ("use.recipients", [{"name": "海岱", "credit_code": None}]),
    ("use.recipients", [{"name": "海岱", "credit_code": CODE}] * 2),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_what_may_stand_in_a_blank(model: Model, name: str, value: Any) -> None:
    blanks.check(model, name, value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_may_not(model: Model, name: str, value: Any) -> None:
    with pytest.raises(TermsError) as refused:
        blanks.check(model, name, value)
    assert refused.value.field == name
    assert refused.value.zh != refused.value.en


def test_exactly_what_is_asked_for_is_filled(model: Model) -> None:
    values = blanks.defaults(model, trial.FULL)
    blanks.require(model, values)
    assert blanks.faults(model, values) == {}
    for name, value in [
        ("price.unit", "row"),
        ("no.blank", 1),
        ("subject.title", "of my own"),
        ("date", "2026-11-30"),
    ]:
        with pytest.raises(TermsError) as refused:
            blanks.require(model, {**values, name: value})
        assert refused.value.field == name
    for name in ("price.amount", "delivery.days", "quality", "trial.kept"):
        lacking = {other: value for other, value in values.items() if other != name}
        with pytest.raises(TermsError) as refused:
            blanks.require(model, lacking)
        assert refused.value.field == name
        assert set(blanks.faults(model, lacking)) == {name}
    for name in ("trial.note", "trial.digest", "use.recipients", "price.milestones"):
        blanks.require(model, {other: value for other, value in values.items() if other != name})


def test_what_falls_away_with_another_choice_is_left_out(model: Model) -> None:
    values = blanks.defaults(model, {**trial.FULL, "price.model": "free"})
    assert not {"price.amount", "price.milestones"} & set(values)
    assert values["delivery.days"] == 30
    tiers = blanks.defaults(model, {**trial.FULL, "price.model": "tiers"})
    assert set(blanks.faults(model, tiers)) == {"price.unit", "price.tiers"}
    assert blanks.defaults(model, {"no.blank": 1})["no.blank"] == 1


@settings(max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
        max_leaves=8,
    ),
    st.data(),
)
def test_any_value_is_taken_or_refused(value: Any, data: st.DataObject) -> None:
    model = _MODELS[0]
    name = data.draw(st.sampled_from([name for name, blank in model.blanks.items() if not blank.given]))
    with suppress(TermsError):
        blanks.check(model, name, value)


_MODELS: list[Model] = []


@pytest.fixture(autouse=True, scope="module")
def _known(model: Model) -> None:
    _MODELS[:] = [model]
