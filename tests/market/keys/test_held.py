import uuid
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from contracts import certificates
from contracts.certificates import Authorities
from market import clock, steps
from market.actor import Role
from market.config import Settings
from market.db import read
from market.errors import Conflict
from market.keys import authority, held, service
from market.keys.models import Key, Purpose
from tests import people
from tests.conftest import Clock


def own() -> uuid.UUID:
    owner = people.verified(Role.PROVIDER).organisation_id
    assert owner is not None
    return owner


def test_a_partys_key_is_published_once_with_a_certificate_and_signs(exchange: Flask) -> None:
    owner = own()
    for _ in range(2):
        service.on_verified(str(owner))
    with read() as session:
        [row] = session.query(Key).filter_by(purpose=Purpose.PARTY)
        assert (row.algorithm, row.holder) == ("X.509", "exchange")
        assert [step.kind for step in steps.chain(session, row.id)] == ["key.published"]
        key = held.key_of(session, owner)
        known = Authorities(authority.roots(session), key.chain, authority.crls(session))
        assert held.has(session, owner)
    found = certificates.path(key.certificate, known, clock.now())
    certificates.refuse_revoked(found, known.lists, clock.now())
    public = found[0].public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(key.sign(b"data"), b"data", ec.ECDSA(hashes.SHA256()))


def test_a_certificate_that_ends_soon_is_followed_by_another(exchange: Flask, clock: Clock) -> None:
    owner = own()
    held.hold(owner)
    with read() as session:
        first = held.key_of(session, owner)
    clock.advance(days=340)
    held.hold(owner)
    with read() as session:
        second = held.key_of(session, owner)
    assert first.certificate != second.certificate
    assert first.private.private_numbers() == second.private.private_numbers()


def test_an_exchange_that_may_hold_no_keys_makes_none(exchange: Flask, settings: Settings) -> None:
    owner = own()
    exchange.extensions["settings"] = replace(settings, exchange_held_keys="")
    service.on_verified(str(owner))
    with read() as session:
        assert session.query(Key).filter_by(purpose=Purpose.PARTY).count() == 0
        assert not held.has(session, owner)
    with pytest.raises(Conflict) as caught:
        held.hold(owner)
    assert caught.value.code == "key.not_held"


def test_without_a_published_key_nothing_is_signed(exchange: Flask) -> None:
    with read() as session, pytest.raises(Conflict) as caught:
        held.key_of(session, uuid.uuid4())
    assert caught.value.code == "key.not_published"


def test_a_replaced_key_file_signs_nothing(exchange: Flask, settings: Settings) -> None:
    owner = own()
    held.hold(owner)
    (settings.home / "keys" / f"party-{owner}.pem").unlink()
    with read() as session, pytest.raises(Conflict) as caught:
        held.key_of(session, owner)
    assert caught.value.code == "key.mismatch"
