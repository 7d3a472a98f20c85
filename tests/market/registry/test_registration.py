import io
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from market import data, jobs, steps
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, NotFound
from market.permissions import Relation
from market.registry import offering, reading, service
from market.registry.models import Asset, Inspection
from market.registry.states import (
    TRANSITIONS,
    RegistrationEvent,
    RegistrationState,
    advance,
)
from market.rules import book
from market.steps import Kind, Step, openings
from market.trades import suspension
from tests import assets, people
from tests.conftest import Clock


def kinds(asset_id: uuid.UUID) -> list[str]:
    handle = assets.found(asset_id).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def told(answer: TestResponse) -> Any:
    return answer.json


def test_every_state_and_event_is_either_in_the_table_or_refused() -> None:
    for state in RegistrationState:
        for event in RegistrationEvent:
            if (state, event) in TRANSITIONS:
                assert advance(state, event) is TRANSITIONS[state, event]
            else:
                with pytest.raises(Conflict):
                    advance(state, event)


def test_registration_always_leads_through_notice() -> None:
    into = {
        state for (state, _event), target in TRANSITIONS.items() if target is RegistrationState.REGISTERED
    }
    assert into == {RegistrationState.NOTICE, RegistrationState.SUSPENDED}
    assert set(TRANSITIONS.values()) | {RegistrationState.DRAFT} == set(RegistrationState)


def test_an_asset_from_file_to_number(exchange: Flask) -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    assert asset.state is RegistrationState.REGISTERED
    assert asset.number is not None
    assert len(asset.number) == 11
    assert kinds(asset.id) == [
        "asset.drafted", "asset.inspected", "asset.submitted", "asset.reviewed", "asset.noticed",
        "asset.registered",
    ]  # fmt: skip
    seen = assets.detail(provider, asset.id)
    assert seen.report is not None
    assert (seen.report.rows, seen.report.duplicate_rows, seen.report.nulls) == (4, 1, 4)
    assert seen.report.columns[1].maximum == "12.5"
    assert seen.asset.decision == "source is plausible"


def test_measuring_twice_records_once(exchange: Flask) -> None:
    asset = assets.drafted(assets.provider())
    jobs.drain()
    with read() as session:
        revision = reading.revision_of(session, asset)
    service.on_uploaded(str(revision.id))
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Inspection)) == 1
    assert kinds(asset.id) == ["asset.drafted", "asset.inspected"]


def test_values_are_committed_apart_and_seen_by_provider_and_reviewer_only(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    chief = people.operator()
    auditor = people.colleague(chief, Role.AUDITOR)
    assert [
        detail.report.columns[0].minimum if detail.report else "?"
        for detail in (assets.detail(actor, asset_id) for actor in (provider, chief, auditor))
    ] == ["济南", "济南", None]
    with read() as session:
        step = session.scalars(select(Step).where(Step.kind == Kind.ASSET_INSPECTED.value)).one()
        opened = {opening.field: opening for opening in openings(session, step.id)}
    assert "济南" not in str(opened["inspection"].value)
    assert opened["inspection.preview"].subject == provider.organisation_id


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a,b\n1,2\n3\n", "file.ragged"),
        (b"a,b\n", "file.no_rows"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "file.wrong_type"),
    ],
)
def test_a_file_that_cannot_be_measured_is_recorded_and_not_submitted(
    exchange: Flask, content: bytes, code: str
) -> None:
    provider = assets.provider()
    asset_id = assets.drafted(provider, content).id
    jobs.drain()
    seen = assets.detail(provider, asset_id)
    assert seen.inspection is not None
    assert (seen.measuring, seen.inspection.refusal) == ("refused", code)
    assert seen.refusal
    with transaction() as session, pytest.raises(Conflict) as refused:
        service.submit(session, provider, asset_id)
    assert (refused.value.code, refused.value.extra["rule"]) == ("asset.not_inspected", "R2.2")


def test_gb18030_is_measured_as_it_was_uploaded(exchange: Flask) -> None:
    asset = assets.registered(assets.provider(), data.divisions().decode().encode("gb18030"))
    with read() as session:
        known = offering.tradable(session, asset.id)
    assert (known.report.rows, known.report.encoding) == (6726, "gb18030")


def test_an_unmeasured_draft_is_not_submitted(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.drafted(provider).id
    with transaction() as session, pytest.raises(Conflict) as refused:
        service.submit(session, provider, asset_id)
    assert refused.value.code == "asset.not_inspected"


def test_taking_a_step_again_is_the_same_answer_and_otherwise_a_conflict(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    chief = people.operator()
    with transaction() as session:
        again = service.submit(session, provider, asset_id)
        assert again.kind == "asset.submitted"
    with transaction() as session:
        first = service.review(session, chief, asset_id, approve=True, reason="fine")
    jobs.drain()
    with transaction() as session:
        assert service.review(session, chief, asset_id, approve=True, reason="fine").id == first.id
    for approve, reason in ((True, "other words"), (False, "fine")):
        with transaction() as session, pytest.raises(Conflict):
            service.review(session, chief, asset_id, approve=approve, reason=reason)
    assert kinds(asset_id).count("asset.reviewed") == 1


def test_a_late_repetition_is_the_same_answer_however_far_the_asset_has_gone(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    asset_id = assets.drafted(provider).id
    jobs.drain()
    with transaction() as session:
        submitted = service.submit(session, provider, asset_id)
    with transaction() as session:
        reviewed = service.review(session, chief, asset_id, approve=True, reason="fine")
    for event in (None, RegistrationEvent.SUSPEND, RegistrationEvent.CANCEL):
        jobs.drain()
        if event is not None:
            with transaction() as session:
                suspension.decide_asset(session, chief, asset_id, event, "an objection")
        before = kinds(asset_id)
        with transaction() as session:
            assert service.submit(session, provider, asset_id).id == submitted.id
            assert service.review(session, chief, asset_id, approve=True, reason="fine").id == reviewed.id
        assert kinds(asset_id) == before
    colleague = people.colleague(provider, Role.PROVIDER)
    with transaction() as session, pytest.raises(Conflict):
        service.submit(session, colleague, asset_id)


def test_one_key_makes_one_asset(exchange: Flask) -> None:
    provider, upload = assets.provider(), assets.uploaded()

    def draft(title: str) -> Asset:
        with transaction() as session:
            return service.draft(
                session, provider, title=title, source="our own", rights=[], upload=upload, key="k1"
            )

    assert draft("one").id == draft("one").id
    with pytest.raises(Conflict):
        draft("two")


def test_public_notice_lasts_as_long_as_the_rule_says(
    exchange: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a longer notice the asset waits, whatever wakes the job early."""
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    chief = people.operator()
    real = book
    days = type("Book", (), {"value": lambda _self, name: 7 if name == "notice.days" else real().value(name)})
    monkeypatch.setattr("market.registry.service.book", lambda _version=1: days())
    with transaction() as session:
        service.review(session, chief, asset_id, approve=True, reason="fine")
    jobs.drain()
    service.on_notice_ended(str(asset_id))
    assert assets.found(asset_id).state is RegistrationState.NOTICE
    clock.advance(days=6, hours=23)
    jobs.drain()
    assert assets.found(asset_id).number is None
    clock.advance(hours=1)
    jobs.drain()
    assert assets.found(asset_id).state is RegistrationState.REGISTERED


def test_who_may_do_what(exchange: Flask) -> None:
    provider, stranger = assets.provider(), assets.provider()
    buyer = people.verified(Role.BUYER)
    waiting = people.actor_of(people.applied(Role.PROVIDER))
    chief = people.operator()
    for actor, rule in ((buyer, "R1.3"), (waiting, "R1.1")):
        with pytest.raises(Forbidden) as refused:
            assets.drafted(actor)
        assert refused.value.rule == rule
    asset_id = assets.drafted(provider).id
    jobs.drain()
    for actor in (stranger, buyer, chief, Actor.public()):
        with transaction() as session, pytest.raises(NotFound):
            service.submit(session, actor, asset_id)
    with transaction() as session:
        service.submit(session, provider, asset_id)
    with transaction() as session, pytest.raises(Forbidden):
        service.review(session, provider, asset_id, approve=True, reason="my own is good")
    with transaction() as session, pytest.raises(NotFound):
        service.review(session, stranger, asset_id, approve=True, reason="not mine")
    with read() as session:
        assert [asset.id for asset in reading.assets(session, chief).items] == [asset_id]
        assert reading.assets(session, stranger).items == []
    assert reading.relation(chief, assets.found(asset_id)) is Relation.OTHER


def test_nobody_reviews_their_own_organisations_data(exchange: Flask) -> None:
    chief = people.operator()
    both = Actor(chief.user_id, chief.organisation_id, frozenset(Role), verified=True)
    asset_id = assets.submitted(both)
    with transaction() as session, pytest.raises(Forbidden) as refused:
        service.review(session, both, asset_id, approve=True, reason="mine")
    assert refused.value.rule == "R1.5"


def test_over_the_api(exchange: Flask) -> None:
    provider, chief = assets.provider(), people.operator()
    client, mine, theirs = exchange.test_client(), people.bearer(provider), people.bearer(chief)

    def body(**changes: object) -> dict[str, object]:
        form: dict[str, object] = {
            "title": "Seattle weather, cleaned",
            "source": "Daily records of NOAA, public domain, cleaned by us.",
            "rights": ["hold", "operate"],
            "file": (io.BytesIO(data.cleaned_weather()), "up/../weather.csv"),
        }
        return form | changes

    for wrong, field in (
        ({"file": (io.BytesIO(b"a,b\n1,2\n"), "data.xls")}, "file"),
        ({"file": (io.BytesIO(b""), "data.csv")}, "file"),
        ({"rights": ["own"]}, "rights"),
        ({"source": "ours"}, "source"),
        ({"title": "a\u202eb"}, "title"),
    ):
        answer = client.post("/api/v1/assets", data=body(**wrong), headers=mine)
        assert answer.status_code == 422, told(answer)
        assert field in told(answer)["fields"]
    answer = client.post("/api/v1/assets", data=body(), headers={**mine, "Idempotency-Key": "one"})
    assert answer.status_code == 201, told(answer)
    asset = told(answer)
    assert asset["file"]["filename"] == "weather.csv"
    assert (asset["state"], asset["inspection"]) == ("DRAFT", "pending")
    assert asset["entry_id"]
    again = client.post("/api/v1/assets", data=body(), headers={**mine, "Idempotency-Key": "one"})
    assert told(again)["id"] == asset["id"]
    jobs.drain()
    address = f"/api/v1/assets/{asset['id']}"
    measured = told(client.get(f"{address}/inspection", headers=mine))
    assert (measured["state"], measured["rows"], len(measured["columns"])) == ("measured", 1461, 6)
    assert measured["columns"][0]["minimum"] == "2012-01-01"
    submitted = told(client.post(f"{address}/submission", headers=mine))
    assert submitted["state"] == "SUBMITTED"
    decision = {"decision": "approve", "reason": "plausible"}
    assert client.post(f"{address}/review", json=decision, headers=mine).status_code == 403
    assert client.post(f"{address}/review", json={"decision": "maybe"}, headers=theirs).status_code == 422
    assert client.post(f"{address}/review", json=decision, headers=theirs).status_code == 200
    jobs.drain()
    assert told(client.get(address, headers=mine))["state"] == "REGISTERED"
    assert client.get(address).status_code == 401
    stranger = people.bearer(assets.provider())
    assert client.get(address, headers=stranger).status_code == 404
    listed = told(client.get("/api/v1/assets?state=REGISTERED", headers=mine))
    assert [item["id"] for item in listed["items"]] == [asset["id"]]
    assert client.get("/api/v1/assets?cursor=zzz", headers=mine).status_code == 422


def test_an_upload_over_the_cap_is_refused_and_not_kept(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from market.registry import uploading

    small = type("Book", (), {"value": lambda _self, _name: 1000})
    monkeypatch.setattr(uploading, "book", small)
    headers = people.bearer(assets.provider())
    form = {
        "title": "big", "source": "made by a test", "rights": ["hold"],
        "file": (io.BytesIO(b"a,b\n" + b"1,2\n" * 1000), "big.csv"),
    }  # fmt: skip
    answer = exchange.test_client().post("/api/v1/assets", data=form, headers=headers)
    assert answer.status_code == 413
    assert told(answer)["code"] == "file.too_large"
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Asset)) == 0
