import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import canonical
from contracts.errors import ContractError, PolicyError
from contracts.facts import Use
from contracts.first.policy import Decision, compile_policy, decide
from contracts.vocabulary import Action, Purpose
from tests.contracts.first.sample import TERMS

ARTICLES = {"use": 8, "delivery": 6}
POLICY = compile_policy(TERMS, ARTICLES)


def test_a_permitted_action_is_permitted_by_its_article() -> None:
    assert decide(POLICY, "reproduce", elapsed_days=0) == Decision(True, 8, "permitted")
    assert decide(POLICY, "derive", elapsed_days=364, purpose=Purpose.RESEARCH).permitted


@pytest.mark.parametrize(
    ("action", "days", "count", "purpose", "expected"),
    [
        ("sell", 0, 0, None, Decision(False, 8, "prohibited")),
        ("train", 0, 0, None, Decision(False, 8, "not_permitted")),
        ("reproduce", 365, 0, None, Decision(False, 8, "term")),
        ("reproduce", -1, 0, None, Decision(False, 8, "term")),
        ("reproduce", 0, 5, None, Decision(False, 6, "count")),
        ("extract", 0, 5, None, Decision(True, 8, "permitted")),
        ("extract", 0, 0, Purpose.EDUCATION, Decision(False, 8, "purpose")),
    ],
)
def test_a_denial_names_the_article_and_the_reason(
    action: str, days: int, count: int, purpose: Purpose | None, expected: Decision
) -> None:
    assert decide(POLICY, action, elapsed_days=days, count=count, purpose=purpose) == expected


@given(st.sets(st.sampled_from(Action)), st.sampled_from(Action))
def test_the_policy_permits_exactly_what_the_terms_permit(extra: set[Action], asked: Action) -> None:
    permitted = tuple(
        word for word in Action if word in extra | {Action.REPRODUCE} and word != Action.REIDENTIFY
    )
    terms = replace(TERMS, use=Use((Purpose.ANY_LAWFUL,), permitted, (Action.REIDENTIFY,)))
    policy = compile_policy(terms, ARTICLES)
    assert decide(policy, asked, elapsed_days=0, purpose=Purpose.EDUCATION).permitted == (asked in permitted)


@pytest.mark.parametrize("action", ["", "use", "qilu:train", "REPRODUCE"])
def test_an_unknown_action_is_an_error(action: str) -> None:
    with pytest.raises(PolicyError) as refused:
        decide(POLICY, action, elapsed_days=0)
    assert refused.value.code == "policy.unknown_action"


@pytest.mark.parametrize(
    "policy",
    [
        b"",
        b"{}",
        b"[]",
        b'{"permission":1,"prohibition":[]}',
        POLICY.replace(b"elapsedTime", b"elapsedTimo"),
        POLICY + b" ",
    ],
)
def test_what_cannot_be_read_is_never_a_permission(policy: bytes) -> None:
    with pytest.raises(ContractError):
        decide(policy, "reproduce", elapsed_days=0)


def test_the_shape_is_odrls() -> None:
    body = json.loads(POLICY)
    assert (body["type"], body["@context"][0]) == ("Agreement", "http://www.w3.org/ns/odrl.jsonld")
    assert body["assigner"].endswith(TERMS.provider.credit_code)
    assert [rule["action"] for rule in body["prohibition"]] == ["distribute", "sell", "qilu:reidentify"]
    assert canonical.encode(body) == POLICY
