"""Restoring with a mirror: what the backup lacks comes back as a log, what it concerns is frozen, no mirror lies."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger import cosign, note, reader
from ledger.checkpoint import CHECKPOINT, Checkpoint, parse_checkpoint
from ledger.entry import parse
from ledger.merkle import Tree
from ledger.models import LedgerCheckpoint, LedgerCosignature
from ledger.note import parse_note, parse_signer
from ledger.tiles import MAX_BUNDLE, Tile, decode_bundle, encode_bundle
from market import config, db, jobs, steps
from market.config import Settings
from market.contracting import requesting
from market.db import read, transaction
from market.delivery import sending
from market.doctor import restoring
from market.errors import Forbidden, Frozen
from market.governance import erasing, guard, recovering
from market.governance.afterwards import digest_of
from market.governance.archive import BackupError
from market.governance.erasing import Ground
from market.governance.guard import Guard
from market.governance.heads import Head
from market.governance.restore import Restored, told
from market.jobs import Job
from market.keys import ring
from market.oversight import checking, publishing, sequencing
from market.oversight import service as oversight
from market.participants import service as participants
from market.participants.models import User
from market.participants.states import Decision
from market.registry.states import RegistrationEvent
from market.steps import Kind
from market.trades import decisions, showing, suspension
from tests import people, trades
from tests.deals import Deal
from tests.ledger.histories import History, leaves
from tests.market.governance.conftest import Serving
from tests.market.governance.test_backup import made, on_sqlite, put_back, rows
from tests.market.witnessing.conftest import NOTHING
from tests.market.witnessing.conftest import serving as peers
from tests.waiting import SECONDS

NAME = hashlib.sha256(b"exchange.example/log").hexdigest()


@dataclass
class Lost:
    """An exchange that went on after its backup, and a mirror that saw it.

    Attributes:
        file: the backup.
        known: entries in it.
        mirror: folder of the mirror; the copy lies in it under its name.
        head: what the mirror holds.
        hashes: of all its entries.
        deal: a trade of the backup that went on; it is lost how.
        other: one that did not.
        unknown: number of a trade that began after the backup.
    """

    file: Path
    known: int
    mirror: Path
    head: Checkpoint
    hashes: list[bytes]
    deal: Deal
    other: Deal
    unknown: str

    @property
    def copy(self) -> Path:
        """The copy of the log."""
        return self.mirror / NAME


def size() -> int:
    with read() as session:
        return reader.size(session)


def mirrored(mirror: Path) -> Checkpoint:
    """Publish what there is and let a mirror have it all."""
    publishing.publish()
    shutil.rmtree(mirror / NAME, ignore_errors=True)
    shutil.copytree(publishing.folder(), mirror / NAME)
    return parse_checkpoint(parse_note((mirror / NAME / CHECKPOINT).read_text())[0])


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned, and the documents are not the matter."""
    trades.platform(exchange)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange


@pytest.fixture
def lost(exchange: Flask, tmp_path: Path) -> Lost:
    deal = trades.in_force()
    other = trades.in_force(beside=deal)
    publishing.publish()
    known = size()
    made(tmp_path / "backup.tar", keys=True)
    trades.paid(deal)
    people.applied()
    unknown = trades.in_force(beside=deal).number
    head = mirrored(tmp_path / "mirror")
    assert head.size > known
    with read() as session:
        hashes = reader.leaf_hashes(session, head.size)
    return Lost(tmp_path / "backup.tar", known, tmp_path / "mirror", head, hashes, deal, other, unknown)


def recovered(
    lost: Lost, home: Path, elsewhere: dict[str, str], place: str | None = None
) -> tuple[Restored, Settings]:
    return put_back(lost.file, home, elsewhere, mirror=place or str(lost.mirror))


def fsck() -> checking.Checkup:
    if db.engine().dialect.name == "postgresql":
        sequencing.integrate(everything=True)
    with read() as session:
        return checking.examine(session, publishing.folder(), ring.verifiers(session, config.current()))


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


def test_an_exchange_serves_as_a_mirror_over_http(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    files = {
        str(path.relative_to(lost.copy)): path.read_bytes() for path in lost.copy.rglob("*") if path.is_file()
    }

    def answers(method: str, path: str, _body: bytes) -> tuple[int, str, bytes]:
        name = path.removeprefix(f"/witness/{NAME}/")
        return (200, "text/plain", files[name]) if method == "GET" and name in files else NOTHING

    with peers() as peer:
        peer.answers = answers
        restored, _settings = recovered(lost, tmp_path / "copy", elsewhere, f"{peer.url}/witness/")
        assert restored.recovered is not None
        assert restored.recovered.size == lost.head.size


@on_sqlite
def test_a_mirror_that_is_on_hold_or_knows_nothing_is_none(lost: Lost, tmp_path: Path) -> None:
    with peers() as peer:
        peer.answers = lambda _method, _path, _body: (503, "text/plain", b"on hold\n")
        with pytest.raises(BackupError, match="503"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")
        peer.answers = lambda _method, _path, _body: NOTHING
        with pytest.raises(BackupError, match="no copy of this log"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")
        peer.answers = None
        with pytest.raises(BackupError, match="nothing can be brought back"):
            recovered(lost, tmp_path / "copy", {}, f"{peer.url}/witness")


@on_sqlite
def test_the_copy_itself_or_any_published_log_is_a_mirror_too(lost: Lost, tmp_path: Path) -> None:
    for number, place in enumerate((lost.copy, publishing.folder())):
        restored, _settings = recovered(lost, tmp_path / str(number), {}, str(place))
        assert restored.recovered is not None
        assert restored.recovered.gone == lost.head.size - lost.known


@on_sqlite
def test_a_mirror_that_holds_no_more_changes_nothing(lost: Lost, tmp_path: Path) -> None:
    made(tmp_path / "newest.tar")
    restored, _settings = put_back(tmp_path / "newest.tar", tmp_path / "copy", {}, mirror=str(lost.mirror))
    assert restored.recovered is not None
    assert restored.recovered.gone == 0
    assert restored.proof.entries == lost.head.size
    assert any("holds no more than the backup" in line for line in told(restored, tmp_path / "copy"))


def _bundle(lost: Lost) -> Path:
    return max(
        (lost.copy / "tile" / "entries").rglob("*"), key=lambda path: (path.is_file(), path.stat().st_size)
    )


def _other_leaves(lost: Lost) -> None:
    leaves = list(decode_bundle(_bundle(lost).read_bytes()))
    leaves[-1], leaves[-2] = leaves[-2], leaves[-1]
    _bundle(lost).write_bytes(encode_bundle(leaves))


def _flipped(lost: Lost) -> None:
    data = bytearray(_bundle(lost).read_bytes())
    data[-5] ^= 1
    _bundle(lost).write_bytes(data)


def _signed_anew(lost: Lost, signer: note.Signer, size: int, root: bytes) -> None:
    (lost.copy / CHECKPOINT).write_text(signer.sign(Checkpoint(signer.name, size, root).text()))


def _tile(lost: Lost) -> Path:
    return lost.copy / Tile(0, 0, lost.head.size).path


def _own() -> note.Signer:
    return parse_signer(config.current().ledger_signing_key)


HOSTILE: dict[str, tuple[Callable[[Lost], object], str]] = {
    "leaves in another order": (_other_leaves, "other entries than were hashed"),
    "one bit": (_flipped, "entr"),
    "half a tile": (lambda lost: _tile(lost).write_bytes(_tile(lost).read_bytes()[:-7]), "length"),
    "no tile": (lambda lost: _tile(lost).unlink(), "has no tile"),
    "half a bundle": (lambda lost: _bundle(lost).write_bytes(_bundle(lost).read_bytes()[:-7]), "entr"),
    "an endless bundle": (
        lambda lost: _bundle(lost).write_bytes(_bundle(lost).read_bytes() + bytes(MAX_BUNDLE)), "longer"
    ),
    "an endless checkpoint": (
        lambda lost: (lost.copy / CHECKPOINT).write_bytes((lost.copy / CHECKPOINT).read_bytes() * 500), "longer"
    ),
    "no text": (lambda lost: (lost.copy / CHECKPOINT).write_bytes(b"\xff\xfe"), "decode"),
    "a foreign key": (
        lambda lost: _signed_anew(lost, note.generate(_own().name), lost.head.size, lost.head.root), "signed by"
    ),
    "an older head": (
        lambda lost: _signed_anew(lost, _own(), lost.known - 1, bytes(32)), "nothing to bring back"
    ),
    "another root": (lambda lost: _signed_anew(lost, _own(), lost.head.size, bytes(32)), "do not lead"),
    "more than there is": (lambda lost: _signed_anew(lost, _own(), 10**9, lost.head.root), "has no tile"),
    "no copy at all": (lambda lost: shutil.rmtree(lost.copy), "no copy of this log"),
}  # fmt: skip


@on_sqlite
def test_a_mirror_that_lies_puts_nothing_in_place(lost: Lost, tmp_path: Path) -> None:
    for number, (how, (spoil, why)) in enumerate(HOSTILE.items()):
        hostile = replace(lost, mirror=tmp_path / f"mirror-{number}")
        shutil.copytree(lost.mirror, hostile.mirror)
        spoil(hostile)
        with pytest.raises(BackupError) as refused:
            recovered(hostile, tmp_path / "copy", {})
        assert why in str(refused.value), how
        assert sorted(path.name for path in tmp_path.glob("*copy*")) == [], how


def test_another_history_by_the_same_key_is_refused_and_the_database_left_empty(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    forged = History(_own(), leaves(lost.head.size))
    for path, data in {**forged.files(), CHECKPOINT: forged.note().encode()}.items():
        target = lost.copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    with pytest.raises(BackupError, match="another history"):
        recovered(lost, tmp_path / "copy", elsewhere)
    assert not (tmp_path / "copy").exists()
    put_back(lost.file, tmp_path / "copy", elsewhere)


def test_what_fails_in_the_middle_leaves_nothing(
    lost: Lost, tmp_path: Path, elsewhere: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_any: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(suspension, "freeze", stopped)
        with pytest.raises(KeyboardInterrupt):
            recovered(lost, tmp_path / "copy", elsewhere)
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == []
    restored, _settings = recovered(lost, tmp_path / "copy", elsewhere)
    assert not restored.proof.missing


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


@on_sqlite
def test_a_key_that_signs_no_more_is_no_key_of_the_log(lost: Lost, tmp_path: Path) -> None:
    text = (lost.copy / CHECKPOINT).read_text()
    (lost.copy / CHECKPOINT).write_text(text.replace("exchange.example/log\n", "other.example/log\n", 1))
    with pytest.raises(BackupError):
        recovered(lost, tmp_path / "copy", {})


@on_sqlite
def test_who_has_seen_more_than_the_mirror_keeps_it_from_writing(
    lost: Lost, tmp_path: Path, serving: Serving
) -> None:
    people.applied()
    newer = publishing.publish()
    assert newer is not None
    restored, settings = put_back(
        lost.file, tmp_path / "copy", {}, publishing.folder() / CHECKPOINT, str(lost.mirror)
    )
    assert restored.proof.missing == range(lost.head.size, newer.size)
    assert any("MISSING" in line for line in told(restored, settings.home))
    shutil.copy(publishing.folder() / CHECKPOINT, settings.home / "ledger" / CHECKPOINT)
    app = serving(settings)
    with app.app_context():
        looking = Guard(app, beat=3600)
        looking.start()
        looking.stop(SECONDS)
        assert "qilu restore" in str(db.read_only())


@on_sqlite
def test_a_head_between_backup_and_mirror_is_known_by_its_entries(
    lost: Lost, tmp_path: Path, serving: Serving
) -> None:
    """A second witness may hold one that the mirror has no more; it must not keep the exchange from writing."""
    _restored, settings = recovered(lost, tmp_path / "copy", {})
    between = lost.known + 1
    with serving(settings).app_context():
        with read() as session:
            assert session.get(LedgerCheckpoint, between) is None
        for root, well in ((Tree(lost.hashes).root(between), True), (bytes(32), False)):
            said = guard.contradiction(
                publishing.folder(), publishing.keys(), [Head("a witness", between, root)]
            )
            assert (said is None) is well


@on_sqlite
def test_what_its_witnesses_said_of_the_head_comes_along(lost: Lost, tmp_path: Path) -> None:
    witness, stranger = cosign.generate("w.example"), cosign.generate("s.example")
    path = lost.copy / CHECKPOINT
    text = parse_note(path.read_text())[0]
    lines = [one.cosign(text, 1_790_000_000) for one in (witness, stranger)]
    path.write_text(path.read_text() + "".join(lines))
    policy = tmp_path / "policy"
    policy.write_text(f"witness w {witness.verifier} http://127.0.0.1:9\n")
    current_app.extensions["settings"] = replace(config.current(), ledger_policy=str(policy))
    _restored, copy = recovered(lost, tmp_path / "copy", {})
    engine = db.engine_for(copy.database_url)
    with engine.connect() as connection:
        keys = connection.scalars(select(LedgerCosignature.key)).all()
        sizes = connection.scalars(select(LedgerCheckpoint.size)).all()
    engine.dispose()
    assert list(keys) == [str(witness.verifier)]
    assert max(sizes) == lost.head.size
    published = (copy.home / "ledger" / CHECKPOINT).read_text()
    assert [line.name for line in parse_note(published)[1]] == ["exchange.example/log", "w.example"]


def _of(session: Session, kind: Kind) -> list[steps.Step]:
    return list(session.scalars(select(steps.Step).where(steps.Step.kind == kind.value)))
