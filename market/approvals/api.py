"""JSON routes of an organisation's rule of approval, under ``/api/v1/approval-rule``."""

from typing import Any

from market.approvals import ruling, schemas
from market.approvals.ruling import Rule
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor
from market.steps import index_of

blueprint = Blueprint(
    "approvals_api", __name__, url_prefix="/api/v1/approval-rule", description="Approval by a second person"
)


@blueprint.get("")
@blueprint.response(200, schemas.RuleOut)
def show_rule() -> dict[str, Any]:
    """Show when a second person of your organisation must approve what is signed for it."""
    actor = current_actor()
    with read() as session:
        return schemas.shown(*ruling.own(session, actor))


@blueprint.put("")
@blueprint.arguments(schemas.RuleIn)
@blueprint.response(200, schemas.RuleStepOut)
def set_rule(data: Rule) -> dict[str, Any]:
    """Set it; it counts for every signature from now on, and undoes none."""
    actor = current_actor()
    with transaction() as session:
        step = ruling.put(session, actor, data)
        body = schemas.shown(*ruling.own(session, actor))
        return {**body, "entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
