"""The step by which an accredited body attaches to registered data an inspection that it made and signed (R2.9)."""

import base64
import uuid

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from market import clock, steps
from market.actor import Actor
from market.errors import Conflict, Invalid, NotFound
from market.i18n import _, lazy
from market.inspection.statement import MOST_BYTES, Attested, StatementError, unpack
from market.keys import certificates
from market.keys.models import Certificate
from market.participants import accrediting
from market.permissions import require
from market.registry import offering
from market.registry.models import Attestation, Revision
from market.registry.offering import RegisteredAsset
from market.registry.reading import by_number, relation
from market.steps import Kind, Step

REFUSALS = {
    "attestation.malformed": lazy(
        "This is no file of a signed inspection. Make one with: qilu inspect --key"
    ),
    "attestation.wrong_purpose": lazy("What was signed is not a statement about an inspection."),
    "attestation.report_unknown": lazy(
        "The report has another form than the reports that this exchange reads. Measure the file again."
    ),
    "attestation.digest_mismatch": lazy("The report is not the one that was signed."),
    "attestation.signature_invalid": lazy(
        "The signature does not belong to the statement and its certificate."
    ),
}
"""Why a file cannot be taken, by the codes of :mod:`market.inspection.statement`."""


def read(file: FileStorage) -> bytes:
    """Return the bytes of an uploaded file, as many as one of a signed inspection may have and one more."""
    return file.stream.read(MOST_BYTES + 1)


def opened(content: bytes) -> Attested:
    """Return the signed inspection in a file, after checking what the file can show by itself.

    Raises:
        Invalid: one of :data:`REFUSALS`.
    """
    try:
        return unpack(content)
    except StatementError as error:
        sentence = str(REFUSALS[error.code])
        raise Invalid(error.code, sentence, fields={"file": [sentence]}) from error


def attest(session: Session, actor: Actor, number: str, attested: Attested) -> tuple[Attestation, Step]:
    """Attach a signed inspection to the data of a registration number; the same statement again is nothing new.

    Args:
        session: the session of the transaction.
        actor: an assessor of an accredited organisation that is not the provider.
        number: registration number of the asset.
        attested: what :func:`opened` returned.

    Returns:
        The attestation and the step that made it.

    Raises:
        Conflict: the registration is not in force (``asset.not_registered``), the file is another
            (``attestation.other_file``), or the key is out of use (``certificate.revoked``, ``certificate.expired``).
        Forbidden: not an assessor, not accredited, or the provider itself.
        Invalid: ``attestation.other_columns`` or ``attestation.certificate_foreign``.
        NotFound: no such number.
    """
    asset = by_number(session, number)
    if asset is None:
        raise NotFound("asset.not_found", _("There is no such registration number."))
    require(actor, "asset.attest", relation(actor, asset))
    organisation = accrediting.demand(session, actor)
    offered = offering.tradable(session, asset.id, lock=True)
    certificate = _certificate(session, actor, organisation.credit_code, attested)
    _demand_same_file(offered, attested)
    made = _made(session, offered.revision_id, attested)
    if made is not None:
        return made, session.get_one(Step, made.step_id)
    certificates.refuse_ended(certificate, clock.now())
    step = steps.begin(actor, Kind.INSPECTION_ATTESTED, offered.handle)
    row = Attestation(
        id=uuid.uuid4(),
        step_id=step.id,
        revision_id=offered.revision_id,
        ordinal=_count(session, offered.revision_id) + 1,
        organisation_id=organisation.id,
        certificate_id=certificate.id,
        report=attested.report,
        report_digest=attested.report_digest,
        statement=attested.statement,
        statement_digest=attested.digest,
        signature=base64.b64encode(attested.signature).decode(),
        attested_at=step.time,
    )
    session.add(row)
    return row, steps.record(session, step, given={"statement": attested.digest})


def signers(session: Session, asset_id: uuid.UUID) -> list[uuid.UUID]:
    """Return the certificates by which inspections of an asset's files were signed, each once."""
    query = select(Attestation.certificate_id).join(Revision).where(Revision.asset_id == asset_id)
    return sorted(set(session.scalars(query)))


def _certificate(session: Session, actor: Actor, credit_code: str, attested: Attested) -> Certificate:
    """Return the row of the signer's certificate, which this exchange issued to the actor's organisation."""
    row = certificates.issued(session, actor, attested.certificate)
    if row is None or attested.credit_code != credit_code:
        sentence = _("Sign with a key for which this exchange issued a certificate to your own organisation.")
        raise Invalid("attestation.certificate_foreign", sentence, fields={"file": [sentence]})
    return row


def _demand_same_file(offered: RegisteredAsset, attested: Attested) -> None:
    if attested.file_digest != offered.digest:
        raise Conflict(
            "attestation.other_file",
            _("Another file was measured than the registered one. Compare the SHA-256 on the certificate."),
            digest=offered.digest,
        )
    if attested.columns != tuple(column.name for column in offered.report.columns):
        sentence = _("The report names other columns than the file has. Measure it again.")
        raise Invalid("attestation.other_columns", sentence, fields={"file": [sentence]})


def _count(session: Session, revision_id: uuid.UUID) -> int:
    query = select(func.count()).select_from(Attestation).where(Attestation.revision_id == revision_id)
    return session.scalar(query) or 0


def _made(session: Session, revision_id: uuid.UUID, attested: Attested) -> Attestation | None:
    """Return what the same statement made before; the statement names its organisation, so it is nobody else's."""
    return session.scalars(
        select(Attestation).where(
            Attestation.revision_id == revision_id, Attestation.statement_digest == attested.digest
        )
    ).one_or_none()
