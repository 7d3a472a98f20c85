"""Standing offers and acceptances: nothing differs between the two but what must."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import canonical, standing
from contracts.checks import Outcome
from contracts.document import compose
from contracts.errors import ContractError, RenderError, StandingError, StateError, TermsError
from contracts.examining import attached, examine
from contracts.pades import BOTH
from contracts.render import render
from contracts.terms import Origin, Standing, Terms, parse
from contracts.vocabulary import Role
from tests.contracts import small, table
from tests.contracts.accepted import DAY, OFFER, Signed, accepting, offered, taken
from tests.contracts.first.sample import TERMS as FIRST
from tests.contracts.signed import names
from tests.contracts.tampers import comment, flipped, rewrite, updated

FILE = "ab" * 32


def test_an_acceptance_fills_in_what_the_offer_leaves_open() -> None:
    made = accepting()
    assert made.origin == Origin(OFFER.number, OFFER.digest(), FILE)
    assert (made.buyer, made.standing, made.values) == (FIRST.buyer, None, OFFER.values)
    assert parse(made.canonical()) == made
    assert (standing.signers(OFFER), standing.signers(made)) == ((Role.PROVIDER,), (Role.BUYER,))
    assert standing.signers(small.terms()) == standing.signers(FIRST) == BOTH


@pytest.mark.parametrize("day", [DAY - timedelta(1), DAY + timedelta(31)])
def test_an_offer_is_accepted_on_its_days_alone(day: date) -> None:
    with pytest.raises(StandingError, match="not open"):
        accepting(day=day)


def test_the_last_day_ends_at_midnight_in_china() -> None:
    assert Standing(date(2026, 12, 31), 1).expires_at.isoformat() == "2026-12-31T16:00:00+00:00"


OTHER: dict[str, Callable[[Terms], Any]] = {
    "model": lambda terms: terms.model.replace("small", "other"),
    "number": lambda _terms: OFFER.number,
    "date": lambda terms: terms.date - timedelta(1),
    "operator": lambda terms: replace(terms.operator, name_en="Another"),
    "provider": lambda terms: replace(terms.provider, name_en="Another"),
    "data": lambda terms: replace(terms.subject, rows=1),
    "values": lambda terms: {**terms.values, "term.days": 1},
    "rules_version": lambda terms: terms.rules_version + 1,
    "origin": lambda terms: replace(terms.origin, terms_digest="cd" * 32) if terms.origin else None,
}
NONE_HERE = frozenset({"buyer", "standing", "amends", "renews"})
"""What an acceptance fills in, or cannot have at all."""


@pytest.mark.parametrize("name", OTHER)
def test_an_acceptance_that_changes_something_is_none(name: str) -> None:
    assert {*OTHER, *NONE_HERE} == {field.name for field in dataclasses.fields(Terms)}
    made = accepting()
    with pytest.raises(StandingError):
        standing.require_accepted(OFFER, FILE, replace(made, **{name: OTHER[name](made)}))


@given(
    st.dictionaries(st.sampled_from(["term.days", "payment.days", "acceptance.days"]), st.integers(1, 30)),
    st.integers(-3, 40), st.booleans(),
)  # fmt: skip
def test_nobody_is_bound_by_another_text_than_the_offered_one(
    changes: dict[str, int], days: int, renamed: bool
) -> None:
    made = replace(accepting(), values={**OFFER.values, **changes}, date=DAY + timedelta(days))
    if renamed:
        made = replace(made, provider=replace(made.provider, name_zh="别家"))
    try:
        standing.require_accepted(OFFER, FILE, made)
    except StandingError:
        return
    free = {"buyer", "number", "date", "origin", "standing"}
    found, wanted = (json.loads(terms.canonical()) for terms in (made, OFFER))
    assert {name: found[name] for name in found if name not in free} == {
        name: wanted[name] for name in wanted if name not in free
    }
    assert OFFER.standing is not None
    assert OFFER.date <= made.date <= OFFER.standing.until


def test_the_offer_says_how_long_and_how_often() -> None:
    content = compose(small.model(), OFFER).content
    assert content["standing"]["zh"].startswith("要约")
    rows = [(row["label"]["en"], row["en"]) for row in content["parties"][1]["rows"]]
    assert rows[1:] == [("To be accepted by the end of", "30 December 2026"), ("Acceptances at most", "2")]
    assert [block["role"]["zh"] for block in content["signatures"]["blocks"]] == ["甲方"]
    taken_up = compose(small.model(), accepting()).content
    assert [len(block["notes"]) for block in taken_up["signatures"]["blocks"]] == [1, 2]
    assert OFFER.number in [row["value"] for row in taken_up["evidence"]["rows"]]


def test_an_acceptance_is_set_with_its_own_offer_attached() -> None:
    with pytest.raises(RenderError, match="signed offer"):
        render(compose(small.model(), accepting()))
    with pytest.raises(TermsError, match="another file"):
        compose(small.model(), accepting(), b"another offer")
    with pytest.raises(TermsError, match="another file"):
        compose(small.model(), small.terms(), b"an offer")
    assert attached(taken().file)["offer.pdf"] == offered().file


@pytest.mark.parametrize("made", [offered, taken])
def test_a_document_that_one_party_signs_holds_and_nothing_may_follow(made: Callable[[], Signed]) -> None:
    one = made()
    assert {check.outcome for check in examine(one.file, one.expected())} == {Outcome.PASSED}
    for change in (comment, rewrite):
        changed = updated(one.file, change)
        assert names(examine(changed, one.expected(changed)), Outcome.FAILED)
    assert names(examine(one.file + b"\n", one.expected()), Outcome.FAILED)
    inside = flipped(one.file, 8 * (len(one.rendered.pdf) // 2))
    assert {"rendered text"} <= set(names(examine(inside, one.expected(inside)), Outcome.FAILED))
    wrong = replace(one.expected(), order=BOTH)
    assert "changes" in names(examine(one.file, wrong), Outcome.FAILED)


def test_a_contract_by_acceptance_needs_the_buyer_alone() -> None:
    with table.opened() as session:
        contract = table.accepting(session)
        assert contract.state.value == "AGREED"
        for role, done in ((Role.PROVIDER, False), (Role.BUYER, True)):
            try:
                table.sign(session, contract, role)
            except StateError:
                assert not done
        table.finalize(session, contract)
        assert contract.final_digest == contract.signatures[0].file_digest
    with table.opened() as session, pytest.raises(StateError):
        table.agree(session, table.requested(session))


def test_another_offer_is_no_offer() -> None:
    for offer, made in ((small.terms(), accepting()), (OFFER, OFFER), (FIRST, accepting())):
        with pytest.raises(ContractError):
            standing.require_accepted(offer, FILE, made)
    assert canonical.sha256(OFFER.canonical()) == OFFER.digest()
