"""The signed file (PAdES): examined rule by rule, with certificates and authorities opened from the log's entries."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from contracts import canonical, cms, examining, signing, stepup
from contracts.certificates import Authorities
from contracts.examining import Expected, ExpectedSigner, examine
from contracts.standing import ACCEPTED
from contracts.vocabulary import Role
from market.verify.evidence import Evidence, Image
from market.verify.line import Paper
from market.verify.report import CheckFailed, Report, require, tell

FILE: Final = "signed.pdf"
LATE_STAMP: Final = "signed.tst"
LISTS: Final = "revocations/"
ATTACHED: Final = {"contract.json": "terms.json", "policy.json": "policy.json"}
OFFER: Final = "offer/"


@dataclass(frozen=True)
class _Certificate:
    """A certificate of a party, as an entry published it before the party signed.

    Attributes:
        der: the certificate.
        above: those above it that the party brought, DER; none for one that the exchange issued.
        holder: who has the key.
    """

    der: bytes
    above: Sequence[bytes]
    holder: str


def check(report: Report, paper: Paper, signatures: Sequence[Image], order: Sequence[Role]) -> None:
    """Check the signed file of a contract.

    Args:
        report: where the lines go.
        paper: the contract.
        signatures: images of its signatures, in the log's order.
        order: who is to sign it.

    Raises:
        CheckFailed: the records contradict each other.
    """
    evidence, contract, last = paper.evidence, paper.row, signatures[-1].row
    if contract["state"] == "FINALIZED":
        signed = {one.row["role"] for one in signatures}
        require(signed == set(order), "a contract in force is signed by all who are to sign it")
        require(
            contract["final_digest"] == last["file_digest"], "another file is in force than the one signed"
        )
    else:
        require(contract["final_digest"] is None, "a file is said to be in force before the contract is")
    attached = {name: paper.file(place) for name, place in ATTACHED.items()}
    if list(order) == list(ACCEPTED):
        require(OFFER + FILE in evidence.files, "the bundle has no signed offer")
        attached["offer.pdf"] = evidence.files[OFFER + FILE]
    hold(report, evidence, contract, signatures, order, Held(paper.place(""), paper.prefix, attached))


@dataclass(frozen=True)
class Held:
    """A signed file in a bundle.

    Attributes:
        folder: where it stands.
        prefix: what stands before the names of its checks.
        attached: what it carries, by the names of the attachments.
    """

    folder: str
    prefix: str
    attached: Mapping[str, bytes]


def hold(
    report: Report,
    evidence: Evidence,
    paper: dict[str, Any],
    signatures: Sequence[Image],
    order: Sequence[Role],
    held: Held,
) -> None:
    """Hold a signed file against the images of what was signed and of its signatures.

    Args:
        report: where the lines go.
        evidence: a bundle whose log half holds.
        paper: image of a contract or a standing offer.
        signatures: images of its signatures, in the log's order.
        order: who is to sign it.
        held: the file.

    Raises:
        CheckFailed: the records contradict each other.
    """
    contract, last = paper, signatures[-1].row
    signers = [_signer(report, evidence, contract, image, held.prefix) for image in signatures]
    roots = published(evidence, signatures[0].index, "ca")
    require(held.folder + FILE in evidence.files, f"the bundle has no {held.folder}{FILE}")
    document = evidence.files[held.folder + FILE]
    lists = [data for name, data in evidence.files.items() if name.startswith(LISTS)]
    expected = Expected(
        digest=last["file_digest"],
        rendered=contract["document_digest"],
        size=contract["document_size"],
        order=order,
        signers=signers,
        authorities=Authorities(
            [one for one in roots if is_root(one)],
            [one for one in roots if not is_root(one)],
            [*lists, *examining.lists_in(document)],
        ),
        stampers=[*(one for one in roots if is_root(one)), *published(evidence, None, "tsa")],
        attachments=held.attached,
        late=evidence.files.get(held.folder + LATE_STAMP),
    )
    tell(report, examine(document, expected), held.prefix)


def _signer(
    report: Report, evidence: Evidence, contract: dict[str, Any], image: Image, prefix: str
) -> ExpectedSigner:
    row = image.row
    role = Role(row["role"])
    statement = signing.statement(
        contract["number"],
        role,
        terms=contract["terms_digest"],
        document=contract["document_digest"],
        template=contract["template_digest"],
    )
    require(row["statement"] == statement, f"the {role} was shown another statement than this contract's")
    found = _certificate(evidence, contract, image)
    report.ok(
        f"{prefix}key of the {role}",
        f"published for this party before it signed, held by the {found.holder}",
    )
    require(
        row["algorithm"] == cms.algorithm_of(found.der),
        f"the {role} signed by another algorithm than is said",
    )
    if row["assertion"] is not None:
        with report.checking(f"{prefix}passkey of the {role}"):
            site = _check_assertion(row["assertion"], statement)
            report.ok(
                f"{prefix}passkey of the {role}",
                f"somebody verified agreed at {site} to this statement by a passkey",
            )
    at = datetime.fromisoformat(row["signed_at"])
    return ExpectedSigner(role, statement, found.der, at, stamped=row["stamped"], own=found.above[-1:])


def _check_assertion(text: str, statement: str) -> str:
    """Check a passkey's assertion over a statement and return for which site it was made."""
    kept: Any = canonical.decode(text.encode())
    names = ("public_key", "authenticator_data", "client_data_json", "signature")
    parts = {name: stepup.decoded(kept[name]) for name in names}
    challenge = hashlib.sha256(statement.encode()).digest()
    stepup.verify(
        parts["public_key"], challenge, kept["rp_id"], parts["authenticator_data"], parts["client_data_json"],
        parts["signature"],
    )  # fmt: skip
    return str(kept["rp_id"])


def _certificate(evidence: Evidence, contract: dict[str, Any], signature: Image) -> _Certificate:
    """Return the certificate of a signature: published earlier, still in use, and that party's own."""
    role = signature.row["role"]
    rows = [
        image.row
        for table in ("key", "certificate")
        for image in evidence.rows(table, id=signature.row["key_id"])
        if image.index < signature.index
    ]
    if not rows:
        raise CheckFailed(f"the certificate of the {role} was not published before it signed")
    row = rows[-1]
    require(row["state"] == "active", f"the certificate of the {role} was out of use before it signed")
    require(
        row["organisation_id"] == contract[f"{role}_id"], f"the certificate of the {role} is another party's"
    )
    if row["table"] == "key":
        held = (row["purpose"], row["algorithm"], row["holder"]) == ("party", "X.509", "exchange")
        require(held, f"the key of the {role} is published for another purpose")
        return _Certificate(der(row["public_key"]), (), "exchange")
    above = [der(one) for one in row["chain"]] if row["lane"] == "own" else []
    return _Certificate(der(row["certificate"]), above, "party")


def published(evidence: Evidence, before: int | None, purpose: str) -> list[bytes]:
    """Return the certificates that entries publish for a purpose, before some entry."""
    return [
        der(image.row["public_key"])
        for image in evidence.rows("key", purpose=purpose, algorithm="X.509", state="active")
        if before is None or image.index < before
    ]


def der(text: str) -> bytes:
    """Return what stands in a row as base64."""
    return base64.b64decode(text, validate=True)


def is_root(certificate: bytes) -> bool:
    """Tell whether a certificate, DER, is of an authority that names nobody above it."""
    found = x509.load_der_x509_certificate(certificate)
    return found.issuer == found.subject
