"""A model text as a form: filled as far as it was filled, lines where it was not, and nobody's contract."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts import blanks, document, readings
from contracts.document import Draft
from contracts.errors import TermsError
from contracts.library import Model
from contracts.render import render
from tests import model_texts

DAY = date(2026, 11, 30)
LINE = readings.UNFILLED.zh


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return model_texts.write(tmp_path)


def _facts(draft: Draft) -> dict[str, str]:
    parts = [part for section in draft.content["articles"] for part in section["parts"]]
    return {
        row["label"]["en"]: row["en"] for part in parts if part["kind"] == "facts" for row in part["rows"]
    }


def _tables(draft: Draft) -> list[Any]:
    sections = [*draft.content["articles"], *draft.content["schedules"]]
    return [part for section in sections for part in section["parts"] if part["kind"] == "table"]


def test_what_is_not_filled_in_is_a_line(model: Model) -> None:
    draft = document.blank_form(model, {}, DAY)
    assert _facts(draft)["Blank price.model"] == LINE
    assert _tables(draft)[0]["rows"] == [[{"zh": LINE, "en": LINE}] * 5] * 3
    assert (draft.terms, draft.policy) == (b"", b"")


def test_what_was_emptied_on_purpose_stays_empty(model: Model) -> None:
    values = {name: value for name, value in blanks.defaults(model).items() if name != "price.tax"}
    assert _facts(document.blank_form(model, values, DAY))["Blank price.tax"] == LINE


def test_a_blank_that_is_not_asked_for_has_no_row(model: Model) -> None:
    free = document.blank_form(model, {**blanks.defaults(model), "price.model": "free"}, DAY)
    assert "Blank price.tax" not in _facts(free)
    assert "Blank price.tax" in _facts(document.blank_form(model, blanks.defaults(model), DAY))


def test_a_form_is_set_in_type_empty_and_filled(model: Model) -> None:
    for values in ({}, blanks.defaults(model)):
        assert render(document.blank_form(model, values, DAY)).pdf.startswith(b"%PDF-")


def test_a_tier_beyond_what_readers_of_numbers_agree_on_is_refused(model: Model) -> None:
    tiers = [{"from": 0, "amount": 2**53}]
    with pytest.raises(TermsError, match="whole numbers"):
        blanks.check(model, "price.tiers", tiers)
