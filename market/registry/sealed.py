"""The report of an inspection as a PDF that the exchange sealed: made when somebody first asks for it, then kept.

Setting it in type takes a processor for a second and up, so nobody can have that done twice: a row names the file by
what it says, and another is made only when that changes, by a reviewer's correction. One at a time in a process.
No transaction is open while it is set, sealed and stamped. It records no step: whatever it says stands in one already.
"""

import hashlib
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Response
from sqlalchemy.orm import Session

from contracts import canonical, pades, render
from contracts.errors import RenderError
from contracts.pades import Evidence, Sealer, Signer
from market import clock, config, storage
from market.db import read, transaction
from market.errors import Unavailable
from market.i18n import gettext as _
from market.inspection import paper
from market.keys import authority, contract_stamps
from market.registry.inspected import inspected
from market.registry.models import Asset, Revision, SealedReport
from market.registry.reading import measured_in

LAYOUT: Final = Path(__file__).parents[2] / "templates" / "reports" / "inspection.typ"
ATTACHED: Final = "report.json"
PURPOSE: Final = "qilu-inspection-report-v1"
PATIENCE: Final = 30
"""Seconds that one waits for its turn."""
_turn: Final = threading.BoundedSemaphore(1)


@dataclass(frozen=True)
class Sealable:
    """An inspection whose report somebody may have.

    Attributes:
        id: of the inspection.
        measured: what the document says.
    """

    id: uuid.UUID
    measured: paper.Measured

    @property
    def key(self) -> str:
        """SHA-256 of everything that the document says."""
        one = self.measured
        said = [
            one.title,
            one.digest,
            dict(one.engine),
            list(one.kinds),
            one.at.isoformat(),
            one.exchange,
            one.entry,
        ]
        return canonical.sha256(canonical.encode(said))


def sealable(session: Session, revision_id: uuid.UUID) -> Sealable:
    """Return the inspection of a file; who may see it is as in :func:`market.registry.inspected.inspected`.

    Raises:
        Conflict: the file was not or could not be measured (``asset.not_inspected``).
    """
    found = inspected(session, revision_id)
    row = measured_in(session, revision_id)
    if row is None or row.report is None:
        raise RuntimeError(f"revision {revision_id} lost its inspection")
    asset = session.get_one(Asset, session.get_one(Revision, revision_id).asset_id)
    address = config.current().base_url.rstrip("/")
    measured = paper.Measured(
        title=asset.title,
        text=row.report,
        report=found.report,
        digest=found.digest,
        engine=found.engine,
        kinds=[column.kind for column in found.shown.columns],
        at=found.at,
        exchange=address,
        entry=f"{address}/entries/{row.step_id}",
    )
    return Sealable(row.id, measured)


def download(one: Sealable, name: str) -> Response:
    """Answer with the sealed file.

    Args:
        one: from :func:`sealable`; the session that read it is closed.
        name: of the file, without its ending.

    Raises:
        Unavailable: others are being made now (``report.busy``), it could not be set in type (``report.not_set``), or
            nobody stamped it (``report.not_stamped``).
        Conflict: the exchange's keys are not there (``key.not_published``, ``key.mismatch``).
    """
    answer = Response(storage.current().read(_digest(one)), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def statement(inspection_id: uuid.UUID, report: str, document: str) -> str:
    """Return what the seal stands for, canonical JSON; its SHA-256 is in the signature's dictionary.

    Args:
        inspection_id: which inspection.
        report: SHA-256 of the report.
        document: SHA-256 of the document as it was set.
    """
    said = {"purpose": PURPOSE, "inspection": str(inspection_id), "report": report, "document": document}
    return canonical.encode(said).decode()


def rendered(measured: paper.Measured) -> bytes:
    """Return the document before it is sealed; the same inspection gives the same bytes.

    Raises:
        RenderError: it could not be set.
    """
    content = paper.content(measured)
    attached = {ATTACHED: measured.text.encode()}
    return render.pdf(LAYOUT.read_text("utf-8"), content, date(*content["day"]), attached)


def _digest(one: Sealable) -> str:
    """Return the digest under which the sealed file is stored, after making it where there is none."""
    if kept := _kept(one):
        return kept
    with _waited():
        return _kept(one) or _keep(one, storage.current().put(_sealed(one)).digest)


def _kept(one: Sealable) -> str | None:
    with read() as session:
        row = session.get(SealedReport, (one.id, one.key))
        return None if row is None else row.file_digest


def _keep(one: Sealable, digest: str) -> str:
    """Note the file unless another process was first: then that one's counts."""
    with transaction() as session:
        row = session.get(SealedReport, (one.id, one.key))
        if row is None:
            row = SealedReport(inspection_id=one.id, key=one.key, file_digest=digest, sealed_at=clock.now())
            session.add(row)
        return row.file_digest


def _sealed(one: Sealable) -> bytes:
    try:
        document = rendered(one.measured)
    except RenderError as error:
        raise Unavailable(
            "report.not_set", _("The report could not be set in type. Try again later.")
        ) from error
    authority.publish()  # its seal, where an older version founded the exchange
    said = statement(one.id, one.measured.digest, hashlib.sha256(document).hexdigest())
    with read() as session:
        certificate, key = authority.signer(session, authority.SEAL)
        signer = Signer(Sealer.EXCHANGE, certificate.public_bytes(Encoding.DER), authority.chain(session))
        above = [authority.der_of(row) for row in authority.rows(session, seal=True)]
        evidence = Evidence(above, authority.crls(session))
    prepared = pades.prepare(
        document, signer, statement=said, at=clock.now(), order=[Sealer.EXCHANGE], evidence=evidence
    )
    signature = key.sign(prepared.to_sign, ec.ECDSA(hashes.SHA256()))
    completed = pades.complete(prepared, signature, contract_stamps.stamp)
    if completed.stamp is None:
        raise Unavailable(
            "report.not_stamped",
            _("No authority stamped the report just now. Try again later."),
        )
    return completed.file


@contextmanager
def _waited() -> Iterator[None]:
    if not _turn.acquire(timeout=PATIENCE):
        raise Unavailable(
            "report.busy",
            _("Other reports are being set in type just now. Try again in a minute."),
            retry_after=60,
        )
    try:
        yield
    finally:
        _turn.release()
