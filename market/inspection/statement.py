"""What an accredited body signs of an inspection that it made itself, and the file that carries it.

The *statement* is canonical JSON (RFC 8785)::

    purpose        "qilu-inspection-statement/1": no other signature of the same key can be taken for this one
    credit_code    of the organisation that measured, as its certificate names it
    file_digest    SHA-256 of the measured bytes
    report_digest  SHA-256 of the report's canonical text
    engine         versions of what measured

The signature is a detached CMS SignedData over the statement's bytes, as over a contract's document
(:mod:`contracts.cms`). The file ``NAME.attestation.json`` holds ``{"report", "signature", "statement"}``, canonical
too: the report stands beside the statement, which binds it by its digest, so that what is signed stays short.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts import canonical, cms
from contracts.errors import CanonicalError, ContractError
from market.inspection import known
from market.inspection.report import digest

PURPOSE: Final = "qilu-inspection-statement/1"
ENDING: Final = ".attestation.json"
MOST_BYTES: Final = 4 * 1024 * 1024
"""Of the file."""
_MEMBERS: Final = {"credit_code", "engine", "file_digest", "purpose", "report_digest"}


class StatementError(Exception):
    """The file cannot be taken; ``code`` is a stable word for why, the message is for a person at a terminal."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Attested:
    """A signed inspection whose parts agree and whose signature holds; whose key it was is for the reader to ask.

    Attributes:
        statement: what was signed, canonical text.
        report: canonical text.
        signature: CMS SignedData, DER.
        certificate: of the signer, DER.
        credit_code: of the organisation, as the statement says.
        file_digest: SHA-256 of the measured bytes.
        report_digest: SHA-256 of the report.
        columns: names of the measured columns, in file order.
    """

    statement: str
    report: str
    signature: bytes
    certificate: bytes
    credit_code: str
    file_digest: str
    report_digest: str
    columns: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the statement: the same report by the same organisation and engine is the same statement."""
        return hashlib.sha256(self.statement.encode()).hexdigest()


def write(report: str, engine: Mapping[str, str], credit_code: str) -> str:
    """Return the statement about a report.

    Args:
        report: canonical text.
        engine: versions of what measured.
        credit_code: of the organisation that measured.
    """
    said = {
        "purpose": PURPOSE,
        "credit_code": credit_code,
        "file_digest": json.loads(report)["file"]["digest"],
        "report_digest": digest(report),
        "engine": dict(engine),
    }
    return canonical.encode(said).decode()


def sign(
    statement: str, certificate: bytes, chain: Sequence[bytes], sign_bytes: Callable[[bytes], bytes]
) -> bytes:
    """Return the detached signature over a statement, DER.

    Args:
        statement: from :func:`write`.
        certificate: of the signer, DER.
        chain: those above it, DER.
        sign_bytes: signs by the certificate's key, with SHA-256.

    Raises:
        SignatureError: the key is not the certificate's.
        CertificateError: the certificate is none to sign with.
    """
    summed = hashlib.sha256(statement.encode()).digest()
    to_sign = cms.attributes(summed, certificate)
    value = cms.settle(certificate, to_sign, sign_bytes(to_sign))
    return cms.build(summed, certificate, chain, value)


def pack(statement: str, report: str, signature: bytes) -> bytes:
    """Return the file that carries a signed inspection."""
    document = {
        "statement": json.loads(statement),
        "report": json.loads(report),
        "signature": base64.b64encode(signature).decode(),
    }
    return canonical.encode(document) + b"\n"


def unpack(content: bytes) -> Attested:
    """Return what a file says, after checking all that it can show by itself.

    Raises:
        StatementError: with one of the codes ``attestation.malformed``, ``attestation.wrong_purpose``,
            ``attestation.report_unknown``, ``attestation.digest_mismatch``, ``attestation.signature_invalid``.
    """
    said, report, signature = _parts(content)
    if said.get("purpose") != PURPOSE:
        raise StatementError(
            "attestation.wrong_purpose", "what was signed is no statement about an inspection"
        )
    _demand_members(said)
    if not known.knows(report):
        raise StatementError(
            "attestation.report_unknown", "this exchange reads no report of this version or form"
        )
    text = canonical.encode(report).decode()
    if said["report_digest"] != digest(text) or said["file_digest"] != report["file"]["digest"]:
        raise StatementError("attestation.digest_mismatch", "the report is not the one that was signed")
    statement = canonical.encode(said).decode()
    return Attested(
        statement=statement,
        report=text,
        signature=signature,
        certificate=check(statement, signature),
        credit_code=said["credit_code"],
        file_digest=said["file_digest"],
        report_digest=said["report_digest"],
        columns=tuple(column["name"] for column in report["columns"]),
    )


def check(statement: str, signature: bytes) -> bytes:
    """Return the certificate of the key that signed a statement, DER.

    Raises:
        StatementError: ``attestation.signature_invalid``.
    """
    try:
        return cms.read(signature, hashlib.sha256(statement.encode()).digest()).certificate
    except ContractError as error:
        raise StatementError("attestation.signature_invalid", str(error)) from error


def _parts(content: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    malformed = StatementError("attestation.malformed", "this is no file of a signed inspection")
    if len(content) > MOST_BYTES:
        raise malformed
    try:
        document = canonical.decode(content.removesuffix(b"\n"))
    except CanonicalError as error:
        raise malformed from error
    if not isinstance(document, dict) or set(document) != {"statement", "report", "signature"}:
        raise malformed
    said, report, text = document["statement"], document["report"], document["signature"]
    if not (isinstance(said, dict) and isinstance(report, dict) and isinstance(text, str)):
        raise malformed
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise malformed from error
    if base64.b64encode(signature).decode() != text:
        raise malformed
    return said, report, signature


def _demand_members(said: Mapping[str, Any]) -> None:
    engine = said.get("engine")
    fits = (
        set(said) == _MEMBERS
        and all(isinstance(said[name], str) for name in _MEMBERS - {"engine"})
        and isinstance(engine, dict)
        and len(engine) <= known.SOME
        and all(known.short(text) for pair in engine.items() for text in pair)
    )
    if not fits:
        raise StatementError("attestation.malformed", "the statement has other members than it should")
