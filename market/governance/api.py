"""JSON routes of the operator's own acts, under ``/api/v1``."""

import uuid
from typing import Any

from market.actor import Scope
from market.db import read, transaction
from market.governance import erasing, schemas
from market.governance.erasing import Ground
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor
from market.steps import index_of

blueprint = Blueprint("governance_api", __name__, url_prefix="/api/v1", description="The operator's own acts")


@blueprint.get("/people")
@blueprint.arguments(schemas.PersonQuery, location="query")
@blueprint.response(200, schemas.PreviewOut)
def find_person(query: dict[str, Any]) -> dict[str, Any]:
    """Show what is kept about whoever has an address, and what erasing them would do (operators only)."""
    actor = current_actor(Scope.OPERATE)
    with read() as session:
        found = erasing.find(session, actor, query.get("email", ""))
    refusal = found.refusal
    return {
        "user_id": found.person.id,
        "email": found.person.email,
        "name": found.person.name,
        "openings": found.openings,
        "rows": found.rows,
        "sessions": found.sessions,
        "tokens": found.tokens,
        "refusal": refusal.code if refusal else None,
        "numbers": refusal.extra.get("numbers", []) if refusal else [],
    }


@blueprint.post("/people/<uuid:user_id>/erasure")
@blueprint.arguments(schemas.ErasePersonIn)
@blueprint.response(200, schemas.ErasedOut)
def erase_person(data: dict[str, Any], user_id: uuid.UUID) -> dict[str, Any]:
    """Erase a person's data for good; entries and trades stay, and name nobody."""
    actor = current_actor()
    with transaction() as session:
        step = erasing.erase(session, actor, user_id, data["confirm"], Ground(data["ground"]))
        return {"user_id": user_id, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
