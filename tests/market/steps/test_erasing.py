"""Erasing a subject: the values are gone, the entries prove as before, and nothing else can be removed."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ledger.entry import parse
from ledger.models import LedgerEntry
from market import db, migrations, steps
from market.db import read, transaction
from market.migrations import binding
from market.participants.models import User
from market.steps import Kind, Vault, fsck
from tests.market.steps.rows import ACTOR, EMAIL, add_person, add_trade
from tests.postgres import Urls


def _erase(session: Session, user_id: uuid.UUID) -> tuple[steps.Step, int]:
    step = steps.begin(ACTOR, Kind.OPENING_ERASED, steps.new_handle())
    return steps.erase(session, step, {user_id})


def test_the_values_are_gone_and_the_leaf_lists_them(bare: Flask) -> None:
    with transaction() as session:
        user, other = add_person(session), add_person(session, "li.si@example.org")
    with transaction() as session:
        step, count = _erase(session, user.id)
    with read() as session:
        assert count == 2
        leaf = parse(session.scalars(select(LedgerEntry.leaf).where(LedgerEntry.id == step.id)).one())
        assert set(leaf.erased) == {(user.step_id, "user.email"), (user.step_id, "user.name")}
        kept = {opening.field for opening in steps.openings(session, user.step_id)}
        assert kept == {"step", "user"}
        row = session.get_one(User, user.id)
        assert (row.email, row.name) == (f"erased-{user.id.hex}", "")
        assert session.get_one(User, other.id).email == "li.si@example.org"
        assert list(fsck.check(session, migrations.metadata())) == []


@pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)])
def test_nothing_of_it_is_left_in_the_files_of_sqlite(bare: Flask, lane: str, tmp_path: Path) -> None:
    with transaction() as session:
        user = add_person(session)
        salts = [opening.salt for opening in steps.openings(session, user.step_id) if opening.subject]
    assert _anywhere(tmp_path, EMAIL.encode())
    with transaction() as session:
        _erase(session, user.id)
    steps.truncate_journal()
    assert not _anywhere(tmp_path, EMAIL.encode(), "张三".encode(), *salts)


def test_an_opening_goes_only_when_a_leaf_lists_it(bare: Flask) -> None:
    with transaction() as session:
        user = add_person(session)
    with pytest.raises(DBAPIError, match=r"opening\.erased"), transaction() as session:
        session.execute(delete(Vault).where(Vault.subject == user.id))


def test_what_a_leaf_lists_takes_nothing_else_with_it(bare: Flask) -> None:
    with transaction() as session:
        user, other = add_person(session), add_person(session, "li.si@example.org")
        _erase(session, user.id)
    for about in (Vault.entry_id == user.step_id, Vault.subject == other.id):
        with pytest.raises(DBAPIError, match=r"opening\.erased"), transaction() as session:
            session.execute(delete(Vault).where(about))


def test_what_concerns_nobody_cannot_be_erased(bare: Flask) -> None:
    with transaction() as session:
        trade, _settlement, made = add_trade(session)
    with pytest.raises(DBAPIError, match="personal"), transaction() as session:
        step = steps.begin(ACTOR, Kind.OPENING_ERASED, steps.new_handle())
        steps.record(session, step, erased=[(made.id, "trade")])
        session.execute(delete(Vault).where(Vault.entry_id == made.id, Vault.field == "trade"))
    assert trade.id


def test_an_erased_opening_cannot_be_put_back(bare: Flask) -> None:
    with transaction() as session:
        user = add_person(session)
        row = session.get_one(Vault, (user.step_id, "user.email"))
        again = {"entry_id": row.entry_id, "field": row.field, "subject": user.id, "salt": row.salt}
        _erase(session, user.id)
    with pytest.raises(DBAPIError, match="sealed"), transaction() as session:
        session.add(Vault(**again, value='"x"'))


def test_many_openings_take_several_entries_of_one_handle(bare: Flask) -> None:
    with transaction() as session:
        user = add_person(session)
        for number in range(250):
            step = steps.begin(ACTOR, Kind.MEMBER_CHANGED, steps.new_handle())
            user.name, user.step_id = f"张{number}", step.id
            steps.record(session, step)
    with transaction() as session:
        written, count = _erase(session, user.id)
    with read() as session:
        found = steps.steps_of(session, written.object)
        assert count == 502
        assert [row.kind for row in found] == ["opening.erased"] * 2
        assert [
            opening
            for row in found
            for opening in steps.openings(session, row.id)
            if "email" in opening.field
        ]
        assert list(fsck.check(session, migrations.metadata())) == []


def test_after_a_restored_backup_it_is_erased_again(bare: Flask, urls: Urls) -> None:
    with transaction() as session:
        user = add_person(session)
        rows = session.execute(select(Vault.__table__).where(Vault.subject == user.id)).mappings().all()
        kept = [dict(row) for row in rows]
    with transaction() as session:
        step, _count = _erase(session, user.id)
    _behind_the_back(urls, lambda connection: connection.execute(insert(Vault), kept))
    with read() as session:
        found = list(fsck.check(session, migrations.metadata()))
        assert len(found) == 2
        assert all(f"erased by entry {step.id} and is there again" in finding.what for finding in found)
    with transaction() as session:
        assert steps.erase_again(session) == 2
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def test_a_value_that_is_not_personal_counts_as_lost_even_when_listed(bare: Flask, urls: Urls) -> None:
    with transaction() as session:
        _trade, _settlement, made = add_trade(session)
    with transaction() as session:
        step = steps.begin(ACTOR, Kind.OPENING_ERASED, steps.new_handle())
        steps.record(session, step, erased=[(made.id, "settlement")])
    gone = delete(Vault).where(Vault.entry_id == made.id, Vault.field == "settlement")
    _behind_the_back(urls, lambda connection: connection.execute(gone))
    with read() as session:
        found = [finding.what for finding in fsck.check(session, migrations.metadata())]
        assert f"settlement was erased by entry {step.id}, but it is no personal value" in found


def test_a_spoilt_leaf_of_the_erasure_is_named_and_ends_nothing(bare: Flask, urls: Urls) -> None:
    with transaction() as session:
        user = add_person(session)
    with transaction() as session:
        step, _count = _erase(session, user.id)
    spoilt = update(LedgerEntry).where(LedgerEntry.id == step.id).values(leaf=b"x")
    _behind_the_back(urls, lambda connection: connection.execute(spoilt))
    with read() as session:
        found = [str(finding) for finding in fsck.check(session, migrations.metadata())]
        assert any(line.startswith(f"entry {step.id}: column leaf: ") for line in found)
        assert any("cannot be opened and was not erased" in line for line in found)


def test_a_value_put_back_into_the_row_is_named(bare: Flask, urls: Urls) -> None:
    with transaction() as session:
        user = add_person(session)
        _erase(session, user.id)
    _behind_the_back(urls, lambda connection: connection.execute(text("UPDATE \"user\" SET name = '张三'")))
    with read() as session:
        assert [finding.where for finding in fsck.check(session, migrations.metadata())] == [
            f"user {user.id}"
        ]


def _anywhere(folder: Path, *needles: bytes) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]


def _behind_the_back(urls: Urls, act: Callable[[Connection], object]) -> None:
    """Do as the owner what no connection of the product can, and put the triggers back."""
    engine = db.engine_for(urls.owner)
    with engine.connect() as connection, connection.begin():
        binding.drop(connection)
        act(connection)
        binding.create(connection)
    engine.dispose()
