"""What was found stops a registration; corrections, appeals and decisions."""

import uuid
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from market import jobs, steps
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, MarketError, NotFound
from market.home import desk
from market.inspection import findings as finding
from market.inspection.sensitive.classes import LABELS, Level, Sensitive, level
from market.registry import appealing, inspecting, reading, service
from market.registry.models import Decision
from market.registry.screened import Screened
from market.registry.screening import Stop, StopCode, stops, uncovered
from market.registry.states import RegistrationState
from tests import assets, findings, people
from tests.findings import found, hidden, hit

WHY = "because the table says so"
NAMED, PHONE = found("姓名", "name"), found("电话", "mobile")


def drafted(patch: pytest.MonkeyPatch, provider: Actor, *columns: dict[str, Any], **others: Any) -> uuid.UUID:
    """Return a draft measured as having findings."""
    patch.setattr(inspecting, "inspect_file", findings.measuring(*columns, **others))
    asset_id = assets.drafted(provider, uuid.uuid4().bytes).id
    jobs.drain()
    return asset_id


def submit(provider: Actor, asset_id: uuid.UUID) -> None:
    with transaction() as session:
        service.submit(session, provider, asset_id)


def appeal(provider: Actor, asset_id: uuid.UUID, reason: str = WHY) -> uuid.UUID:
    with transaction() as session:
        return appealing.appeal(session, provider, asset_id, reason).entry_id


def decide(actor: Actor, asset_id: uuid.UUID, decision: Decision, reason: str = WHY) -> uuid.UUID:
    with transaction() as session:
        return appealing.decide(session, actor, asset_id, decision=decision, reason=reason).entry_id


def correct(
    actor: Actor, asset_id: uuid.UUID, column: str, kind: Sensitive | None, reason: str = WHY
) -> uuid.UUID:
    with transaction() as session:
        step = appealing.correct(session, actor, asset_id, column=column, kind=kind, reason=reason)
        return step.entry_id


def screened(actor: Actor, asset_id: uuid.UUID) -> Screened:
    seen = assets.detail(actor, asset_id).screened
    assert seen is not None
    return seen


def kinds(asset_id: uuid.UUID) -> list[str]:
    handle = assets.found(asset_id).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)][2:]


def refused(code: str, error: type[MarketError] = Conflict) -> Any:
    return pytest.raises(error, check=lambda raised: raised.code == code)


def test_what_stops(exchange: Flask) -> None:
    report = findings.report(
        NAMED, found("电话", "mobile", declared="mobile"), found("金额", "uscc"),
        k=hidden(4), negative=(hit("credential", "金额"), hit("private_key")),
    )  # fmt: skip
    assert stops(finding.read(report), 5) == (
        Stop(StopCode.PERSONAL, "姓名", "name"),
        Stop(StopCode.NEGATIVE, "金额", "credential"),
        Stop(StopCode.NEGATIVE, "", "private_key"),
        Stop(StopCode.REIDENTIFY, "姓名, 金额", "4"),
    )
    assert [one.code for one in stops(finding.read(report), 4)].count(StopCode.REIDENTIFY) == 0


KINDS = st.sampled_from(list(Sensitive))
SENSITIVITY = {Level.NOT_PERSONAL: 0, Level.PERSONAL: 1, Level.SENSITIVE_PERSONAL: 2}


@given(
    st.dictionaries(st.sampled_from(findings.COLUMNS), st.tuples(KINDS, st.none() | KINDS)),
    st.dictionaries(st.sampled_from(findings.COLUMNS), st.none() | KINDS),
)
def test_a_correction_counts_instead_of_what_was_measured(
    measured: dict[str, tuple[Sensitive, Sensitive | None]], corrections: dict[str, Sensitive | None]
) -> None:
    report = findings.report(
        *(found(name, kind, declared=declared) for name, (kind, declared) in measured.items())
    )
    expected = []
    for name in findings.COLUMNS:
        kind, declared = measured.get(name, (None, None))
        kind = corrections.get(name, kind)
        if kind is None or level(kind) is Level.NOT_PERSONAL:
            continue
        if declared is None or SENSITIVITY[level(declared)] < SENSITIVITY[level(kind)]:
            expected.append(Stop(StopCode.PERSONAL, name, kind.value, declared or ""))
    in_force = finding.read(report).corrected(corrections)
    documents = [one.document() for one in expected]
    assert [one.document() for one in stops(in_force, 5)] == documents
    assert uncovered(expected, [documents]) == ()
    assert uncovered(expected, []) == tuple(expected)


@pytest.mark.parametrize(
    ("declared", "lifts"),
    [
        (None, False), ("resident_id", True), ("passport", True),
        ("mobile", False), ("plate", False),
    ],
)  # fmt: skip
def test_only_a_class_as_sensitive_lifts_a_stop(exchange: Flask, declared: str | None, lifts: bool) -> None:
    found_stops = stops(finding.read(findings.report(found("姓名", "resident_id", declared=declared))), 5)
    assert (found_stops == ()) is lifts
    if declared and not lifts:
        (said,) = map(str, found_stops)
        assert str(LABELS[Sensitive(declared)]) in said
        assert str(LABELS[Sensitive.RESIDENT_ID]) in said


def test_what_was_found_stops_submission(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(monkeypatch, provider, NAMED, negative=(hit("credential", "金额"),))
    with refused("asset.stopped") as raised:
        submit(provider, asset_id)
    assert raised.value.extra == {
        "rule": "R2.7",
        "stops": [
            {"code": "personal", "column": "姓名", "what": "name", "declared": ""},
            {"code": "negative", "column": "金额", "what": "credential", "declared": ""},
        ],
    }
    assert "姓名" in raised.value.message
    assert kinds(asset_id) == []


def test_declared_data_pass(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(monkeypatch, provider, found("姓名", "name", declared="name"), found("金额", "uscc"))
    submit(provider, asset_id)
    assert assets.found(asset_id).state is RegistrationState.SUBMITTED


def test_an_appeal_is_held_then_released(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, operator = assets.provider(), people.operator()
    asset_id = drafted(monkeypatch, provider, NAMED)
    with read() as session, pytest.raises(NotFound):
        reading.asset_of(session, operator, asset_id)
    first = appeal(provider, asset_id)
    assert appeal(provider, asset_id) == first
    with refused("step.already_taken"):
        appeal(provider, asset_id, "another reason")
    with read() as session:
        tasks = desk.waiting(session, operator).tasks
    assert [task.href for task in tasks].count(f"/assets/{asset_id}") == 1
    held = decide(operator, asset_id, Decision.HOLD)
    assert decide(operator, asset_id, Decision.HOLD) == held
    with refused("step.already_taken"):
        decide(operator, asset_id, Decision.RELEASE)
    with refused("asset.stopped"):
        submit(provider, asset_id)
    appeal(provider, asset_id, "asked the people since")
    decide(operator, asset_id, Decision.RELEASE)
    assert screened(provider, asset_id).stops == ()
    assert len(screened(provider, asset_id).covered) == 1
    submit(provider, asset_id)
    assert kinds(asset_id) == [
        "asset.appealed", "asset.held", "asset.appealed", "asset.released", "asset.submitted",
    ]  # fmt: skip


def test_nothing_to_appeal_nothing_to_decide(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(monkeypatch, provider)
    with refused("asset.not_stopped"):
        appeal(provider, asset_id)
    submit(provider, asset_id)
    with refused("asset.not_appealed"):
        decide(people.operator(), asset_id, Decision.RELEASE)


def test_a_release_covers_only_what_stood_then(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, operator = assets.provider(), people.operator()
    asset_id = drafted(monkeypatch, provider, NAMED)
    appeal(provider, asset_id)
    decide(operator, asset_id, Decision.RELEASE)
    submit(provider, asset_id)
    correct(operator, asset_id, "电话", Sensitive.MOBILE)
    with transaction() as session, refused("asset.stopped"):
        service.review(session, operator, asset_id, approve=True, reason=WHY)
    assert [one.column for one in screened(operator, asset_id).stops] == ["电话"]
    appeal(provider, asset_id)
    decide(operator, asset_id, Decision.RELEASE)
    with transaction() as session:
        service.review(session, operator, asset_id, approve=True, reason=WHY)
    jobs.drain()
    assert assets.found(asset_id).state is RegistrationState.REGISTERED
    with refused("asset.wrong_state"):
        correct(operator, asset_id, "电话", None)


def test_a_reviewer_corrects(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, reviewer = assets.provider(), people.operator()
    asset_id = drafted(monkeypatch, provider, NAMED)
    with pytest.raises(NotFound):  # a draft is nobody else's until it is appealed
        correct(reviewer, asset_id, "姓名", None)
    appeal(provider, asset_id)
    with refused("finding.no_column"):
        correct(reviewer, asset_id, "地址", None)
    with refused("finding.unchanged"):
        correct(reviewer, asset_id, "姓名", Sensitive.NAME)
    first = correct(reviewer, asset_id, "姓名", None)
    assert correct(reviewer, asset_id, "姓名", None) == first
    with refused("step.already_taken"):
        correct(reviewer, asset_id, "姓名", None, "another reason")
    seen = screened(provider, asset_id)
    assert (seen.findings.found, seen.stops) == ((), ())
    assert [(one.column, one.kind, one.instead_of) for one in seen.corrections] == [
        ("姓名", None, Sensitive.NAME)
    ]
    assert seen.measured.found[0].kind is Sensitive.NAME
    submit(provider, asset_id)
    correct(reviewer, asset_id, "姓名", Sensitive.NAME)
    assert [one.kind for one in screened(provider, asset_id).findings.found] == [Sensitive.NAME]


def test_nobody_decides_about_their_own(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = people.verified(Role.PROVIDER)
    asset_id = drafted(monkeypatch, provider, NAMED)
    appeal(provider, asset_id)
    insider = Actor(
        user_id=provider.user_id, organisation_id=provider.organisation_id, name=provider.name, verified=True,
        roles=frozenset({Role.OPERATOR, Role.REVIEWER, Role.PROVIDER}),
    )  # fmt: skip
    with pytest.raises(Forbidden) as raised:
        decide(insider, asset_id, Decision.RELEASE)
    assert raised.value.rule == "R1.5"
    with pytest.raises(Forbidden) as raised:
        correct(insider, asset_id, "姓名", None)
    assert raised.value.rule == "R1.5"
    other = people.verified(Role.PROVIDER)
    with pytest.raises(NotFound):
        appeal(other, asset_id)


def test_examples_are_for_owner_and_reviewer(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    provider, operator = assets.provider(), people.operator()
    asset_id = drafted(monkeypatch, provider, NAMED)
    appeal(provider, asset_id)
    assert assets.detail(provider, asset_id).examples == {"姓名": ["张**"]}
    assert assets.detail(operator, asset_id).examples == {"姓名": ["张**"]}
    auditor = people.colleague(operator, Role.AUDITOR)
    assert assets.detail(auditor, asset_id).examples == {}
