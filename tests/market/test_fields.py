from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from market.fields import (
    BoundedInt,
    Day,
    DecimalText,
    Digest,
    Email,
    MinorUnits,
    Number,
    Text,
    Timestamp,
    Uuid,
    clean,
    one_of,
)


def load(field: fields.Field[Any], value: object) -> object:
    return Schema.from_dict({"x": field})().load({"x": value})["x"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  天气 ", "天气"),
        ("e\u0301tude", "étude"),
        ("a\u00a0b", "a\u00a0b"),
        ("泉\U0002000b", "泉\U0002000b"),
    ],
)
def test_text_is_normal_and_trimmed(sent: str, kept: str) -> None:
    assert load(Text(), sent) == kept


@pytest.mark.parametrize(
    "bad", ["a\x00b", "a\nb", "\ud800", "a\u202eb", "\ufeffa", "", "   ", "x" * 201, "x" * 10**6, 7, None]
)
def test_text_that_cannot_be_shown_or_bounded_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        load(Text(high=200), bad)


def test_several_lines_are_a_choice() -> None:
    assert load(Text(lines=True), "a\r\nb") == "a\nb"
    assert clean("a\tb".replace("\t", " ")) == "a b"


@pytest.mark.parametrize("bad", [-1, 2**53, 2**70, 1.0, True, "9" * 5000, "x", None])
def test_integers_are_strict_and_bounded(bad: object) -> None:
    with pytest.raises(ValidationError):
        load(BoundedInt(), bad)


def test_money_has_an_upper_limit() -> None:
    assert load(MinorUnits(), 99_999_999) == 99_999_999
    with pytest.raises(ValidationError):
        load(MinorUnits(), 100_000_000)


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (DecimalText(), "0.005", ["1e3", "-1", "01", ".5", "1.", "１", "1.0000000001", 0.5]),
        (Digest(), "a" * 64, ["A" * 64, "a" * 63, "a" * 64 + "\n"]),
        (Number(), "0123456789A", ["0123456789", "0123456789a", "0123456789A\n"]),
        (Email(), "name@example.org", ["name", "a b@c.cn", "a@b", "a@-", "<a@b.cn>", "a@b.cn\n.x"]),
    ],
)
def test_forms(field: fields.Field[Any], good: str, bad: list[object]) -> None:
    assert load(field, good) == good
    for wrong in bad:
        with pytest.raises(ValidationError):
            load(field, wrong)


@pytest.mark.parametrize(
    "bad", ["0001-01-01", "1799-12-31", "3000-01-01", "9999-12-31", "2026-02-30", "2026-1-1", "20261122"]
)
def test_a_day_can_be_reckoned_with(bad: str) -> None:
    assert load(Day(), "1800-01-01") == Day.FIRST
    assert load(Day(), "2999-12-31") == Day.LAST
    with pytest.raises(ValidationError):
        load(Day(), bad)


def test_an_address_is_kept_in_lower_case() -> None:
    assert load(Email(), "Name@Example.ORG") == "name@example.org"


@pytest.mark.parametrize(
    "bad", ["{6fa459ea-ee8a-3ca4-894e-db77e160355e}", "6FA459EA-EE8A-3CA4-894E-DB77E160355E", "x"]
)
def test_an_id_has_one_form(bad: str) -> None:
    with pytest.raises(ValidationError):
        load(Uuid(), bad)


def test_times_carry_their_offset() -> None:
    assert load(Timestamp(), "2026-11-22T19:00:00+08:00") == datetime(2026, 11, 22, 11, tzinfo=UTC)
    for bad in ("2026-11-22T19:00:00", "today", 7):
        with pytest.raises(ValidationError):
            load(Timestamp(), bad)
    schema = Schema.from_dict({"x": Timestamp()})()
    assert schema.dump({"x": datetime(2026, 11, 22, 11, tzinfo=UTC)}) == {"x": "2026-11-22T11:00:00.000Z"}


@pytest.mark.parametrize("bad", ["2026-13-01", "20261122", "2026-11-22T00:00:00", 7])
def test_days_are_days(bad: object) -> None:
    with pytest.raises(ValidationError):
        load(Day(), bad)


def test_a_word_that_is_none_of_them_is_told_all_of_them_however_long_it_is() -> None:
    for wrong in ("maybe", "m" * 5000):
        with pytest.raises(ValidationError, match="yes · no"):
            load(one_of("yes", "no"), wrong)
