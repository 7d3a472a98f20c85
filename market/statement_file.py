"""Signing an inspection on the machine of whoever made it; the exchange is not asked."""

from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from contracts.errors import ContractError
from market.inspection import statement
from market.inspection.report import canonical
from market.signer import Key, SignerError

BESIDE = ("report_digest", "preview", "engine")
"""What stands beside the report in the document of ``qilu inspect``."""


def write(file: Path, document: dict[str, Any], key: Key) -> Path:
    """Sign an inspection and write it beside the measured file.

    Args:
        file: what was measured.
        document: of :func:`market.inspection.service.document`.
        key: of the organisation that measured, with its certificate.

    Returns:
        The file that was written; one that was there is replaced.

    Raises:
        SignerError: the key has no certificate that names an organisation, or the file cannot be written.
    """
    report = canonical({name: value for name, value in document.items() if name not in BESIDE})
    said = statement.write(report, document["engine"], _credit_code(key))
    der = [one.public_bytes(Encoding.DER) for one in key.certificates]
    try:
        signature = statement.sign(said, der[0], der[1:], key.sign)
    except ContractError as error:
        raise SignerError(str(error)) from error
    written = file.with_name(file.name + statement.ENDING)
    try:
        written.write_bytes(statement.pack(said, report, signature))
    except OSError as error:
        raise SignerError(f"{written}: {error.strerror}") from error
    return written


def _credit_code(key: Key) -> str:
    """Return the credit code that a key's certificate names."""
    if not key.certificates:
        raise SignerError(
            "the key has no certificate beside it; name it with --certificate (qilu keys certificate)"
        )
    named = key.certificates[0].subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    if not named:
        raise SignerError("the certificate names no organisation; have one issued: qilu keys request")
    return str(named[0].value)
