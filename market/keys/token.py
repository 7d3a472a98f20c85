"""An RFC 3161 time-stamp token as DER, by a key of the exchange's own.

It is one CMS SignedData (RFC 5652) over a TSTInfo, with the signing certificate named by its digest (RFC 5816) and
carried along. The library for outside authorities reads such tokens and makes none; pyHanko's stand-in is for tests.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

POLICY: Final = "2.25.268660078803122149523376443207861793118"
"""Under what these stamps are made: nothing but that the exchange's clock said so. An arc of a UUID (X.667)."""


def make(
    digest: bytes,
    at: datetime,
    certificate: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    above: Sequence[x509.Certificate] = (),
) -> bytes:
    """Return a token that says when a digest was there.

    Args:
        digest: SHA-256 of what is stamped.
        at: by whose clock it is (aware UTC), whole seconds are said.
        certificate: made for time stamps alone.
        key: its private half.
        above: further certificates to carry.

    Raises:
        ValueError: the digest is not 32 bytes.
    """
    from asn1crypto import algos, cms, tsp
    from asn1crypto import x509 as asn1

    if len(digest) != hashlib.sha256().digest_size:
        raise ValueError("not a SHA-256 digest")
    carried = [asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in (certificate, *above)]
    named = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "serial_number": secrets.randbits(127) | 1 << 127,
            "gen_time": at.replace(microsecond=0),
            "accuracy": {"seconds": 1},
            "tsa": asn1.GeneralName(name="directory_name", value=carried[0].subject),
        }
    )
    attributes = cms.CMSAttributes(
        [
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [hashlib.sha256(named.dump()).digest()]},
            {
                "type": "signing_certificate_v2",
                "values": [{"certs": [{"cert_hash": hashlib.sha256(carried[0].dump()).digest()}]}],
            },
        ]
    )
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": carried[0].issuer, "serial_number": carried[0].serial_number},
        ),
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "signed_attrs": attributes,
        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
        "signature": key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
    }
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": cms.ParsableOctetString(named.dump()),
            },
            "certificates": carried,
            "signer_infos": [signer],
        }
    )
    token: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return token


def question(digest: bytes, nonce: int) -> bytes:
    """Return what an outside authority is asked: a token over a SHA-256 digest, with its certificates."""
    from asn1crypto import tsp

    asked: bytes = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": nonce,
            "cert_req": True,
        }
    ).dump()
    return asked
