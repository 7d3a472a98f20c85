"""Inspections by third parties: each signed by a key that was published for its organisation, over its own report.

Their figures are not held against the exchange's: they may differ, and stand beside them.
"""

import hashlib
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from contracts import canonical, certificates, cms
from contracts.certificates import Authorities
from market.verify import signed
from market.verify.evidence import Evidence, Image
from market.verify.report import Report, require

PURPOSE: Final = "qilu-inspection-statement/1"


def check(report: Report, evidence: Evidence) -> None:
    """Check every inspection by a third party that the bundle brings; often there is none."""
    for image in evidence.rows("attestation"):
        name = f"inspection of entry {image.index}"
        with report.checking(name):
            report.ok(name, _check(evidence, image))


def _check(evidence: Evidence, image: Image) -> str:
    row = image.row
    said: Any = canonical.decode(row["statement"].encode())
    require(image.entry.kind == "inspection.attested", "an entry of another kind attaches it")
    require(said["purpose"] == PURPOSE, "what was signed is no statement about an inspection")
    require(said["report_digest"] == _sum(row["report"]) == row["report_digest"], "the report is another one")
    require(_sum(row["statement"]) == row["statement_digest"], "the statement is another one")
    made: Any = canonical.decode(row["report"].encode())
    revisions = {one.row["digest"] for one in evidence.rows("revision", id=row["revision_id"])}
    require(
        {said["file_digest"], made["file"]["digest"]} == revisions, "it is of another file than its revision"
    )
    certificate = _certificate(evidence, image)
    digest = hashlib.sha256(row["statement"].encode()).digest()
    read = cms.read(signed.der(row["signature"]), digest)
    require(read.certificate == certificate, "another key signed it than the one published")
    named = x509.load_der_x509_certificate(certificate).subject
    codes = [one.value for one in named.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)]
    require(codes == [said["credit_code"]], "the certificate names another organisation than the statement")
    _demand_in_force(evidence, image, certificate)
    return f"measured and signed by {said['credit_code']}, by a key that the exchange certified before"


def _certificate(evidence: Evidence, image: Image) -> bytes:
    """Return the certificate, DER, published earlier for this organisation and still in use then."""
    rows = [
        one.row
        for one in evidence.rows("certificate", id=image.row["certificate_id"])
        if one.index < image.index
    ]
    require(rows, "its certificate was not published before it was attached")
    row = rows[-1]
    require(row["state"] == "active", "its certificate was out of use before it was attached")
    require(row["lane"] == "issued", "its certificate is not of the exchange's authority")
    require(
        row["organisation_id"] == image.row["organisation_id"], "its certificate is another organisation's"
    )
    return signed.der(row["certificate"])


def _demand_in_force(evidence: Evidence, image: Image, certificate: bytes) -> None:
    """Hold a certificate against the exchange's authority as it was published, at the time of the attestation."""
    at = datetime.fromisoformat(image.row["attested_at"])
    published = signed.published(evidence, image.index, "ca")
    roots = [one for one in published if signed.is_root(one)]
    others = [one for one in published if not signed.is_root(one)]
    lists = [data for name, data in evidence.files.items() if name.startswith(signed.LISTS)]
    path = certificates.path(certificate, Authorities(roots, others, lists), at)
    certificates.refuse_revoked(path, lists, at)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
