import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from contracts import canonical
from contracts.errors import ContractError, TermsError
from contracts.facts import Threshold, Use
from contracts.first.terms import FirstTerms, parse
from contracts.money import Money
from contracts.vocabulary import Action, Indicator, Operator, Purpose
from tests.contracts.first.sample import TERMS


def test_terms_come_back_from_their_bytes() -> None:
    data = TERMS.canonical()
    assert data == rfc8785.dumps(json.loads(data))
    assert parse(data) == TERMS
    assert (TERMS.digest(), TERMS.sm3()) == (canonical.sha256(data), canonical.sm3(data))


def test_the_bytes_of_terms_never_change() -> None:
    # Signed contracts rest on these bytes: a failure here means old contracts no longer verify.
    assert TERMS.digest() == "6c67d2c07216e32f7a17d5b12b01b6ced7639d0dee3a1fc04568fc9de95022f4"


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.pop("price"),
        lambda it: it.update(extra=1),
        lambda it: it.update(term_days=True),
        lambda it: it.update(term_days="365"),
        lambda it: it.update(date="20261122"),
        lambda it: it.update(date="2026-02-30"),
        lambda it: it.update(quality=None),
        lambda it: it.update(model=1),
        lambda it: it["price"].update(amount=-1),
        lambda it: it["use"].update(purposes=["spying"]),
        lambda it: it["buyer"].pop("name_en"),
        lambda it: it.update(buyer=[]),
    ],
)
def test_foreign_bytes_are_refused(change: Callable[[Any], object]) -> None:
    value = json.loads(TERMS.canonical())
    change(value)
    with pytest.raises(ContractError):
        parse(canonical.encode(value))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("model", {"model": "data provision"}),
        ("number", {"number": "7KQ2M9XW4C7"}),
        ("buyer", {"buyer": TERMS.provider}),
        ("payment_days", {"price": Money(0)}),
        ("payment_days", {"payment_days": 0}),
        ("term_days", {"term_days": 0}),
        ("quality", {"quality": TERMS.quality * 2}),
        ("quality", {"quality": (Threshold(Indicator.COMPLETENESS, Operator.AT_LEAST, "1", "absent"),)}),
    ],
)
def test_contradicting_terms_are_refused_by_name(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(TermsError) as refused:
        replace(TERMS, **change)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["", " ", "甲\u202e乙", "甲\n乙", "e\u0301", "\u200b", "x" * 101, "\ud800"])
def test_names_that_could_deceive_are_refused(name: str) -> None:
    with pytest.raises(TermsError):
        replace(TERMS.buyer, name_zh=name)


@pytest.mark.parametrize("value", ["", "1.5", "-1", ".5", "1e-3", "١", "1.0000000000", "00"])
def test_shares_are_plain_decimals_up_to_one(value: str) -> None:
    with pytest.raises(TermsError):
        Threshold(Indicator.COMPLETENESS, Operator.AT_LEAST, value)


def test_counts_are_whole_and_about_the_whole_file() -> None:
    for value, field in (("1.5", None), ("1", "wind")):
        with pytest.raises(TermsError):
            Threshold(Indicator.ROWS, Operator.AT_LEAST, value, field)


@pytest.mark.parametrize(
    ("purposes", "permitted", "prohibited"),
    [
        ((), (Action.REPRODUCE,), (Action.REIDENTIFY,)),
        ((Purpose.RESEARCH,), (Action.EXTRACT,), (Action.REIDENTIFY,)),
        ((Purpose.RESEARCH,), (Action.REPRODUCE,), ()),
        ((Purpose.RESEARCH,), (Action.REPRODUCE, Action.SELL), (Action.SELL, Action.REIDENTIFY)),
        ((Purpose.RESEARCH,), (Action.EXTRACT, Action.REPRODUCE), (Action.REIDENTIFY,)),
        ((Purpose.RESEARCH, Purpose.RESEARCH), (Action.REPRODUCE,), (Action.REIDENTIFY,)),
    ],
)
def test_use_is_always_filled_and_clear(
    purposes: tuple[Purpose, ...], permitted: tuple[Action, ...], prohibited: tuple[Action, ...]
) -> None:
    with pytest.raises(TermsError):
        Use(purposes, permitted, prohibited)


def test_no_person_stands_in_terms() -> None:
    assert not {"contact", "email", "phone", "representative"} & set(FirstTerms.__dataclass_fields__)
