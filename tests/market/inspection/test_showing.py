"""What a stranger sees: nothing of what is or may be sensitive, whatever was corrected."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.inspection import findings, showing
from market.inspection.report import canonical
from market.inspection.sensitive.classes import Sensitive
from market.inspection.showing import BAR, HEIGHT, Seen, Shown
from tests.findings import COLUMNS, found, hit, report

ROW = ["张**", "138****5678", None]


def preview(*uncertain: str) -> dict[str, Any]:
    return {
        "columns": [
            {
                "name": name, "minimum": "least", "maximum": "most", "examples": [], "uncertain": name in uncertain,
                "frequent": [{"value": "often", "count": 5}, {"value": "seldom", "count": 4}],
                "histogram": {"kind": "number", "low": 0, "power": 0, "counts": [1, 0, 3]},
            }
            for name in COLUMNS
        ],
        "sample": [ROW],
    }  # fmt: skip


def shown(text: str, values: dict[str, Any] | None, **corrections: Sensitive | None) -> Shown:
    return showing.public(json.loads(text), values, findings.read(text).corrected(corrections))


def seen(one: Shown) -> list[str]:
    return [column.seen.value for column in one.columns]


def test_values_of_sensitive_columns_are_not_shown() -> None:
    one = shown(report(found("电话", "mobile")), preview("金额"))
    assert seen(one) == ["open", "masked", "withheld"]
    name, phone, amount = one.columns
    assert (name.minimum, name.maximum, name.frequent) == ("least", "most", (("often", 5),))
    assert name.histogram is not None
    for column in (phone, amount):
        assert (column.minimum, column.maximum, column.frequent, column.histogram) == (None, None, (), None)
    assert one.sample == (("张**", "138****5678", None),)
    assert "least" in canonical(one.document()["columns"][0])
    assert "least" not in canonical(one.document()["columns"][1:])


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        ({"电话": None}, Seen.OPEN),
        ({"电话": Sensitive.LANDLINE}, Seen.WITHHELD),
        ({"电话": Sensitive.MOBILE}, Seen.MASKED),
    ],
)
def test_corrections_count(corrected: dict[str, Sensitive | None], expected: Seen) -> None:
    one = shown(report(found("电话", "mobile")), preview(), **corrected)
    assert one.columns[1].seen is expected
    assert one.sample[0][1] == (None if expected is Seen.WITHHELD else "138****5678")


def test_a_class_that_a_person_added_hides_what_was_never_masked() -> None:
    one = shown(report(), preview(), 姓名=Sensitive.NAME)
    assert seen(one) == ["withheld", "open", "open"]
    assert one.sample[0][0] is None


def test_a_column_on_the_negative_list_is_hidden() -> None:
    assert seen(shown(report(found("姓名", "name"), negative=(hit("secret", "姓名"),)), preview())) == [
        "withheld", "open", "open",
    ]  # fmt: skip


def test_nothing_is_shown_of_an_erased_preview() -> None:
    one = shown(report(), None)
    assert (seen(one), one.sample) == (["withheld"] * 3, ())


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=64))
def test_bars_are_seen_and_fit(counts: list[int]) -> None:
    values = preview()
    values["columns"][0]["histogram"]["counts"] = counts
    bars = shown(report(), values).columns[0].bars
    assert [bar.x for bar in bars] == [place * BAR for place in range(len(counts))]
    assert all(bar.y + bar.height == HEIGHT for bar in bars)
    assert [bar.height > 0 for bar in bars] == [count > 0 for count in counts]
    assert max(bar.height for bar in bars) == (HEIGHT if any(counts) else 0)
