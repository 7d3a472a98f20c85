"""The gate: each ground refuses by itself, names its rule, and nothing else is looked up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from contracts import canonical
from contracts.canonical import sha256
from contracts.policy import compile_policy
from market.delivery.gate import Grounds, Hold, decide
from market.delivery.grant import GrantState
from tests.contracts.grounds import GROUNDS

NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)
DAY = timedelta(days=1)


def _policy(*, days: int = 30, count: int = 2, action: str = "reproduce") -> str:
    constraints = [
        {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": f"P{days}D", "qilu:article": 6},
        {"leftOperand": "count", "operator": "lteq", "rightOperand": count, "qilu:article": 4},
    ]
    body = {
        "permission": [{"action": action, "qilu:article": 6, "constraint": constraints}],
        "prohibition": [{"action": "distribute", "qilu:article": 6}],
        "qilu:unlisted": 6,
    }
    return canonical.encode(body).decode()


def _with_policy(policy: str) -> Grounds:
    return Grounds(
        state=GrantState.OPEN,
        funded=True,
        holds=frozenset(),
        term_from=NOW - DAY,
        term_until=NOW + 29 * DAY,
        fetch_until=NOW + 7 * DAY,
        size=100,
        bytes_sent=0,
        policy=policy,
        policy_digest=sha256(policy.encode()),
    )


OPEN = _with_policy(_policy())


def test_permits_when_every_ground_holds() -> None:
    assert decide(OPEN, NOW) is None


def test_a_renewal_is_fetched_before_its_term_and_no_day_has_passed() -> None:
    for grounds in (OPEN, _profiled({"term.days": 1})):
        ahead = replace(grounds, term_from=NOW + DAY, term_until=NOW + 2 * DAY)
        assert decide(ahead, NOW) is None
        assert decide(ahead, NOW + 2 * DAY) is not None


@pytest.mark.parametrize(
    ("changed", "code", "rule"),
    [
        ({"state": GrantState.CLOSED}, "delivery.agreement_ended", "R5.2"),
        ({"state": GrantState.SUSPENDED}, "delivery.agreement_suspended", "R5.2"),
        ({"funded": False}, "delivery.not_paid", "R5.1"),
        ({"fetch_until": None}, "delivery.days_over", "R5.2"),
        ({"fetch_until": NOW}, "delivery.days_over", "R5.2"),
        ({"term_until": NOW}, "delivery.term_over", "R5.2"),
        ({"policy": _policy() + " "}, "delivery.policy_unreadable", "R5.2"),
        ({"policy_digest": "0" * 64}, "delivery.policy_unreadable", "R5.2"),
    ],
)
def test_each_ground_refuses(changed: dict[str, object], code: str, rule: str) -> None:
    refusal = decide(replace(OPEN, **changed), NOW)  # type: ignore[arg-type]
    assert refusal is not None
    assert (refusal.code, refusal.rule) == (code, rule)
    error = refusal.error()
    assert error.rule == rule
    assert error.message


@pytest.mark.parametrize("hold", Hold)
def test_each_hold_refuses(hold: Hold) -> None:
    refusal = decide(replace(OPEN, holds=frozenset({hold}), state=GrantState.SUSPENDED), NOW)
    assert refusal is not None
    named = {
        Hold.RECOVERED: "delivery.frozen",
        Hold.BREACH: "delivery.agreement_suspended",
        Hold.OVERDUE: "delivery.overdue",
        Hold.CHARGEBACK: "delivery.charged_back",
    }
    assert refusal.code == named.get(hold, f"delivery.{hold}_suspended")
    assert refusal.error().message


@pytest.mark.parametrize(("sent", "permitted"), [(0, True), (199, True), (200, False), (10_000, False)])
def test_quota_counts_bytes_not_requests(sent: int, permitted: bool) -> None:
    refusal = decide(replace(OPEN, bytes_sent=sent), NOW)
    assert (refusal is None) == permitted
    if refusal is not None:
        assert (refusal.code, refusal.article) == ("delivery.count", 4)
        assert "4" in refusal.error().message


def test_policy_term_is_the_contracts_article() -> None:
    refusal = decide(_with_policy(_policy(days=1)), NOW)
    assert refusal is not None
    assert (refusal.code, refusal.article) == ("delivery.term_over", 6)


@pytest.mark.parametrize("policy", ["", "{}", "[]", '{"permission":1}', "not json"])
def test_unreadable_policy_refuses(policy: str) -> None:
    refusal = decide(_with_policy(policy), NOW)
    assert refusal is not None
    assert refusal.code == "delivery.policy_unreadable"


def test_policy_that_does_not_permit_refuses() -> None:
    refusal = decide(_with_policy(_policy(action="derive")), NOW)
    assert refusal is not None
    assert (refusal.code, refusal.article) == ("delivery.policy", 6)


def _profiled(values: dict[str, object] | None = None, kind: str = "Agreement") -> Grounds:
    terms: dict[str, object] = {
        "use.permitted": ["reproduce"],
        "term.days": 30,
        "delivery.downloads": 2,
        "price.model": "fixed",
    }
    assignee = GROUNDS.assignee if kind == "Agreement" else None
    compiled = compile_policy(replace(GROUNDS, kind=kind, assignee=assignee, values=terms | (values or {})))
    return _with_policy(compiled.decode())


def test_a_policy_of_the_profile_permits() -> None:
    assert decide(_profiled(), NOW) is None
    assert decide(_profiled({"delivery.mode": "download", "use.territory": "mainland"}), NOW) is None


@pytest.mark.parametrize(
    ("grounds", "code", "article"),
    [
        (_profiled({"term.days": 1}), None, None),
        (replace(_profiled({"term.days": 1}), term_from=NOW - 2 * DAY), "delivery.term_over", 16),
        (_profiled({"term.until": "2026-11-21"}), "delivery.term_over", 16),
        (replace(_profiled(), bytes_sent=200), "delivery.count", 9),
        (_profiled({"use.permitted": ["extract"]}), "delivery.policy", 5),
        (_profiled({"delivery.mode": "media"}), "delivery.policy", 9),
        (_profiled(kind="Offer"), "delivery.policy", 5),
    ],
)
def test_a_policy_of_the_profile_refuses_by_its_article(
    grounds: Grounds, code: str | None, article: int | None
) -> None:
    refusal = decide(grounds, NOW)
    assert (refusal and refusal.code, refusal and refusal.article) == (code, article)


def test_the_price_that_a_policy_asks_for_is_asked_before_it() -> None:
    refusal = decide(replace(_profiled(), funded=False), NOW)
    assert refusal is not None
    assert refusal.code == "delivery.not_paid"


@pytest.mark.parametrize(
    ("old", "new"), [("lteq", "about"), ("cn:unlisted", "qilu:unlisted"), ("P30D", "P1M")]
)
def test_a_policy_of_the_profile_with_anything_unknown_refuses(old: str, new: str) -> None:
    """Also one that says what a policy of 0.1 says: the profile it names decides how it is read."""
    refusal = decide(_with_policy(_profiled().policy.replace(old, new)), NOW)
    assert refusal is not None
    assert refusal.code == "delivery.policy_unreadable"
