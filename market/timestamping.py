"""RFC 3161 time stamps over checkpoints and contracts, as values: what is asked, and what an answer proves.

A token says that an authority saw a text no later than a time. It is worth what the authority is worth, and says
nothing of who signed the text. Of a checkpoint the text that log and witnesses sign is stamped, so that further
signature lines leave a token valid, and every entry under it was there by then.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    SignedData,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

MOST_BYTES = 65_536
"""Of an answer."""
REQUEST_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class StampError(Exception):
    """The answer is no time stamp of this text by a trusted authority: the message says why."""


@dataclass(frozen=True)
class Stamp:
    """What a token that was checked says.

    Attributes:
        time: when the authority saw the text (aware UTC).
        authority: subject of the certificate that signed, RFC 4514.
    """

    time: datetime
    authority: str


def request(text: bytes) -> TimeStampRequest:
    """Return a request for a token over a text: SHA-256, with a fresh nonce, certificates wanted."""
    builder = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256)
    return builder.nonce(nonce=True).cert_request(cert_request=True).build()


def roots_of(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        ValueError: it holds none, or something else.
    """
    return x509.load_pem_x509_certificates(pem)


def check(answer: bytes, text: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> Stamp:
    """Return what an authority's answer proves about a text.

    Args:
        answer: the DER response, as it came.
        text: what should be stamped.
        roots: certificates to trust; the chain must end in one of them at the time of the token.
        nonce: that of the request; None for a token that was kept.

    Raises:
        StampError: refused, malformed, for another text, by somebody else, or not made for time stamps.
    """
    return check_digest(answer, hashlib.sha256(text).digest(), roots, nonce)


def check_digest(
    answer: bytes, digest: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None
) -> Stamp:
    """Return what an authority's answer proves about a SHA-256 digest; else as :func:`check`."""
    if len(answer) > MOST_BYTES:
        raise StampError("the answer is too large")
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        response = decode_timestamp_response(answer)
        info = response.tst_info
        if info.message_imprint.hash_algorithm != _SHA256:
            raise StampError("the token is over another digest than SHA-256")
        builder.build().verify(response, digest)
        return Stamp(info.gen_time.astimezone(UTC), _signer(response.signed_data))
    except (VerificationError, ValueError, TypeError) as error:
        raise StampError(str(error)) from error


def check_token(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    """Return what a bare token (TimeStampToken, DER) proves about a SHA-256 digest; else as :func:`check`."""
    return check_digest(_answer(token), digest, roots)


def token_of(answer: bytes) -> bytes:
    """Return the token of an answer that was checked, DER.

    Raises:
        StampError: the answer holds none.
    """
    try:
        return decode_timestamp_response(answer).time_stamp_token()
    except ValueError as error:
        raise StampError(str(error)) from error


def _answer(token: bytes) -> bytes:
    """Return a token as the answer in which it came: a sequence of the status "granted" and the token."""
    body = bytes.fromhex("3003020100") + token
    size = len(body)
    length = (
        bytes([size])
        if size < 0x80
        else bytes([0x80 + (size.bit_length() + 7) // 8]) + size.to_bytes((size.bit_length() + 7) // 8)
    )
    return b"\x30" + length + body


def _signer(signed: SignedData) -> str:
    """Return who signed: the certificate that the signature names, of which the check has found exactly one."""
    [signer] = signed.signer_infos
    for data in signed.certificates:
        found = x509.load_der_x509_certificate(data)
        if (found.issuer, found.serial_number) == (signer.issuer, signer.serial_number):
            return found.subject.rfc4514_string()
    raise StampError("the token does not carry the certificate that signed it")
