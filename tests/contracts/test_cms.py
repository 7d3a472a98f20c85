import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts import cms, stamps
from contracts.errors import SignatureError, StampError
from tests.contracts.authority import NOW, Authority, Party

DIGEST = hashlib.sha256(b"a document").digest()
AUTHORITY = Authority()
PARTY = AUTHORITY.party("Party")
VALUE = cms.settle(
    PARTY.der, cms.attributes(DIGEST, PARTY.der), PARTY.sign(cms.attributes(DIGEST, PARTY.der))
)
STAMP = AUTHORITY.stamper()(hashlib.sha256(VALUE).digest())


def built(**change: Any) -> bytes:
    parts = {
        "digest": DIGEST,
        "certificate": PARTY.der,
        "chain": AUTHORITY.chain,
        "value": VALUE,
        "stamp": STAMP,
        **change,
    }
    return cms.build(**parts)


@pytest.mark.parametrize("stamp", [None, STAMP], ids=["plain", "stamped"])
def test_what_is_written_is_read_back(stamp: bytes | None) -> None:
    found = cms.read(built(stamp=stamp), DIGEST)
    assert (found.certificate, found.value, found.stamp) == (PARTY.der, VALUE, stamp)
    assert set(found.others) == set(AUTHORITY.chain)
    assert found.algorithm == "ES256"


def test_the_order_of_certificates_and_the_own_one_twice_change_nothing() -> None:
    assert built(chain=(*reversed(AUTHORITY.chain), PARTY.der)) == built()


def test_another_document_or_signer_is_refused() -> None:
    other = AUTHORITY.party("Other")
    for der, digest in (
        (built(), bytes(32)),
        (built(digest=bytes(32)), DIGEST),
        (built(certificate=other.der), DIGEST),
        (built(value=other.sign(cms.attributes(DIGEST, PARTY.der))), DIGEST),
    ):
        with pytest.raises(SignatureError):
            cms.read(der, digest)


@given(some.integers(0, 8 * len(built()) - 1))
def test_a_flipped_bit_is_refused_or_stands_in_a_certificate_that_is_carried_or_in_the_stamp(
    bit: int,
) -> None:
    """Those two are checked by their own rules; everything else has one form."""
    changed = bytearray(built())
    changed[bit // 8] ^= 1 << bit % 8
    try:
        found = cms.read(bytes(changed), DIGEST)
    except SignatureError:
        return
    assert (set(found.others), found.stamp) != (set(AUTHORITY.chain), STAMP)
    assert (found.certificate, found.value) == (PARTY.der, VALUE)


@given(some.binary(max_size=200))
def test_any_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(SignatureError):
        cms.read(data, DIGEST)
    with pytest.raises(StampError):
        stamps.check(data, DIGEST, [AUTHORITY.root.der])
    with pytest.raises(StampError):
        stamps.carried(data)


def test_the_time_stamp_says_when_and_carries_its_certificates() -> None:
    digest = hashlib.sha256(VALUE).digest()
    assert stamps.check(STAMP, digest, [AUTHORITY.root.der]) == NOW
    assert AUTHORITY.issuing.der in stamps.carried(STAMP)


@pytest.mark.parametrize(
    ("digest", "roots"),
    [
        (bytes(32), [AUTHORITY.root.der]),
        (hashlib.sha256(VALUE).digest(), []),
        (hashlib.sha256(VALUE).digest(), [Authority().root.der]),
    ],
    ids=["another value", "nobody trusted", "another authority"],
)
def test_a_time_stamp_of_another_value_or_authority_is_refused(digest: bytes, roots: list[bytes]) -> None:
    with pytest.raises(StampError):
        stamps.check(STAMP, digest, roots)


def test_a_party_is_no_time_stamp_authority() -> None:
    impostor = AUTHORITY.stamper()
    impostor.party = Party(PARTY.key, PARTY.certificate)
    with pytest.raises(StampError):
        stamps.check(impostor(DIGEST), DIGEST, [AUTHORITY.root.der])
