"""The two doors of the database, where they meet failures."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from market import clock
from market.db import read, transaction
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
