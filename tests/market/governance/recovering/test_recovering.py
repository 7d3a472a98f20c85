"""Restoring with a mirror: what the backup lacks comes back as a log, and what it concerns is frozen."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import reader
from ledger.checkpoint import CHECKPOINT
from ledger.entry import parse
from ledger.note import parse_note
from market import db, jobs, steps
from market.db import read, transaction
from market.delivery import sending
from market.doctor import restoring
from market.errors import Forbidden, Frozen
from market.governance import erasing, recovering
from market.governance.afterwards import digest_of
from market.governance.erasing import Ground
from market.governance.guard import Guard
from market.governance.restore import told
from market.jobs import Job
from market.oversight import publishing
from market.oversight import service as oversight
from market.participants import service as participants
from market.participants.models import User
from market.participants.states import Decision
from market.registry.states import RegistrationEvent
from market.steps import Kind
from market.trades import decisions, showing, suspension
from tests import people, trades
from tests.market.governance.conftest import Serving
from tests.market.governance.recovering.conftest import Lost, fsck, mirrored, recovered
from tests.market.governance.test_backup import made, on_sqlite, put_back, rows
from tests.waiting import SECONDS


def test_what_the_backup_lacks_comes_back_and_the_log_goes_on(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    restored, settings = recovered(lost, tmp_path / "copy", elsewhere)
    assert restored.recovered is not None
    assert (restored.recovered.first, restored.recovered.size) == (lost.known, lost.head.size)
    assert restored.recovered.gone == lost.head.size - lost.known
    assert not restored.proof.missing
    said = "\n".join(told(restored, settings.home))
    assert f"entries {lost.known} to {lost.head.size - 1} were brought back" in said
    assert "without their values" in said
    app = serving(settings)
    with app.app_context():
        looking = Guard(app, beat=3600)
        looking.start()
        looking.stop(SECONDS)
        assert db.read_only() is None
        found = fsck()
        assert found.faults == []
        assert any(
            f"entries {lost.known} to {lost.head.size - 1} stand without" in line for line in found.gone
        )
        with read() as session:
            assert reader.leaf_hashes(session, lost.head.size) == lost.hashes
            [claim] = _of(session, Kind.EXCHANGE_RECOVERED)
            leaf = parse(reader.by_id(session, claim.id).leaf)
            assert f"recovered.{lost.known}.{lost.head.size}" in leaf.commitments
            place = steps.index_of(session, claim.id)
            [opened] = [one.value for one in steps.openings(session, claim.id) if one.field == "step"]
            assert isinstance(opened, dict)
            assert opened["note"] == {
                "first": lost.known, "size": lost.head.size, "root": lost.head.root.hex(),
                "backup": digest_of(lost.file),
            }  # fmt: skip
            assert len(_of(session, Kind.EXCHANGE_RESTORED)) == 1
        assert place == lost.head.size
        people.applied()
        head = publishing.publish()
        assert head is not None
        assert head.size > lost.head.size
        assert fsck().faults == []
        assert parse_note((publishing.folder() / CHECKPOINT).read_text())[0] == head.text()


def test_a_trade_that_went_on_is_frozen_and_the_others_go_on(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    _restored, settings = recovered(lost, tmp_path / "copy", elsewhere)
    app = serving(settings)
    with app.app_context():
        trades.platform(app)
        for actor in (lost.deal.buyer, lost.deal.provider):
            with read() as session:
                shown = showing.shown(session, actor, lost.deal.number)
                assert (shown.frozen, shown.possible, shown.next) == (True, [], None)
                assert showing.detail(shown)["frozen"]
        with read() as session:
            found = oversight.of_trade(session, lost.deal.buyer, lost.deal.number).entries
            assert found[-1].lost == sorted(found[-1].entry.commitments)
            assert found[0].lost == []
        assert trades.states(lost.deal)["grant"] == "SUSPENDED"
        with read() as session, pytest.raises(Forbidden) as refused:
            sending.permit(session, lost.deal.buyer, lost.deal.number)
        assert refused.value.code == "delivery.frozen"
        with pytest.raises(Frozen), transaction() as session:
            decisions.cancel(session, lost.deal.buyer, lost.deal.number, "why not")
        trades.fetched(trades.paid(lost.other))
        assert trades.states(lost.other)["transfer"] == "COMPLETED"
        assert fsck().faults == []


def test_deadlines_of_a_frozen_trade_pass_once_and_change_nothing(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    _restored, settings = recovered(lost, tmp_path / "copy", elsewhere)
    app = serving(settings)
    with app.app_context():
        trades.platform(app)
        before = trades.states(lost.deal)
        app.extensions["clock"].advance(days=400)
        jobs.drain()
        with read() as session:
            left = [
                job for job in session.scalars(select(Job)) if job.payload.get("number") == lost.deal.number
            ]
        assert {(job.name, job.attempt) for job in left if job.error} == {
            ("settlement.deadline", 1),
            ("agreement.deadline", 1),
        }
        assert {job.error for job in left if job.error} == {"object.frozen"}
        assert all(job.done_at for job in left)
        assert trades.states(lost.deal) == before
        assert trades.states(lost.other)["settlement"] == "CANCELLED"


def test_the_doctor_says_which_values_are_gone_and_what_to_do(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    _restored, settings = recovered(lost, tmp_path / "copy", elsewhere)
    found = list(restoring.examine(settings))
    assert all(one.well for one in found)
    text = {one.subject: one.text for one in found}
    assert "settlement.funded" in text[f"trade {lost.deal.number}"]
    assert f"trade-{lost.deal.number}" in text[f"trade {lost.deal.number}"]
    assert f"trade {lost.other.number}" not in text
    told = "\n".join(one.text for one in found if one.subject == "recovered")
    assert "1 × organisation.applied" in told
    assert "contract.finalized" in told.splitlines()[-1], "the trade that the backup never knew"


def test_a_recovered_exchange_is_backed_up_and_restored_like_any_other(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    if elsewhere:
        return  # a second empty database is what a drill makes; its own test does so
    _restored, settings = recovered(lost, tmp_path / "copy", elsewhere)
    with serving(settings).app_context():
        people.applied()
        publishing.publish()
        made(tmp_path / "second.tar")
        before = rows(settings)
        again, twice = put_back(tmp_path / "second.tar", tmp_path / "twice", elsewhere)
        assert again.proof.faults == []
        assert rows(twice) == before


def test_an_asset_that_was_suspended_meanwhile_is_not_sold_on(
    exchange: Flask, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    deal = trades.paid(trades.in_force())
    publishing.publish()
    made(tmp_path / "backup.tar")
    asset_id, operator = trades.rows(deal).trade.asset_id, people.operator()
    with transaction() as session:
        suspension.decide_asset(session, operator, asset_id, RegistrationEvent.SUSPEND, "stolen data")
    mirrored(tmp_path / "mirror")
    _restored, settings = put_back(
        tmp_path / "backup.tar", tmp_path / "copy", elsewhere, mirror=str(tmp_path / "mirror")
    )
    with serving(settings).app_context():
        with read() as session, pytest.raises(Forbidden) as refused:
            sending.permit(session, deal.buyer, deal.number)
        assert refused.value.code == "delivery.asset_suspended"
        with pytest.raises(Frozen), transaction() as session:
            suspension.decide_asset(session, operator, asset_id, RegistrationEvent.RESTORE, "was not")
        assert fsck().faults == []


def test_a_person_that_was_erased_meanwhile_is_erased_again(
    exchange: Flask, tmp_path: Path, elsewhere: dict[str, str], serving: Serving
) -> None:
    operator = people.operator()
    organisation = people.applied()
    with read() as session:
        person = session.get_one(User, organisation.contact_id)
    publishing.publish()
    made(tmp_path / "backup.tar")
    with transaction() as session:
        participants.decide(session, operator, organisation.id, Decision.REFUSE, "no such company")
    with transaction() as session:
        erasing.erase(session, operator, person.id, person.email, Ground.ASKED)
    mirrored(tmp_path / "mirror")
    _restored, settings = put_back(
        tmp_path / "backup.tar", tmp_path / "copy", elsewhere, mirror=str(tmp_path / "mirror")
    )
    with serving(settings).app_context():
        with read() as session:
            again = session.get_one(User, person.id)
            assert (again.email, again.name) == (f"erased-{person.id.hex}", "")
            about = {entry for entry, _field in steps.openings_about(session, {person.id})}
            kept = [
                one for entry in about for one in steps.openings(session, entry) if one.subject == person.id
            ]
            assert {one.value for one in kept} <= {None, "", again.email}
        assert fsck().faults == []


@on_sqlite
def test_more_than_a_leaf_can_name_goes_into_further_ones(
    lost: Lost, tmp_path: Path, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "MOST_FROZEN", 1)
    restored, settings = recovered(lost, tmp_path / "copy", {})
    assert restored.recovered is not None
    with serving(settings).app_context():
        with read() as session:
            claims = _of(session, Kind.EXCHANGE_RECOVERED)
        assert [claim.seq for claim in claims] == list(range(len(restored.recovered.frozen)))
        assert len({claim.object for claim in claims}) == 1
        assert len(claims) > 2
        assert fsck().faults == []


def _of(session: Session, kind: Kind) -> list[steps.Step]:
    return list(session.scalars(select(steps.Step).where(steps.Step.kind == kind.value)))
