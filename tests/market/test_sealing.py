"""What a mirror keeps: only the holder of the key opens it, and only as what it was sealed as."""

import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.canonical import to_base64
from ledger.errors import FormError, ProofError, TooLargeError
from market import sealing

KEY = X25519PrivateKey.generate()
PUBLIC = KEY.public_key()


@given(data=st.binary(max_size=2000), context=st.binary(max_size=100))
def test_what_is_sealed_is_opened(data: bytes, context: bytes) -> None:
    sealed = sealing.seal(PUBLIC, context, data)
    assert sealing.unseal([KEY], context, sealed) == data
    assert sealing.seal(PUBLIC, context, data) != sealed


@given(data=st.binary(min_size=1, max_size=200), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(data: bytes, place: int, bit: int) -> None:
    sealed = bytearray(sealing.seal(PUBLIC, b"this", data))
    sealed[place % len(sealed)] ^= 1 << bit
    with pytest.raises(ProofError):
        sealing.unseal([KEY], b"this", bytes(sealed))


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 47])
def test_what_is_cut_off_does_not_open(cut: int) -> None:
    with pytest.raises(ProofError):
        sealing.unseal([KEY], b"this", sealing.seal(PUBLIC, b"this", b"x")[:cut])


def test_nothing_opens_as_something_else_or_by_another_key() -> None:
    sealed = sealing.seal(PUBLIC, b"this", b"x")
    with pytest.raises(ProofError):
        sealing.unseal([KEY], b"that", sealed)
    with pytest.raises(ProofError):
        sealing.unseal([X25519PrivateKey.generate()], b"this", sealed)


def test_little_cannot_unfold_to_much(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = zlib.compress(bytes(sealing.MOST_PLAIN + 1), 9)
    assert len(bomb) < 100_000
    for folded in (bomb, bomb[:-8], b"no zlib", zlib.compress(b"x") + b"more"):
        with pytest.raises(FormError):
            sealing.unseal([KEY], b"this", sealing._SUITE.encrypt(folded, PUBLIC, info=b"this"))
    with pytest.raises(TooLargeError):
        sealing.seal(PUBLIC, b"this", bytes(sealing.MOST_PLAIN + 1))


def test_the_largest_that_may_be_sealed_is_opened() -> None:
    data = bytes(sealing.MOST_PLAIN)
    assert sealing.unseal([KEY], b"", sealing.seal(PUBLIC, b"", data)) == data


def test_keys_have_one_text() -> None:
    for text in (sealing.public_text(PUBLIC), sealing.public_text(X25519PrivateKey.generate().public_key())):
        assert sealing.public_text(sealing.parse_public(text)) == text
    text = sealing.private_text(KEY)
    assert sealing.private_text(sealing.parse_private(f"{text}\n")) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        to_base64(bytes(32)),
        sealing.PUBLIC,
        sealing.PUBLIC + to_base64(bytes(31)),
        sealing.PUBLIC + to_base64(bytes(range(32)))[:-1],
        sealing.PUBLIC + to_base64(bytes(32)),  # everybody knows what it agrees on
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        sealing.parse_public(text)


def test_neither_key_is_taken_for_the_other_nor_shown() -> None:
    with pytest.raises(FormError) as refused:
        sealing.parse_public(sealing.private_text(KEY))
    assert to_base64(KEY.private_bytes_raw()) not in str(refused.value)
    with pytest.raises(FormError):
        sealing.parse_private(sealing.public_text(PUBLIC))
    assert isinstance(sealing.parse_public(sealing.public_text(PUBLIC)), X25519PublicKey)


def test_a_file_may_hold_older_keys_too() -> None:
    older = X25519PrivateKey.generate()
    text = f"{sealing.private_text(KEY)}\n\n{sealing.private_text(older)}\n"
    for key in (KEY, older):
        sealed = sealing.seal(key.public_key(), b"this", b"x")
        assert sealing.unseal(sealing.parse_file(text), b"this", sealed) == b"x"
    for wrong in ("", "\n", text + "x"):
        with pytest.raises(FormError):
            sealing.parse_file(wrong)
