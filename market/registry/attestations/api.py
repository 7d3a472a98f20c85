"""JSON route by which an accredited body attaches an inspection, under ``/api/v1/certificates``."""

from typing import Any

from market.db import transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, require_actor
from market.registry.attestations import schemas, service
from market.steps import index_of

blueprint = Blueprint(
    "attestations_api",
    __name__,
    url_prefix="/api/v1/certificates",
    description="Inspections by third parties",
)


@blueprint.post("/<string:number>/attestations")
@require_actor  # before the file is read
@blueprint.arguments(schemas.AttestationFileIn, location="files")
@blueprint.response(200, schemas.AttestedOut)
def attest(files: dict[str, Any], number: str) -> dict[str, Any]:
    """Attach an inspection of your own to registered data (assessors of accredited bodies only)."""
    actor = current_actor()
    attested = service.opened(service.read(files["file"]))
    with transaction() as session:
        row, step = service.attest(session, actor, number, attested)
        return {
            "id": row.id,
            "number": number,
            "file_digest": attested.file_digest,
            "report_digest": row.report_digest,
            "statement_digest": row.statement_digest,
            "attested_at": row.attested_at,
            "entry_id": step.entry_id,
            "index": index_of(session, step.entry_id),
        }
