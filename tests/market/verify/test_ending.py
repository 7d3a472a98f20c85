"""A trade whose agreement was ended early: a stranger holds notice and deletion against what was signed."""

import pytest
from flask import current_app

from ledger.note import parse_signer
from market import clock, jobs
from market.db import transaction
from market.keys import files as key_files
from market.trades import ending, exits
from market.trades.exits import Statement
from market.trades.grounds import Cause, Ground
from tests import deals, evidence
from tests.conftest import LEDGER_KEY, sqlite_urls
from tests.market.verify.conftest import Change, Sold, failed
from tests.market.verify.test_forged_rows import OTHER, rows

pytestmark = [pytest.mark.sqlite, pytest.mark.usefixtures("unset")]


def _pass(**days: int) -> None:
    current_app.extensions["clock"].advance(**days)
    jobs.drain()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Sold:
    """Return the evidence of a trade that was suspended, ended with notice, and whose data were deleted late."""
    home = tmp_path_factory.mktemp("ended")
    with evidence.exchange(sqlite_urls(home), home) as app:
        deal = deals.requested()
        evidence.in_force(deal)
        evidence.pay(deal)
        evidence.fetch(app, deal)
        evidence.accept(deal)
        with transaction() as session:
            ending.suspend(session, deal.provider, deal.number, Cause.MISUSE, "the data were passed on")
        with transaction() as session:
            ending.restore(session, deal.provider, deal.number)
        with transaction() as session:
            ending.end(session, deal.buyer, deal.number, Ground.NOTICE, "needed no longer")
        with transaction() as session:
            ending.retract(session, deal.buyer, deal.number)
        with transaction() as session:
            ending.end(session, deal.provider, deal.number, Ground.BREACH, "the data were passed on")
        _pass(days=15, minutes=1)
        _pass(days=31)
        with transaction() as session:
            said = Statement(clock.now().date(), "both copies", "overwritten")
            exits.perform(session, deal.buyer, deal.number, said)
        files = evidence.bundle(deal.buyer, deal.number)
    manifest_key = key_files.load_or_make_manifest(home / "keys", "manifest")
    return Sold(files, parse_signer(LEDGER_KEY), manifest_key.sign)


def test_an_ended_trade_is_consistent(ended: Sold) -> None:
    report = ended.verify(ended.files)
    assert report.consistent, report.text()
    assert ("ok", "end", "notice RETRACTED, notice EFFECTIVE, deletion PERFORMED") in report.lines


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (rows("notice", ground="need"), "end"),
        (rows("notice", ground="notice", side="provider"), "end"),
        (rows("notice", effective_at="2026-01-01T00:00:00.000Z"), "end"),
        (rows("notice", given_at="2026-01-01T00:00:00.000Z"), "end"),
        (rows("notice", "notice.retracted", state="GIVEN"), "states"),
        (rows("notice", "agreement.terminated", state="GIVEN"), "states"),
        (rows("notice", trade_id=OTHER), "parties"),
        (rows("agreement", "agreement.terminated", state="ACTIVE"), "states"),
        (rows("agreement", "agreement.suspended", state="ACTIVE"), "states"),
        (rows("duty", due_at="2026-01-01T00:00:00.000Z"), "end"),
        (rows("duty", certified=False), "end"),
        (rows("duty", "duty.performed", method=None), "end"),
        (rows("duty", "duty.missed", state="OWED"), "states"),
        (rows("duty", "duty.performed", state="MISSED"), "states"),
        (rows("duty", trade_id=OTHER), "parties"),
    ],
)
def test_a_forged_end_is_named(ended: Sold, change: Change, check: str) -> None:
    report = ended.verify(ended.forged(change))
    assert check in failed(report), report.text()
