"""Terms become a policy and come back; every compiled policy is one that a dataspace takes."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import canonical, schedule
from contracts.errors import ContractError, PolicyError, TermsError
from contracts.policy import compile_policy, read_policy, same
from tests.contracts import dataspace
from tests.contracts import grounds as some
from tests.contracts.grounds import ARTICLES, GROUNDS, OFFER, OTHER, paths, put

VECTORS = Path(__file__).parent / "vectors"


@pytest.mark.parametrize(("grounds", "name"), [(GROUNDS, "agreement.json"), (OFFER, "offer.json")])
def test_the_bytes_are_those_signed_before(grounds: Any, name: str) -> None:
    """Signed policies are compiled again by every verifier: these files never change."""
    kept = json.loads((VECTORS / name).read_text("utf-8"))
    assert compile_policy(grounds) == canonical.encode(kept)


def test_every_value_comes_back() -> None:
    grounds = read_policy(compile_policy(GROUNDS))
    expected = dict(GROUNDS.values) | {"use.permitted": ["reproduce", "extract", "derive"]}
    assert grounds.values == expected
    assert replace(grounds, values=GROUNDS.values) == GROUNDS


@given(some.grounds)
def test_round_trip(grounds: Any) -> None:
    policy = compile_policy(grounds)
    back = read_policy(policy)
    assert compile_policy(back) == policy
    assert back.values == schedule.normal(grounds.values)
    assert replace(back, values={}, articles={}) == replace(grounds, values={}, articles={})
    assert all(
        back.articles[clause] == grounds.articles.get(clause, grounds.articles["use"])
        for clause in back.articles
    )


@given(some.grounds)
def test_a_dataspace_takes_every_policy(grounds: Any) -> None:
    assert dataspace.faults(json.loads(compile_policy(grounds))) == []


@given(some.grounds, st.integers(0, 10**6))
def test_the_same_meaning_gives_the_same_bytes(grounds: Any, seed: int) -> None:
    chance = random.Random(seed)
    values = {
        name: chance.sample(value, len(value)) if isinstance(value, list) else value
        for name, value in grounds.values.items()
    }
    values = {"use.territory": "anywhere", "use.attribution": False, "quality": [], **values}
    assert compile_policy(replace(grounds, values=values)) == compile_policy(grounds)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"use.training": "none"}, {"use.prohibited": ["train"]}),
        ({"use.training": "release"}, {"use.permitted": ["train"]}),
        ({"use.publication": "none"}, {"use.prohibited": ["present"]}),
        ({"use.publication": "results"}, {"use.permitted": ["present"]}),
        ({"use.waiver": True}, {"use.prohibited": ["sell", "distribute"]}),
        ({"use.waiver": False}, {}),
        ({"use.purposes": ["any-lawful-purpose", "research"]}, {}),
        ({"term.deletion_days": 9}, {"term.deletion": True, "term.deletion_days": 9}),
        ({"term.deletion": False, "term.deletion_days": 9, "term.certificate": True}, {}),
        ({"price.model": "free", "payment.days": 3}, {}),
        ({"delivery.downloads": 3, "use.derivatives": "buyer"}, {}),
        ({"use.industry": None, "use.recipients": []}, {}),
    ],
)
def test_two_ways_to_say_one_thing(one: dict[str, Any], other: dict[str, Any]) -> None:
    extract = {"use.permitted": ["extract"]}
    both = [
        extract | terms | {"use.permitted": ["extract", *terms.get("use.permitted", [])]}
        for terms in (one, other)
    ]
    assert len({compile_policy(replace(GROUNDS, values=values)) for values in both}) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"use.permitted": ["play"]}, "use.permitted"),
        ({"use.permitted": "reproduce"}, "use.permitted"),
        ({"use.permitted": ["reidentify"]}, "use.prohibited"),
        ({"use.permitted": ["sell"], "use.prohibited": ["sell"]}, "use.prohibited"),
        ({"use.permitted": ["sell"], "use.waiver": True}, "use.prohibited"),
        ({"use.permitted": ["train"], "use.training": "none"}, "use.training"),
        ({"use.prohibited": ["train"], "use.training": "internal"}, "use.training"),
        ({"use.permitted": ["present"], "use.publication": "none"}, "use.publication"),
        ({"use.purposes": []}, "use.purposes"),
        ({"use.purposes": ["war"]}, "use.purposes"),
        ({"use.purposes": [["research"]]}, "use.purposes"),
        ({"use.training": "maybe"}, "use.training"),
        ({"use.territory": ["mainland"]}, "use.territory"),
        ({"use.attribution": 1}, "use.attribution"),
        ({"use.industry": 3}, "use.industry"),
        ({"use.recipients": [{"name": "甲"}]}, "use.recipients"),
        ({"use.recipients": [{"name": "甲", "credit_code": "1"}]}, "use.recipients"),
        ({"use.recipients": [{"name": "甲", "credit_code": OTHER.lower()}]}, "use.recipients"),
        ({"use.recipients": [{"name": "甲", "credit_code": OTHER}] * 2}, "use.recipients"),
        ({"term.days": 0}, "term.days"),
        ({"term.days": True}, "term.days"),
        ({"term.days": "365"}, "term.days"),
        ({"delivery.downloads": 1.5}, "delivery.downloads"),
        ({"delivery.mode": "pigeon"}, "delivery.mode"),
        ({"price.model": "share"}, "price.model"),
        ({"term.from": "2026-13-01"}, "term.from"),
        ({"term.from": "20261122"}, "term.from"),
        ({"term.from": "2026-11-22", "term.until": "2026-11-21"}, "term.until"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], field: str) -> None:
    with pytest.raises(TermsError) as refused:
        compile_policy(replace(GROUNDS, values=values))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "Set"},
        {"kind": "Offer"},
        {"assignee": None},
        {"assignee": GROUNDS.assigner},
        {"assigner": "91999999MA0000000X"},
        {"assigner": GROUNDS.assigner.lower()},
        {"number": "7KQ2M9XW4C0"},
        {"target": "5A" * 32},
        {"model": "data-provision"},
        {"articles": {"term": 3}},
    ],
)
def test_wrong_parties_or_subject_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        compile_policy(replace(GROUNDS, **changed))


def test_a_clause_that_the_text_lacks_leaves_its_rules_to_the_article_on_use() -> None:
    body = json.loads(compile_policy(replace(GROUNDS, articles={"use": 5})))
    found = [value for path, value in paths(body) if path[-1] in {"cn:article", "cn:unlisted"}]
    assert set(found) == {5}


def test_every_rule_and_constraint_names_an_article() -> None:
    body = json.loads(compile_policy(GROUNDS))
    for path, value in paths(body):
        if isinstance(value, dict) and {"action", "leftOperand"} & value.keys():
            assert value["cn:article"] in ARTICLES.values(), path


def test_an_offer_differs_from_its_agreement_by_name_and_assignee_alone() -> None:
    """A connector of a dataspace compares all else and refuses an agreement that says more than the offer."""
    offer, agreement = (json.loads(compile_policy(one)) for one in (OFFER, GROUNDS))
    assert agreement | {"@type": "Offer", "@id": offer["@id"]} == offer | {"assignee": agreement["assignee"]}
    assert not same(compile_policy(OFFER), compile_policy(GROUNDS))


POLICY = compile_policy(GROUNDS)


def test_nothing_in_a_policy_can_be_moved() -> None:
    """Every leaf of the policy either changes what is read back, or is refused."""
    read = read_policy(POLICY)
    for path, value in paths(json.loads(POLICY)):
        if isinstance(value, dict | list):
            continue
        body = json.loads(POLICY)
        put(body, path, value + 1 if isinstance(value, int) else f"{value}x")
        try:
            found = read_policy(canonical.encode(body))
        except ContractError:
            continue
        assert found != read, path


@pytest.mark.parametrize(
    "policy", [b"", b"{}", b"[]", b"null", POLICY + b" ", POLICY[:-1], POLICY.replace(b"P365D", b"P0365D")]
)
def test_what_was_not_compiled_is_not_read(policy: bytes) -> None:
    with pytest.raises(ContractError):
        read_policy(policy)
