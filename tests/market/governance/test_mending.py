"""A whole exchange brought back from its journal: every row as it was, fsck clean, and it goes on working."""

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from ledger.entry import parse
from ledger.errors import ProofError
from market import db, jobs, mail
from market.actor import Actor, Role, Scope
from market.catalog import reading as catalog
from market.contracting import requesting
from market.db import read, transaction
from market.delivery.models import AccessGrant, GrantUsage
from market.governance import replaying
from market.governance.mending import mend
from market.governance.replaying import Kept
from market.jobs import Job
from market.migrations import binding
from market.participants import access, members, resetting
from market.participants.models import Credential
from market.participants.passwords import LOST, matches
from market.steps import Step, StepImage, journal, recovering, truncate_journal
from market.steps.journal import Record
from market.trades import decisions
from tests import (
    assets,
    deals,
    people,
    trades,
)
from tests.conftest import Clock, postgres_server, sqlite_urls
from tests.market.governance.comparing import (
    bring_back,
    contents,
    differences,
    faults,
    put_back,
    records,
    recovered,
    working_on,
)
from tests.market.governance.halves import departed, email_of, erase, first_half, second_half
from tests.market.witnessing.conftest import serving
from tests.market.witnessing.pair import Pair, mirrored
from tests.postgres import Urls

Copy = Callable[[], AbstractContextManager[Urls]]


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned, documents are not set in type."""
    trades.platform(exchange)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange


@pytest.fixture
def pair(exchange: Flask, clock: Clock, tmp_path: Path) -> Iterator[Pair]:
    with serving() as peer, mirrored(exchange, peer, clock, tmp_path) as made:
        yield made


@pytest.fixture
def copy(lane: str, urls: Urls, tmp_path: Path) -> Copy:
    """Makes a copy of the database as it stands, such as a backup has."""

    @contextmanager
    def made() -> Iterator[Urls]:
        db.engine().dispose()
        if lane == "postgresql":
            with postgres_server().database(like=urls) as found:
                yield found
        else:
            file = tmp_path / f"copy-{uuid.uuid4().hex}.db"
            shutil.copy(str(make_url(urls.app).database), file)
            yield Urls(app=f"sqlite:///{file}", owner=f"sqlite:///{file}")

    return made


@pytest.fixture
def empty(lane: str, tmp_path: Path) -> Iterator[Urls]:
    """A migrated database without a row."""
    if lane == "postgresql":
        with postgres_server().database() as found:
            yield found
    else:
        folder = tmp_path / "empty"
        folder.mkdir()
        yield sqlite_urls(folder)


def test_a_backup_and_the_journal_are_the_exchange(exchange: Flask, copy: Copy) -> None:
    deal = first_half()
    known = len(records())
    with copy() as backup:
        second_half(deal)
        person = departed()
        early = records(known)
        erase(person)
        jobs.drain()
        late = records(known)
        live, rest = contents(), late[len(early) :]
        assert _written() == set(binding.STATEFUL)
        assert sum(len(one.openings) for one in early) > sum(
            len(one.openings) for one in late[: len(early)]
        ), "the journal that was made before the erasure still has what it destroyed"
        with working_on(backup):
            bring_back([*early, *rest])
            assert differences(live, contents()) == []
            assert faults() == []
    assert faults() == []


def test_from_a_mirror_over_http_in_whole(exchange: Flask, pair: Pair, copy: Copy) -> None:
    deal = first_half()
    with copy() as backup:
        person = departed()
        email = email_of(person)
        pair.cosigned()
        pair.send()
        erase(person)
        second_half(deal)
        size = pair.cosigned()
        pair.send()
        assert len(pair.kept()) > 1
        live, log = contents(), [one.leaf for one in records()]
        assert len(log) == size
        with working_on(backup):
            assert put_back(pair.fetch, log) == ("", [])
            assert differences(live, contents()) == []
            assert faults() == []
            if db.engine().dialect.name == "sqlite":
                assert truncate_journal()
                assert email.encode() not in Path(str(db.engine().url.database)).read_bytes()


def test_a_journal_that_ends_early_is_brought_back_so_far(exchange: Flask, pair: Pair, copy: Copy) -> None:
    people.operator()
    known = len(records())
    with copy() as backup:
        people.verified()
        held = pair.cosigned()
        pair.send()
        people.verified()
        log = [one.leaf for one in records()]
        with working_on(backup):
            why, gone = put_back(pair.fetch, log)
            assert why.startswith(f"the journal ends before entry {held}: ")
            assert gone == list(range(held, len(log)))
            assert len(recovered()) == len(gone)
    with copy() as backup:
        pair.peer.answers = None
        assert "does not answer" in replaying.kept(pair.fetch, known, len(log) - known).why


def test_records_of_another_history_are_refused(exchange: Flask, copy: Copy) -> None:
    people.operator()
    known = len(records())
    with copy() as backup:
        people.verified()
        found, log = records(known), [one.leaf for one in records()]
        with working_on(backup):
            other = [*log[:known], *reversed(log[known:])]
            with pytest.raises(ProofError, match="another entry at index"):
                put_back(lambda _first, _count: iter(found), other)
            assert len(records()) == known
            assert faults() == []


def test_what_follows_a_gap_is_not_brought_back(exchange: Flask, copy: Copy) -> None:
    people.operator()
    known = len(records())
    with copy() as backup:
        people.verified()
        found, log = records(known), [one.leaf for one in records()]
        with working_on(backup):
            why, gone = put_back(lambda _first, _count: iter([found[0], *found[2:]]), log)
            assert why == f"the journal has no record of entry {known + 1}"
            assert gone == list(range(known + 1, len(log)))


def test_a_replay_that_is_cut_off_leaves_nothing(exchange: Flask, empty: Urls) -> None:
    people.verified()
    jobs.drain()
    found, live = records(), contents()
    log = [one.leaf for one in found]

    with working_on(empty):
        for cut in range(len(found)):
            kept = replaying.kept(lambda _first, _count: iter(found), 0, len(found))

            def bring(session: Session, index: int, leaf: bytes, kept: Kept = kept, cut: int = cut) -> bool:
                if index == cut:
                    raise KeyboardInterrupt
                return kept.bring(session, index, leaf)

            with pytest.raises(KeyboardInterrupt), transaction() as session:
                recovering.put_back(session, 0, log, bring)
            assert records() == []
        assert put_back(lambda _first, _count: iter(found), log) == ("", [])
        assert differences(live, contents()) == []
        assert faults() == []


def test_what_was_erased_before_it_was_read_is_blank(exchange: Flask, empty: Urls) -> None:
    person = departed()
    erase(person)
    second_half(first_half())
    found, live = records(), contents()
    with working_on(empty):
        bring_back(found)
        assert differences(live, contents()) == []
        assert faults() == []


def test_no_record_lacks_a_value_whose_erasure_the_other_side_has_not(exchange: Flask) -> None:
    person = departed()
    jobs.drain()
    before = len(records())
    erase(person)
    after = len(records())
    with read() as session:
        assert len(journal.pages(session, 0, 1000, after)) == after
        cut = journal.pages(session, 0, 1000, before)
        lacking = [one.index for one in cut if not _whole(one)]
        assert len(cut) < before
        assert lacking == []


def test_a_restored_exchange_works_on(exchange: Flask, copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = first_half()
    known = len(records())
    with copy() as backup:
        trades.pay(deal)  # the money is here, and what follows from it was not done
        newcomer = people.colleague(deal.buyer, Role.BUYER)
        found = records(known)
        with working_on(backup):
            bring_back(found)
            with transaction() as session:
                mend(session)
            jobs.drain()
            assert trades.states(deal)["settlement"] == "FUNDED"
            trades.fetched(deal)
            with transaction() as session:
                decisions.accept(session, deal.buyer, deal.number)
            jobs.drain()
            assert trades.states(deal)["settlement"] == "RELEASED"
            _sets_a_new_password(newcomer, monkeypatch)
            trades.in_force(beside=deal)
            assert faults() == []


def test_what_no_step_writes_is_put_in_order(exchange: Flask, copy: Copy) -> None:
    deal = first_half()
    gone = departed()
    leaver = people.colleague(deal.buyer, Role.BUYER)
    assert leaver.user_id
    assert gone.user_id
    email = email_of(leaver)
    with transaction() as session:
        secret = access.begin_session(session, leaver.user_id, email, "tests")
        _row, token = access.issue_token(session, leaver.user_id, "tests", Scope)
        access.issue_token(session, gone.user_id, "tests", Scope)
    jobs.drain()
    known = len(records())
    with copy() as backup:
        trades.fetched(trades.paid(deal))
        listing = assets.listed(deal.provider, assets.registered(deal.provider, deals.content()))
        with transaction() as session:
            members.remove(session, deal.buyer, leaver.user_id)
        erase(gone)
        found = records(known)
        with working_on(backup):
            bring_back(found)
            with transaction() as session:
                mend(session)
            size = trades.grant(deal).size
            with read() as session:
                assert access.by_session(session, secret) is None
                assert access.count_sessions(session) == 0
                revoked = access.api_tokens(session, leaver.user_id).items
                assert all(row.revoked_at for row in revoked)
                assert access.api_tokens(session, gone.user_id).items == []
                assert session.get(Credential, gone.user_id) is None
                usage = session.scalars(
                    select(GrantUsage).join(AccessGrant).where(AccessGrant.number == deal.number)
                ).one()
                assert usage.bytes_sent == size
                assert usage.covered_at == usage.last_at
                words = catalog.Filters(query=assets.proposal().title)
                assert listing in [one.number for one in catalog.page_of(session, words, None).items]
            assert token
            assert faults() == []


def test_jobs_are_named_by_the_step_that_queued_them(exchange: Flask) -> None:
    trades.pay(first_half())
    with read() as session:
        causes = dict(
            session.execute(select(Job.name, Step.kind).outerjoin(Step, Step.id == Job.cause_id)).all()
        )
    assert causes["payment.settled"] == "payment.settled"
    assert causes["contract.verified"] == "contract.signed"
    assert causes["organisation.verified"] == "organisation.verified"
    assert causes["settlement.deadline"] == "contract.finalized"


def _written() -> set[str]:
    """Return the tables of which the log has an image."""
    with read() as session:
        return set(session.scalars(select(StepImage.table).distinct()))


def _whole(record: Record) -> bool:
    return len(parse(record.leaf).commitments) == len(record.openings)


def _sets_a_new_password(person: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for a letter and follow its link: the password was lost."""
    letters: list[dict[str, Any]] = []
    monkeypatch.setattr(mail, "send", lambda *_to, **words: letters.append(words))
    email = email_of(person)
    with transaction() as session:
        assert session.get_one(Credential, person.user_id).password == LOST
        resetting.ask(session, email, "zh", "somewhere")
    jobs.drain()
    link = next(words["link"] for words in letters if "link" in words)
    with transaction() as session:
        resetting.reset(session, link.rpartition("/")[2], people.hashed())
    with read() as session:
        assert matches(session.get_one(Credential, person.user_id).password, people.PASSWORD)
