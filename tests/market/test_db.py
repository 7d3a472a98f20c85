"""The two doors of the database, where they meet failures."""

import threading
import uuid

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from market import clock
from market.db import read, stop_writing, transaction
from market.errors import Unavailable
from market.steps.models import Step


def test_a_commit_that_fails_leaves_nothing_open(bare: Flask) -> None:
    alone = {
        "id": uuid.uuid4(), "kind": "asset.drafted", "object": "alone", "seq": 0, "rules": 1, "time": clock.now(),
        "actor": "tests", "via": "job", "given_digest": "0" * 64,
    }  # fmt: skip
    for _again in range(2):
        with pytest.raises(IntegrityError), transaction() as session:
            session.execute(
                insert(Step).values(**alone)
            )  # its entry is missing, which is looked at on commit
    with read() as session:
        assert session.scalars(select(Step)).all() == []


@pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
def test_a_writer_that_waited_while_the_door_was_shut_writes_nothing(bare: Flask) -> None:
    refused: list[Unavailable] = []
    waits = threading.Event()

    def write() -> None:
        with bare.app_context():
            waits.set()
            try:
                with transaction():
                    pass
            except Unavailable as error:
                refused.append(error)

    turn = bare.extensions["turn"]
    with turn:
        writer = threading.Thread(target=write)
        writer.start()
        assert waits.wait(60)
        writer.join(0.2)  # it stands in the queue now
        stop_writing("a reason")
    writer.join(60)
    assert [error.code for error in refused] == ["ledger.read_only"]
