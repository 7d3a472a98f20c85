"""Time-stamp tokens over a digest (RFC 3161): whether one is over it, and what one of a trusted authority proves.

A token says that an authority saw the digest no later than a time; it is worth what the authority is worth.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from contracts import certificates
from contracts.errors import StampError


def plain(token: bytes, digest: bytes, most: int) -> bytes:
    """Return a token that is over a digest, in DER; who made it is not asked.

    Args:
        token: DER TimeStampToken.
        digest: SHA-256.
        most: bytes it may have.

    Raises:
        StampError: it is too large, malformed, or over something else.
    """
    if len(token) > most:
        raise StampError(f"the token has more than {most} bytes")
    imprint = _info(token)["message_imprint"]
    if (
        imprint["hash_algorithm"]["algorithm"].native != "sha256"
        or imprint["hashed_message"].native != digest
    ):
        raise StampError("the token is over another value")
    return token


def check(token: bytes, digest: bytes, roots: Sequence[bytes]) -> datetime:
    """Return when an authority saw a digest (aware UTC).

    Args:
        token: DER TimeStampToken.
        digest: SHA-256.
        roots: certificates that the authority's must lead to, DER.

    Raises:
        StampError: it is no token of such an authority over this digest.
    """
    from asn1crypto import cms, tsp
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    plain(token, digest, len(token))
    wrapped = tsp.TimeStampResp(
        {"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(token, strict=True)}
    ).dump()
    trusted = [certificates.load(root) for root in roots]
    if not trusted:
        raise StampError("no authority is trusted for time stamps")
    try:
        response = decode_timestamp_response(wrapped)
        VerifierBuilder(roots=trusted).build().verify(response, digest)
        return response.tst_info.gen_time.astimezone(UTC)
    except (VerificationError, ValueError, TypeError) as error:
        raise StampError(str(error)) from None


def carried(token: bytes) -> list[bytes]:
    """Return the certificates that a token carries, DER.

    Raises:
        StampError: it is malformed.
    """
    from asn1crypto import cms

    try:
        signed = cms.ContentInfo.load(token, strict=True)["content"]
        return [one.chosen.dump() for one in signed["certificates"]]
    except (ValueError, TypeError, KeyError) as error:
        raise StampError(f"this is no time-stamp token: {error}") from None


def _info(token: bytes) -> Any:
    from asn1crypto import cms

    try:
        return cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"].parsed
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StampError(f"this is no time-stamp token: {error}") from None
