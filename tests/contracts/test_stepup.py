"""Step-up evidence is checked from its bytes alone, and every part of it counts."""

import hashlib
import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from contracts import stepup
from contracts.errors import StepUpError
from contracts.stepup import Evidence
from tests.authenticator import UP, UV, Authenticator, text

STATEMENT = b'{"number":"ANYKVYDPZWT","purpose":"contract","role":"buyer"}'
CHALLENGE = hashlib.sha256(STATEMENT).digest()


def evidence(authenticator: Authenticator, challenge: bytes = CHALLENGE) -> Evidence:
    client, data, signature = authenticator.sign(challenge)
    return Evidence(authenticator.id, authenticator.cose, data, client, signature)


def check(kept: Evidence, challenge: bytes = CHALLENGE, rp_id: str = "localhost", **more: str) -> None:
    stepup.verify(
        kept.public_key,
        challenge,
        rp_id,
        kept.authenticator_data,
        kept.client_data_json,
        kept.signature,
        **more,
    )


def test_an_assertion_over_the_statement_holds() -> None:
    check(evidence(Authenticator()))
    check(evidence(Authenticator()), origin="http://localhost:8080")


def test_another_statement_site_or_page_is_refused() -> None:
    kept = evidence(Authenticator())
    with pytest.raises(StepUpError, match="another challenge"):
        check(kept, hashlib.sha256(STATEMENT.replace(b"buyer", b"provider")).digest())
    with pytest.raises(StepUpError, match="not made for"):
        check(kept, rp_id="exchange.example")
    with pytest.raises(StepUpError, match="not made at"):
        check(kept, origin="https://localhost:8080")
    with pytest.raises(StepUpError, match="32 bytes"):
        check(kept, CHALLENGE[:31])


@pytest.mark.parametrize(("flags", "said"), [(UV, "nobody was present"), (UP, "did not verify")])
def test_presence_and_verification_are_demanded(flags: int, said: str) -> None:
    with pytest.raises(StepUpError, match=said):
        check(evidence(Authenticator(flags=flags)))


def test_every_flipped_bit_is_found() -> None:
    kept = evidence(Authenticator())
    for name in ("authenticator_data", "client_data_json", "signature", "public_key"):
        good = getattr(kept, name)
        for place in range(8 * len(good)):
            bad = bytearray(good)
            bad[place // 8] ^= 1 << place % 8
            with pytest.raises(StepUpError):
                check(replace(kept, **{name: bytes(bad)}))


def test_what_another_key_signed_or_asked_for_otherwise_is_refused() -> None:
    kept, other = evidence(Authenticator()), Authenticator()
    with pytest.raises(StepUpError, match="does not fit"):
        check(replace(kept, public_key=other.cose))
    made = json.loads(other.make({"challenge": text(CHALLENGE)}))["response"]["clientDataJSON"]
    with pytest.raises(StepUpError, match="not those of an assertion"):
        check(replace(kept, client_data_json=stepup.decoded(made)))
    framed = kept.client_data_json.replace(b'"crossOrigin": false', b'"crossOrigin": true')
    with pytest.raises(StepUpError, match="another site's frame"):
        check(replace(kept, client_data_json=framed))


@pytest.mark.parametrize(
    "cose",
    [
        b"",
        b"\xa0",
        b"\xa1\x01",
        b"\xbf\x01\x02\xff",
        b"\xa1\x01\xa0",
        b"\x80",
        b"\xa1\x01\x02\x00",
        b"\xff" * 99,
    ],
)
def test_what_is_no_key_is_refused(cose: bytes) -> None:
    with pytest.raises(StepUpError):
        check(replace(evidence(Authenticator()), public_key=cose))


def test_the_other_two_kinds_of_key_hold_too() -> None:
    kept = evidence(Authenticator())
    signed = kept.authenticator_data + hashlib.sha256(kept.client_data_json).digest()
    edwards = ed25519.Ed25519PrivateKey.generate()
    cose = bytes.fromhex("a4010103272006215820") + edwards.public_key().public_bytes_raw()
    check(replace(kept, public_key=cose, signature=edwards.sign(signed)))
    old = rsa.generate_private_key(65537, 2048)
    modulus = old.public_key().public_numbers().n.to_bytes(256, "big")
    cose = bytes.fromhex("a401030339010020590100") + modulus + bytes.fromhex("2143010001")
    check(replace(kept, public_key=cose, signature=old.sign(signed, padding.PKCS1v15(), hashes.SHA256())))


def test_base64url_has_one_spelling() -> None:
    assert stepup.decoded(stepup.encoded(b"\xfb\xff")) == b"\xfb\xff"
    for bad in ("-_9", "-_8=", "a", "ä", "+/8"):
        with pytest.raises(StepUpError):
            stepup.decoded(bad)
