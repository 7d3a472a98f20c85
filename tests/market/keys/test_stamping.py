"""Heads are stamped by an outside authority about hourly; whatever is no token of this text is not kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from flask import Flask
from sqlalchemy import select

from ledger import reader
from ledger.note import parse_note
from market import timestamping
from market.config import Settings
from market.db import read, transaction
from market.keys import stamping
from market.keys.models import Key, Purpose, TimeStamp
from market.oversight import publishing
from market.timestamping import StampError
from tests.authority import Authority, authority
from tests.conftest import Clock
from tests.market.steps.rows import add_trade


@pytest.fixture(scope="module")
def tsa() -> Iterator[Authority]:
    with authority() as found:
        yield found


@pytest.fixture
def honest(tsa: Authority) -> Authority:
    tsa.answer, tsa.status = None, 200
    tsa.asked.clear()
    return tsa


@pytest.fixture
def stamped(bare: Flask, settings: Settings, honest: Authority) -> Settings:
    """An exchange that names the authority, with one head."""
    found = replace(settings, ledger_tsa=honest.url, ledger_tsa_certificates=str(honest.root))
    bare.extensions["settings"] = found
    _grow()
    return found


def _grow() -> None:
    with transaction() as session:
        add_trade(session)
    publishing.publish()


def _roots(tsa: Authority) -> list[x509.Certificate]:
    return timestamping.roots_of(tsa.root.read_bytes())


def test_a_grown_log_is_stamped_once_an_hour(stamped: Settings, honest: Authority, clock: Clock) -> None:
    assert [row.size for row in stamping.look()] == [1]
    assert stamping.look() == [], "nothing has grown"
    _grow()
    assert stamping.look() == [], "the hour is not over"
    clock.advance(hours=1)
    assert [row.size for row in stamping.look()] == [2]
    clock.advance(hours=1)
    assert stamping.look() == [], "nothing has grown since"
    assert len(honest.asked) == 2


def test_what_is_kept_proves_the_text_of_the_head(stamped: Settings, honest: Authority) -> None:
    [row] = stamping.look()
    with read() as session:
        head = reader.latest_checkpoint(session)
        assert head is not None
        text = parse_note(head.note)[0].encode()
        kept = session.scalars(select(TimeStamp)).one()
    stamp = timestamping.check(kept.token, text, _roots(honest))
    assert (stamp.time, stamp.authority) == (row.stamped_at, "CN=Test stamps")
    with pytest.raises(StampError):
        timestamping.check(kept.token, text + b"x", _roots(honest))


def test_what_is_no_token_of_this_text_is_not_kept(stamped: Settings, honest: Authority) -> None:
    with read() as session:
        [one] = stamping.due(session, stamped)
    other = timestamping.request(b"another text").as_bytes()
    replayed = honest.stamp(timestamping.request(one.text).as_bytes())
    answers = {
        "": "malformed",
        "nonsense": "malformed",
        "another text": honest.stamp(other),
        "another nonce": replayed,
        "refused": b"\x30\x05\x30\x03\x02\x01\x02",
        "too large": b"\x30" + bytes(timestamping.MOST_BYTES + 1),
    }
    for name, answer in answers.items():
        honest.answer = answer if isinstance(answer, bytes) else name.encode()
        with pytest.raises(StampError):
            stamping.ask(one, _roots(honest))
    honest.answer, honest.status = None, 503
    with pytest.raises(StampError, match="503"):
        stamping.ask(one, _roots(honest))
    assert stamping.look() == []


def test_a_certificate_that_is_not_for_stamps_or_of_another_root_is_refused(honest: Authority) -> None:
    request = timestamping.request(b"text")
    good = honest.stamp(request.as_bytes())
    assert timestamping.check(good, b"text", _roots(honest), request.nonce).authority == "CN=Test stamps"
    with pytest.raises(
        AssertionError, match="ts"
    ):  # OpenSSL itself does not sign stamps by such a certificate
        honest.stamp(request.as_bytes(), signer="other")
    with authority() as stranger, pytest.raises(StampError):
        timestamping.check(good, b"text", _roots(stranger), request.nonce)


def test_an_authority_that_is_away_is_asked_again_and_nothing_waits(stamped: Settings, bare: Flask) -> None:
    with read() as session:
        [one] = stamping.due(session, stamped)
    with pytest.raises(StampError, match="does not answer"):
        stamping.ask(replace(one, authority="http://localhost:9/"), [])
    assert [row.size for row in stamping.look()] == [1]


def test_an_authority_is_never_asked_inside_a_transaction(stamped: Settings) -> None:
    with read() as session:
        [one] = stamping.due(session, stamped)
        with pytest.raises(RuntimeError):
            stamping.ask(one, [])


def test_the_thread_publishes_the_certificates_and_stamps(
    stamped: Settings, bare: Flask, clock: Clock
) -> None:
    work = stamping.Stamping(bare, beat=3600)
    work.start()
    work.stop(seconds=60)
    with read() as session:
        [row] = session.scalars(select(Key).where(Key.purpose == Purpose.TSA))
        assert (row.algorithm, row.holder) == ("X.509", "authority")
        assert [stamp.size for stamp in stamping.newest(session, 5)] == [1]
        assert stamping.upto(session, 0) == []
        assert stamping.newest(session, 1)[0].asked_at - clock() < timedelta(minutes=1)
