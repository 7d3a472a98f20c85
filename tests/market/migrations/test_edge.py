"""What revision 0002 does to rows that are there already, on its way down and up again."""

import sqlalchemy as sa
from flask import Flask

from market import clock, migrations
from market.actor import Scope
from market.config import Settings
from market.db import engine, read, transaction
from market.participants import access
from market.participants.models import ApiToken
from tests import people


def test_tokens_keep_what_they_may_do_and_stay_revoked(exchange: Flask, settings: Settings) -> None:
    person = people.verified()
    assert person.user_id is not None
    with transaction() as session:
        session.execute(sa.delete(ApiToken))
        access.issue_token(session, person.user_id, "all", Scope)
        access.issue_token(session, person.user_id, "looking", [Scope.READ])
        access.issue_token(session, person.user_id, "ended", Scope)[0].revoked_at = clock.now()
    engine().dispose()
    migrations.downgrade(settings, "0001")
    with engine().connect() as connection:
        found = connection.execute(sa.text("SELECT label, scope FROM api_token")).all()
    assert sorted(tuple(row) for row in found) == [("all", "act"), ("looking", "read")]
    engine().dispose()
    migrations.upgrade(settings, "0002")
    with read() as session:
        kept = {row.label: row.scope_set() for row in session.query(ApiToken) if row.revoked_at is None}
    assert kept == {"all": frozenset(Scope), "looking": {Scope.READ}}
    engine().dispose()
    migrations.upgrade(settings)
