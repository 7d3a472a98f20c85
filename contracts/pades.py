"""Signs a rendered document in the file itself: PAdES, one revision a signature (ETSI EN 319 142-1).

A signature is made in two halves, because the private key is elsewhere: :func:`prepare` writes the revision with room
for the signature and returns what is to be signed, :func:`complete` puts the signature in.  Nothing here holds a
private key.  The rendered document stays the exact prefix of every file that grows from it, so that it can be set in
type again and compared.  The first revision brings the fields of everybody who will sign; the first signature
certifies the document (ISO 32000-1, 12.8.2.2) and lets nothing follow but the filling of those fields.  Where one party
alone signs, a standing offer or its acceptance, that signature lets nothing at all follow, so that any reader refuses a
page that is laid over it: an approval would leave the file open to that.  With the last signature come all
certificates and lists of revoked ones (PAdES B-LT), in its own revision, so that it covers the whole file.  The
exchange seals a document of its own in the same way, alone.

The same input gives the same bytes: no random number and no clock but the ``at`` that is given.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from contracts import canonical, cms, stamps
from contracts.errors import SignatureError
from contracts.vocabulary import Role

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

TimeStamper = Callable[[bytes], bytes]
"""Takes a SHA-256 digest and returns a DER time-stamp token over it, or raises."""


class Sealer(StrEnum):
    """Who signs a document of its own, to which there are no parties."""

    EXCHANGE = "exchange"


BOTH: Final = (Role.PROVIDER, Role.BUYER)
"""Who signs a negotiated contract, in this order."""
TOKEN: Final = 10_240
"""Bytes that are kept free for a time-stamp token."""
_FRAME: Final = 1_024
"""Bytes that a signature takes beside its certificates, its value and the token."""
_LABELS: Final = {
    Role.PROVIDER: "提供方签名 Signature of the provider",
    Role.BUYER: "需方签名 Signature of the buyer",
    Sealer.EXCHANGE: "交易场所签章 Seal of the exchange",
}


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, and with what.

    Attributes:
        certificate: DER.
        chain: certificates from its issuer up to the root, DER.
    """

    role: Role | Sealer
    certificate: bytes
    chain: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the last signature's revision brings for later checks, DER: B-LT."""

    certificates: Sequence[bytes]
    lists: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that waits for its signature.

    Attributes:
        file: the whole file, zeros where the signature will stand.
        room: place of those zeros: first and one past the last byte.
        to_sign: DER of the signed attributes; the signer signs these bytes with SHA-256.
        certificate: of the signer, DER.
        chain: further certificates that the signature carries, DER.
    """

    file: bytes
    room: tuple[int, int]
    to_sign: bytes
    certificate: bytes
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Completed:
    """A signed file.

    Attributes:
        value: the signature alone; a time stamp is over its SHA-256.
        stamp: the time-stamp token in the file, DER; None when there was none to be had.
        fault: why there is none.
    """

    file: bytes
    value: bytes
    stamp: bytes | None
    fault: str | None


def reason(statement: str, role: Role | Sealer) -> str:
    """Return what the signature's dictionary says it is for: it binds the file to the statement that was shown."""
    kind = "qilu-seal-v1" if isinstance(role, Sealer) else "qilu-contract-signature-v1"
    return f"{kind} {canonical.sha256(statement.encode())}"


def prepare(
    document: bytes,
    signer: Signer,
    *,
    statement: str,
    at: datetime,
    order: Sequence[Role | Sealer] = BOTH,
    evidence: Evidence | None = None,
) -> Prepared:
    """Write the revision of the next signature, with room for it.

    Args:
        document: the rendered document, or the file that the signers before have signed.
        signer: who signs now.
        statement: what the signer was shown; its digest stands in the signature's dictionary.
        at: the time that the file claims for the signature (aware).
        order: who signs this document, first to last.
        evidence: certificates and lists for later checks; given with the last signature.

    Raises:
        SignatureError: the document cannot be signed, somebody else is to sign, or the certificate is unfit.
    """
    cms.algorithm_of(signer.certificate)
    try:
        return _prepare(document, signer, statement, at, order, evidence)
    except SignatureError:
        raise
    except Exception as error:  # a parser of foreign bytes may raise anything
        raise SignatureError(f"the document cannot be signed: {error}") from error


def complete(prepared: Prepared, signature: bytes, stamper: TimeStamper | None = None) -> Completed:
    """Put a signature in its place, with a time stamp when one can be had.

    Calls the stamper, which may go over a network: never inside a transaction.

    Args:
        prepared: from :func:`prepare`.
        signature: over ``to_sign``: r and s of 32 bytes each or their DER, PKCS#1 v1.5 for RSA.
        stamper: asks for a token; None leaves the signature without one (B-B).

    Raises:
        SignatureError: the signature is not of the prepared certificate's key over ``to_sign``.
    """
    value = cms.settle(prepared.certificate, prepared.to_sign, signature)
    refuse_other(prepared)
    digest = _covered(prepared.file, prepared.room)
    stamp, fault = None, None
    if stamper is not None:
        try:
            stamp = stamps.plain(
                stamper(hashlib.sha256(value).digest()), hashlib.sha256(value).digest(), TOKEN
            )
        except (
            Exception
        ) as error:  # whatever is wrong with an authority, it must not keep anybody from signing
            fault = str(error) or type(error).__name__
    der = cms.build(digest, prepared.certificate, prepared.chain, value, stamp)
    first, last = prepared.room
    body = der.hex().encode()
    if len(body) > last - first:
        raise SignatureError("the signature does not fit into the room prepared for it")
    file = prepared.file[:first] + body.ljust(last - first, b"0") + prepared.file[last:]
    return Completed(file, value, stamp, fault)


def refuse_other(prepared: Prepared) -> None:
    """Refuse attributes of another file or certificate; a signer who has the file asks this before signing.

    Raises:
        SignatureError: ``to_sign`` does not belong to the file and the certificate.
    """
    digest = _covered(prepared.file, prepared.room)
    if cms.attributes(digest, prepared.certificate) != prepared.to_sign:
        raise SignatureError("the prepared file is not the one whose attributes were signed")


def _covered(file: bytes, room: tuple[int, int]) -> bytes:
    """Return the SHA-256 of everything but the signature and the brackets around it."""
    first, last = room
    return hashlib.sha256(file[: first - 1] + file[last + 1 :]).digest()


def _prepare(
    document: bytes,
    signer: Signer,
    statement: str,
    at: datetime,
    order: Sequence[Role | Sealer],
    evidence: Evidence | None,
) -> Prepared:
    from pyhanko.sign import fields
    from pyhanko.sign.signers import cms_embedder, pdf_byterange

    writer = _revision(document, at)
    filled = [name for name, value, _ref in fields.enumerate_sig_fields(writer) if value is not None]
    if filled != [role.value for role in order[: len(filled)]] or len(filled) == len(order):
        raise SignatureError(f"the document is signed by {', '.join(filled)} already")
    if signer.role is not order[len(filled)]:
        raise SignatureError(f"the next to sign is the {order[len(filled)]}, not the {signer.role}")
    if not filled:
        for role in order:
            _add_field(writer, role)
    if evidence is not None:
        _add_evidence(writer, evidence)
    room = 2 * (
        TOKEN + _FRAME + len(signer.certificate) + sum(map(len, signer.chain)) + len(signer.certificate)
    )
    embedding = cms_embedder.PdfCMSEmbedder().write_cms(signer.role.value, writer, existing_fields_only=True)
    next(embedding)
    embedding.send(
        cms_embedder.SigObjSetup(
            sig_placeholder=pdf_byterange.SignatureObject(
                timestamp=at,
                subfilter=fields.SigSeedSubFilter.PADES,
                reason=reason(statement, signer.role),
                bytes_reserved=room,
            ),
            mdp_setup=cms_embedder.SigMDPSetup(
                md_algorithm="sha256",
                certify=not filled,
                docmdp_perms=None if filled else _permitted(order),
            ),
        )
    )
    ranges, output = embedding.send(cms_embedder.SigIOSetup(md_algorithm="sha256"))
    place = (ranges.reserved_region_start + 1, ranges.reserved_region_end - 1)
    to_sign = cms.attributes(ranges.document_digest, signer.certificate)
    return Prepared(output.getvalue(), place, to_sign, signer.certificate, tuple(signer.chain))


def _permitted(order: Sequence[Role | Sealer]) -> Any:
    """Return what may follow a certifying signature."""
    from pyhanko.sign.fields import MDPPerm

    return MDPPerm.FILL_FORMS if len(order) > 1 else MDPPerm.NO_CHANGES


def certifies(order: Sequence[Role | Sealer], role: Role | Sealer) -> Any:
    """Return what the signature of ``role`` allows to follow, as pyHanko names it; None where it does not certify."""
    return _permitted(order) if role is order[0] else None


def _revision(document: bytes, at: datetime) -> "IncrementalPdfFileWriter":
    """Return a writer that appends to a document and leaves its metadata, which name the rendered text, as they are."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Revision(IncrementalPdfFileWriter):
        @classmethod
        def _handle_id(cls, prev: Any) -> Any:
            own = hashlib.sha256(document + at.isoformat().encode()).digest()[:16]
            return generic.ArrayObject([prev.trailer["/ID"][0], generic.ByteStringObject(own)])

        def _update_meta(self) -> None:
            """Write no time of change: the document's only date is its terms'."""

    return Revision(BytesIO(document))


def _add_field(writer: "IncrementalPdfFileWriter", role: Role | Sealer) -> None:
    from pyhanko.sign import fields

    fields.append_signature_field(
        writer,
        fields.SigFieldSpec(
            role.value,
            on_page=-1,
            readable_field_name=_LABELS[role],
            invis_sig_settings=fields.InvisSigSettings(set_hidden_flag=False, box_out_of_bounds=False),
        ),
    )


def _add_evidence(writer: "IncrementalPdfFileWriter", evidence: Evidence) -> None:
    from asn1crypto import crl, x509
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[x509.Certificate.load(one) for one in dict.fromkeys(evidence.certificates)],
        crls=[crl.CertificateList.load(one) for one in dict.fromkeys(evidence.lists)],
    )
