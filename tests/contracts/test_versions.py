from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from contracts import versions
from contracts.errors import ContractError, TermsError, VersionError
from contracts.vocabulary import Role
from tests.contracts import small
from tests.contracts.first.sample import TERMS as FIRST
from tests.contracts.table import NOW


def links(count: int = 3) -> list[versions.Link]:
    made: list[versions.Link] = []
    for seq in range(1, count + 1):
        parent = made[-1].digest() if made else None
        role = Role.BUYER if seq % 2 else Role.PROVIDER
        made.append(
            versions.Link("7KQ2M9XW4C", seq, role, f"{seq:064x}", f"{seq + 9:064x}", parent, "好", NOW)
        )
    return made


def test_a_chain_of_versions_holds() -> None:
    versions.require_chain(links())
    versions.require_chain(links(1))


@pytest.mark.parametrize(
    "change",
    [
        {"terms_digest": "f" * 64},
        {"document_digest": "f" * 64},
        {"role": Role.BUYER},
        {"comment": "好的"},
        {"at": NOW + timedelta(milliseconds=1)},
        {"number": "2AB3CD4EF5"},
        {"seq": 3},
        {"parent_digest": "f" * 64},
    ],
)
def test_an_altered_version_breaks_the_chain(change: dict[str, Any]) -> None:
    first, second, third = links()
    with pytest.raises(VersionError) as error:
        versions.require_chain([first, replace(second, **change), third])
    assert error.value.code == "contract.broken_chain"


def test_a_version_left_out_or_added_breaks_the_chain() -> None:
    first, second, third = links()
    for broken in (
        [],
        [second, third],
        [first, third],
        [first, second, second, third],
        [first, third, second],
    ):
        with pytest.raises(VersionError):
            versions.require_chain(broken)


def test_only_values_are_negotiated() -> None:
    old = small.terms()
    versions.require_successor(old, small.terms(term__days=30))
    others: dict[str, Any] = {
        "date": old.date + timedelta(days=1),
        "rules_version": 2,
        "buyer": replace(old.provider, credit_code=old.operator.credit_code),
        "data": replace(old.subject, title="另一份"),
        "operator": old.provider,
    }
    for name, value in others.items():
        with pytest.raises(TermsError, match=name):
            versions.require_successor(old, replace(small.terms(term__days=30), **{name: value}))


def test_the_same_again_is_no_version() -> None:
    with pytest.raises(VersionError) as error:
        versions.require_successor(small.terms(), small.terms())
    assert error.value.code == "contract.unchanged"


def test_a_contract_of_0_1_is_taken_or_left() -> None:
    with pytest.raises(VersionError) as error:
        versions.require_successor(FIRST, FIRST)
    assert error.value.code == "contract.fixed_form"


def test_a_suggestion_changes_one_clause() -> None:
    made = versions.apply(small.model(), small.terms(), "use", {"term.days": 30})
    assert made == small.terms(term__days=30)
    filled = versions.apply(small.model(), made, "use", {"use.industry": "农业"})
    assert filled.values["use.industry"] == "农业"
    assert versions.apply(small.model(), filled, "use", {"use.industry": None}) == made


def test_what_falls_away_with_a_suggestion_is_left_out() -> None:
    made = versions.apply(small.model(), small.terms(), "price", {"price.model": "free"})
    assert {"price.amount", "payment.days"}.isdisjoint(made.values)


@pytest.mark.parametrize(
    ("clause", "changes"),
    [
        ("use", {"price.amount": {"amount": 1, "currency": "CNY"}}),
        ("price", {"term.days": 1}),
        ("use", {"no.such": 1}),
        ("use", {"term.days": 365}),
        ("use", {}),
        ("nowhere", {"term.days": 1}),
    ],
)
def test_a_suggestion_beside_its_clause_is_refused(clause: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        versions.apply(small.model(), small.terms(), clause, changes)


def test_a_fact_of_the_exchange_is_not_suggested() -> None:
    from contracts.document import compose

    made = versions.apply(small.model(), small.terms(), "quality", {"subject.title": "别的"})
    with pytest.raises(TermsError, match=r"subject\.title"):
        compose(small.model(), made)
