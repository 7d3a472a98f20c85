import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts import blanks, canonical
from contracts.document import blank_form, compose
from contracts.errors import TermsError
from contracts.facts import Promise
from contracts.library import Model
from contracts.money import Money
from contracts.terms import Offered, Origin, Standing, Terms, parse
from contracts.vocabulary import Indicator, Operator, Remedy
from tests.contracts import trial

NAMED = {"number": "7KQ2M9XW4C6", "terms_digest": "ab" * 32, "document_digest": "cd" * 32}
"""A contract or standing offer, as terms name one."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trial.text(tmp_path_factory.mktemp("texts") / "of")


def _read(part: dict[str, Any], language: str) -> str:
    return "".join(run.get("text", run.get("value", "")) for run in part[language])


def test_the_blanks_are_filled_in_both_languages(model: Model) -> None:
    content = compose(model, trial.terms(model)).content
    delivery, use = content["articles"]
    assert delivery["label"] == {"zh": "第一条", "en": "Article 1"}
    assert (
        _read(delivery["parts"][0], "zh")
        == "数据“西雅图逐日气象观测（2012—2015，清洗版）”按附件一交付，见第二条。"
    )
    assert _read(delivery["parts"][0], "en").endswith("are delivered by Schedule 1; see Article 2.")
    rows = {row["label"]["en"]: (row["zh"], row["en"]) for row in delivery["parts"][1]["rows"]}
    assert rows["Price"] == ("人民币12,800.50元", "CNY 12,800.50")
    assert rows["Price in words"] == ("人民币壹万贰仟捌佰元伍角整", "人民币壹万贰仟捌佰元伍角整")
    assert rows["Tax rate"] == ("6%", "6%")
    assert "Unit" not in rows
    milestones, quality = delivery["parts"][2:]
    assert [cell["zh"] for cell in milestones["rows"][0]] == ["首期", "40%", "7日"]
    assert [cell["en"] for cell in quality["rows"][1]] == [
        "Uniqueness", "date", "at least 1", "measured by the exchange on all bytes", "reduction of the price",
    ]  # fmt: skip
    assert [part["kind"] for part in use["parts"]] == ["facts", "table", "text", "text"]
    assert content["schedules"][0]["label"] == {"zh": "附件一", "en": "Schedule 1"}
    assert len(content["schedules"][0]["parts"][0]["rows"]) == 6


def test_conditions_choose_the_parts(model: Model) -> None:
    plain = compose(
        model, trial.terms(model, price_model="free", trial_note=None, trial_kept=False, use_recipients=None)
    )
    delivery, use = plain.content["articles"]
    assert [part["kind"] for part in delivery["parts"]] == ["text", "facts", "table"]
    assert [part["kind"] for part in use["parts"]] == ["facts"]


def test_terms_are_their_canonical_bytes(model: Model) -> None:
    terms = trial.terms(model)
    assert parse(terms.canonical()) == terms
    assert json.loads(terms.canonical())["values"]["price.amount"] == {"amount": 1_280_050, "currency": "CNY"}
    offer = replace(terms, buyer=None, standing=Standing(date(2026, 12, 31), 3))
    assert parse(offer.canonical()) == offer
    taken = replace(terms, origin=Origin(offer.number, offer.digest(), "ab" * 32))
    assert parse(taken.canonical()) == taken
    assert len({terms.digest(), offer.digest(), taken.digest()}) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"values": []},
        {"more": 1},
        {"model": "trial"},
        {"model": "trial/0.1"},
        {"number": "7KQ2M9XW4C5"},
        {"rules_version": 0},
        {"data": {}},
        {"buyer": None},
        {"standing": {"until": "2026-12-31", "most": 3}},
        {"buyer": None, "standing": {"until": "2026-11-30", "most": 3}},
        {"buyer": None, "standing": {"until": "2027-12-01", "most": 3}},
        {"buyer": None, "standing": {"until": "2026-12-31", "most": 0}},
        {"origin": {"number": "7KQ2M9XW4C6", "terms_digest": "x", "document_digest": "y"}},
        {"origin": NAMED, "renews": {**NAMED, "until": "2026-12-24T16:00:00.000Z"}},
        {"renews": {**NAMED, "until": "2026-12-24"}},
        {"renews": {**NAMED, "until": "2026-02-30T16:00:00.000Z"}},
        {"renews": {**NAMED, "until": "2026-12-24T16:00:00.000Z", "terms_digest": "x"}},
        {"renews": NAMED},
        {"origin": NAMED, "amends": {**NAMED, "clauses": [], "before": {}}},
    ],
)
def test_other_bytes_are_no_terms(model: Model, change: dict[str, Any]) -> None:
    body = {**json.loads(trial.terms(model).canonical()), **change}
    with pytest.raises(TermsError):
        parse(canonical.encode(body))


def test_facts_are_read_from_the_values(model: Model) -> None:
    terms = trial.terms(model, acceptance_days=7, payment_days=14, term_days=365, delivery_downloads=3)
    assert terms.price == Money(1_280_050)
    assert terms.quality[0] == Promise(Indicator.ROWS, Operator.AT_LEAST, "1461", remedy=Remedy.REDUCE)
    assert (terms.delivery.days, terms.delivery.downloads, terms.delivery.acceptance_days) == (30, 3, 7)
    assert (terms.payment_days, terms.term_days) == (14, 365)
    free = trial.terms(model, price_model="free", payment_days=14)
    assert (free.price.amount, free.payment_days) == (0, 0)
    assert trial.terms(model).subject.rows == 1461


@pytest.mark.parametrize(
    ("values", "read"),
    [
        ({"price.model": "usage"}, "price"),
        ({"price.model": "fixed"}, "price"),
        ({"price.model": "fixed", "price.amount": {"amount": -1, "currency": "CNY"}}, "price"),
        ({"delivery.mode": "media"}, "delivery"),
        ({"delivery.mode": "download"}, "delivery"),
        ({}, "use"),
        ({"use.purposes": ["x"], "use.permitted": [], "use.prohibited": []}, "use"),
        ({}, "term_days"),
        ({"quality": [{}]}, "quality"),
    ],
)
def test_what_the_exchange_cannot_act_upon_is_said(values: dict[str, Any], read: str) -> None:
    with pytest.raises(TermsError):
        getattr(Offered(values), read)


def test_terms_that_do_not_suit_the_text_are_refused(model: Model) -> None:
    good = trial.terms(model)
    for bad in (
        replace(good, model="data-provision/1.0"),
        replace(good, data=None),
        replace(good, values={**good.values, "no.blank": 1}),
        trial.terms(
            model, quality=[{**trial.PROMISE, "indicator": "uniqueness", "value": "1", "field": "no column"}]
        ),
        trial.terms(model, delivery_days=None),
    ):
        with pytest.raises(TermsError):
            compose(model, bad)
    with pytest.raises(TermsError):
        replace(good, buyer=good.provider)


def test_a_form_has_lines_where_nothing_is_filled_in(model: Model) -> None:
    draft = blank_form(model, blanks.defaults(model, {"trial.note": "yes"}), date(2026, 11, 30))
    assert (draft.terms, draft.policy) == (b"", b"")
    delivery, use = draft.content["articles"]
    rows = {row["label"]["en"]: row["en"] for row in delivery["parts"][1]["rows"]}
    assert rows == {"Delivery": "download from the exchange", "Time to fetch": "30 days", "Pricing": "free of charge",
                    "Price in words": "__________", "Tax rate": "6%"}  # fmt: skip
    assert len(delivery["parts"][2]["rows"]) == 3
    assert "__________" in _read(delivery["parts"][0], "en")
    assert _read(use["parts"][1], "en") == "Note: yes."
    assert draft.content["form"]["en"].startswith("Blank form")


def test_the_trial_text_is_a_text_of_its_own(tmp_path: Path) -> None:
    assert trial.text(tmp_path / "x").digest == trial.text(tmp_path / "y").digest
    assert isinstance(trial.terms(trial.text(tmp_path / "z")), Terms)
