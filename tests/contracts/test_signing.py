import base64
import string

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import signing
from contracts.errors import SignatureError
from contracts.vocabulary import Role

KEY = ec.derive_private_key(20_261_122, ec.SECP256R1())
PUBLIC = signing.encode_public_key(KEY.public_key())
TEXT = signing.statement("7KQ2M9XW4CA", Role.BUYER, terms="a" * 64, document="b" * 64, template="c" * 64)
SIGNATURE = signing.sign(KEY, TEXT)


def test_the_statement_never_changes() -> None:
    document, template, terms = "b" * 64, "c" * 64, "a" * 64
    assert (
        f'{{"document_digest":"{document}","number":"7KQ2M9XW4CA","purpose":"qilu-contract-signature-v1",'
        f'"role":"buyer","template_digest":"{template}","terms_digest":"{terms}"}}'
    ) == TEXT


@settings(max_examples=30, deadline=None)
@given(st.text(string.ascii_letters, max_size=50))
def test_a_signature_holds_for_its_statement_only(text: str) -> None:
    signature = signing.sign(KEY, text)
    signing.verify(PUBLIC, text, signature)
    with pytest.raises(SignatureError):
        signing.verify(PUBLIC, text + " ", signature)


@pytest.mark.parametrize("place", range(86))
def test_every_changed_character_is_refused(place: int) -> None:
    for other in ("A", "B", "_", "="):
        changed = SIGNATURE[:place] + other + SIGNATURE[place + 1 :]
        if changed != SIGNATURE:
            with pytest.raises(SignatureError):
                signing.verify(PUBLIC, TEXT, changed)


def test_every_flipped_bit_of_the_text_form_is_refused() -> None:
    raw = SIGNATURE.encode()
    for bit in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SignatureError):
            signing.verify(PUBLIC, TEXT, flipped.decode("latin-1"))


def test_the_other_s_is_refused() -> None:
    raw = base64.urlsafe_b64decode(SIGNATURE + "==")
    twin = raw[:32] + (signing._ORDER - int.from_bytes(raw[32:])).to_bytes(32)
    with pytest.raises(SignatureError, match="larger s"):
        signing.verify(PUBLIC, TEXT, base64.urlsafe_b64encode(twin).decode().rstrip("="))


@pytest.mark.parametrize("end", ["=", "==", "\n", " ", "A", "AAAA"])
def test_nothing_may_follow_a_signature_or_a_key(end: str) -> None:
    with pytest.raises(SignatureError):
        signing.verify(PUBLIC, TEXT, SIGNATURE + end)
    with pytest.raises(SignatureError):
        signing.verify(PUBLIC + end, TEXT, SIGNATURE)


def test_other_keys_are_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    der = edwards.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for key in (signing.encode_public_key(other.public_key()), base64.b64encode(der).decode(), "", "AAAA"):
        with pytest.raises(SignatureError):
            signing.verify(key, TEXT, SIGNATURE)
    with pytest.raises(SignatureError):
        signing.sign(other, TEXT)


def test_another_partys_key_does_not_fit() -> None:
    other = signing.encode_public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(SignatureError):
        signing.verify(other, TEXT, SIGNATURE)
