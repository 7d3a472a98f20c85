"""Examines a signed document: who signed it, with what, when, and that nothing else happened to it.

Valid signatures are not enough: readers accept a file from which the last signature was cut, to which bytes were
appended, or over whose pages something was laid.  So the file is held against what is expected of it, rule by rule,
and each rule is one line of the report.  Nothing is fetched, and whatever a hostile file makes the parser raise is a
failed check with its reason.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from contracts import certificates, cms, pades, stamps
from contracts.certificates import Authorities
from contracts.checks import Check, failed, passed, skipped
from contracts.errors import CertificateError, ContractError, SignatureError, StampError
from contracts.pades import Sealer
from contracts.vocabulary import Role

if TYPE_CHECKING:
    from pyhanko.sign.validation import EmbeddedPdfSignature

CLOCKS: Final = timedelta(minutes=10)
"""How far the authority's clock and the one of the records may differ."""


@dataclass(frozen=True, slots=True)
class ExpectedSigner:
    """What the records say of a signature.

    Attributes:
        statement: what the signer was shown.
        certificate: with which it signed, DER.
        at: when, by the records (aware); it counts where there is no time stamp.
        stamped: whether the records say that the signature carries a time stamp.
        own: roots of the outside authority that issued the certificate, DER, instead of those expected of the others;
            its lists of revoked certificates may be missing, which is said.
    """

    role: Role | Sealer
    statement: str
    certificate: bytes
    at: datetime
    stamped: bool = True
    own: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What a document is held against.

    Attributes:
        digest: SHA-256 of the whole file, hex, as it stands in the ledger.
        rendered: SHA-256 of the rendered document, hex.
        size: bytes of the rendered document.
        order: who was to sign this document, first to last.
        signers: who has signed by now, in that order.
        authorities: roots, further certificates and lists for the signers' certificates.
        stampers: certificates that time-stamp authorities must lead to, DER.
        attachments: name to bytes of what is attached.
        late: a time-stamp token over the SHA-256 of the whole file, asked for afterwards, or None.
    """

    digest: str
    rendered: str
    size: int
    order: Sequence[Role | Sealer]
    signers: Sequence[ExpectedSigner]
    authorities: Authorities
    stampers: Sequence[bytes]
    attachments: Mapping[str, bytes]
    late: bytes | None = None


def examine(document: bytes, expected: Expected) -> list[Check]:
    """Return one check a line; the document holds when none has failed.

    Args:
        document: the signed file.
        expected: what it is held against.
    """
    checks = [_whole(document, expected), _prefix(document, expected)]
    try:
        signatures = _signatures(document)
    except Exception as error:  # a parser of foreign bytes may raise anything, and all of it means no
        return [*checks, failed("signatures", f"the document cannot be read: {_told(error)}")]
    rules: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("signatures", lambda: _signers(document, signatures, expected)),
        ("changes", lambda: _changes(signatures, expected)),
        ("attachments", lambda: _attachments(document, expected)),
    ]
    for place, signer in enumerate(expected.signers):
        rules.append((f"signature of the {signer.role}", _one(document, signatures, place, signer, expected)))
    if expected.late is not None:
        rules.append(("time stamp of the document", lambda: _late(document, expected)))
    for name, rule in rules:
        checks += _guarded(name, rule)
    return checks


def _guarded(name: str, rule: Callable[[], Iterator[Check]]) -> list[Check]:
    found: list[Check] = []
    try:
        found.extend(rule())
    except Exception as error:  # see above
        found.append(failed(name, _told(error)))
    return found


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, ContractError) else f"malformed: {error!r}"[:300]


def _whole(document: bytes, expected: Expected) -> Check:
    if hashlib.sha256(document).hexdigest() != expected.digest:
        return failed("file", "its SHA-256 is not the one in the records: at least one bit differs")
    return passed("file", "its SHA-256 is the one in the records")


def _prefix(document: bytes, expected: Expected) -> Check:
    if hashlib.sha256(document[: expected.size]).hexdigest() != expected.rendered:
        return failed(
            "rendered text", f"its first {expected.size} bytes are not the document that was rendered"
        )
    return passed("rendered text", f"its first {expected.size} bytes are the document that was rendered")


def _signatures(document: bytes) -> "list[EmbeddedPdfSignature]":
    """Return the signatures in the order in which they were made, each with what came after it compared."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(BytesIO(document), strict=True)
    found = list(reader.embedded_signatures)
    if reader.xrefs.total_revisions != len(found) + 1:
        raise SignatureError(
            f"it has {reader.xrefs.total_revisions} revisions and {len(found)} signatures: "
            "every revision after the first must bring one"
        )
    for signature in found:
        signature.compute_integrity_info()
    return found


def _signers(
    document: bytes, signatures: "list[EmbeddedPdfSignature]", expected: Expected
) -> Iterator[Check]:
    """Who signed is who was expected, in order, and the last signature leaves nothing out."""
    names = [str(one.field_name) for one in signatures]
    wanted = [signer.role.value for signer in expected.signers]
    if names != wanted:
        yield failed("signatures", f"signed by {', '.join(names) or 'nobody'}, not by {', '.join(wanted)}")
        return
    yield passed("signatures", f"signed by {', then '.join(names)}, and by nobody else")
    _zero, first, second, rest = signatures[-1].byte_range
    if (_zero, second + rest) != (0, len(document)) or not 0 < first < second:
        yield failed("coverage", "bytes follow that the last signature does not cover")
    else:
        yield passed("coverage", "the last signature covers the whole file")


def _changes(signatures: "list[EmbeddedPdfSignature]", expected: Expected) -> Iterator[Check]:
    """After a signature came nothing but the filling of signature fields; the first one allowed no more."""
    from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel

    for one, signer in zip(signatures, expected.signers, strict=True):
        result: object = one.diff_result
        if not isinstance(result, DiffResult):
            raise SignatureError(f"after the {signer.role} signed, the document was changed: {result}")
        if result.modification_level > ModificationLevel.FORM_FILLING:
            raise SignatureError(f"after the {signer.role} signed, more was changed than signature fields")
        if (one.docmdp_level or None) is not pades.certifies(expected.order, signer.role):
            raise SignatureError(f"the signature of the {signer.role} allows other changes than it should")
    yield passed("changes", "after each signature nothing changed but the next signature's own field")


def _one(
    document: bytes,
    signatures: "list[EmbeddedPdfSignature]",
    place: int,
    signer: ExpectedSigner,
    expected: Expected,
) -> Callable[[], Iterator[Check]]:
    def rule() -> Iterator[Check]:
        if place >= len(signatures):
            raise SignatureError("it is missing")
        found = _read(document, signatures[place], signer)
        kind = {"ES256": "P-256", "RS256": "RSA"}[found.algorithm]
        yield passed(
            f"signature of the {signer.role}", f"{kind} with SHA-256, over the statement that was shown"
        )
        moment = signer.at
        stamp = _stamp(found, signer, expected)
        yield stamp[1]
        if stamp[0] is not None:
            moment = stamp[0]
        yield from _guarded(
            f"certificate of the {signer.role}", lambda: _certificate(found, signer, expected, moment)
        )

    return rule


def _read(document: bytes, signature: "EmbeddedPdfSignature", signer: ExpectedSigner) -> cms.Read:
    """Check a signature's dictionary and bytes; every value has one form."""
    from asn1crypto import parser

    entries = signature.sig_object
    if (entries["/Type"], entries["/SubFilter"]) != ("/Sig", "/ETSI.CAdES.detached"):
        raise SignatureError("it is not of the kind that PAdES describes")
    if str(entries.get("/Reason")) != pades.reason(signer.statement, signer.role):
        raise SignatureError("it was given for another statement than the one that was shown")
    zero, first, second, rest = signature.byte_range
    raw = document[first:second]
    if zero != 0 or second + rest > len(document) or raw[:1] + raw[-1:] != b"<>":
        raise SignatureError("it leaves out other bytes than itself")
    contents = bytes.fromhex(raw[1:-1].decode("ascii"))
    der = contents[: parser.peek(contents)]
    if raw[1:-1] != der.hex().encode().ljust(len(raw) - 2, b"0"):
        raise SignatureError("it is not written in its one form")
    covered = hashlib.sha256(document[:first] + document[second : second + rest]).digest()
    found = cms.read(der, covered)
    if found.certificate != signer.certificate:
        raise SignatureError("it was made with another certificate than the records name")
    return found


def _stamp(found: cms.Read, signer: ExpectedSigner, expected: Expected) -> tuple[datetime | None, Check]:
    """Return the moment that a time stamp proves, and the line about it; a missing one is said, a bad one fails."""
    name = f"time stamp of the {signer.role}"
    if found.stamp is None:
        if signer.stamped:
            return None, failed(name, "the records say that there is one, the signature carries none")
        return None, skipped(
            name, "NONE: no authority answered; the time of the signature is the records' own"
        )
    if not signer.stamped:
        return None, failed(name, "the records say that there is none, the signature carries one")
    try:
        moment = stamps.check(found.stamp, hashlib.sha256(found.value).digest(), expected.stampers)
    except StampError as error:
        return None, failed(name, str(error))
    if abs(moment - signer.at) > CLOCKS:
        return moment, failed(name, f"it says {_text(moment)}, the records say {_text(signer.at)}")
    return moment, passed(name, f"made by {_text(moment)}")


def _certificate(
    found: cms.Read, signer: ExpectedSigner, expected: Expected, moment: datetime
) -> Iterator[Check]:
    """The certificate leads to a given root, and was in force and not revoked when it signed."""
    name, known = f"certificate of the {signer.role}", expected.authorities
    pool = Authorities(signer.own or known.roots, [*known.others, *found.others], known.lists)
    chain = certificates.path(found.certificate, pool, moment)
    certificates.refuse_unfit(chain[0])
    if {certificates.load(one) for one in found.others} - set(chain):
        raise CertificateError("the signature carries a certificate that its path does not need")
    told = f"of {chain[0].subject.rfc4514_string()}, issued under {chain[-1].subject.rfc4514_string()}"
    try:
        made = certificates.refuse_revoked(chain, known.lists, moment)
    except CertificateError as error:
        if not (signer.own and error.code == "certificate.revocation_unknown"):
            raise
        yield passed(name, told)
        yield skipped(f"revocation of the {signer.role}", str(error))
        return
    yield passed(name, f"{told}; not revoked at {_text(moment)} by a list of {_text(made)}")


def _attachments(document: bytes, expected: Expected) -> Iterator[Check]:
    found = attached(document)
    if set(found) != set(expected.attachments):
        raise SignatureError(f"attached are {', '.join(sorted(found)) or 'no files'}")
    for name, data in expected.attachments.items():
        if found[name] != data:
            raise SignatureError(f"{name} in the document is not the one given")
    yield passed("attachments", f"{' and '.join(sorted(found))} are the ones given, byte for byte")


def lists_in(document: bytes) -> list[bytes]:
    """Return the lists of revoked certificates that the document brings, DER; none when it cannot be read."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    try:
        store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(document)))
        return [bytes(one.get_object().data) for one in store.crls]
    except Exception:  # a parser of foreign bytes may raise anything; without a list the certificates fail
        return []


def attached(document: bytes) -> dict[str, bytes]:
    """Return the files attached to a document.

    Raises:
        SignatureError: a name is given twice.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    found: dict[str, bytes] = {}
    for name, data in _embedded(PdfFileReader(BytesIO(document)).root["/Names"]["/EmbeddedFiles"]):
        if name in found:
            raise SignatureError(f"{name} is attached twice")
        found[name] = data
    return found


def _embedded(node: Any, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a name tree (ISO 32000-1, 7.9.6 and 7.11.4)."""
    if depth > 8:
        raise SignatureError("the tree of attachments is too deep")
    for kid in node.get("/Kids", ()):
        yield from _embedded(kid.get_object(), depth + 1)
    names = node.get("/Names", ())
    for place in range(1, len(names), 2):
        entry = names[place]
        yield str(entry["/UF"]), bytes(entry["/EF"]["/F"].data)


def _late(document: bytes, expected: Expected) -> Iterator[Check]:
    moment = stamps.check(expected.late or b"", hashlib.sha256(document).digest(), expected.stampers)
    yield passed("time stamp of the document", f"the whole file was seen by {_text(moment)}")


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
