"""JSON routes of cleaning an asset's file, under ``/api/v1/assets/<id>/cleaning``."""

import json
import uuid
from typing import Any

from sqlalchemy.orm import Session

from market.actor import Actor
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key
from market.registry import cleaning, cleaning_reading, cleaning_schemas, progress, reading

blueprint = Blueprint("cleaning_api", __name__, url_prefix="/api/v1/assets", description="Assets")


@blueprint.get("/<uuid:asset_id>/cleaning")
@blueprint.response(200, cleaning_schemas.CleaningsOut)
def cleanings(asset_id: uuid.UUID) -> dict[str, Any]:
    """Return the recipes by which the asset's file was cleaned, with what each did, and what waits."""
    actor = current_actor()
    with read() as session:
        return _cleanings(session, actor, asset_id)


@blueprint.post("/<uuid:asset_id>/cleaning")
@blueprint.arguments(cleaning_schemas.RecipeIn)
@blueprint.response(202, cleaning_schemas.CleaningsOut)
def ask(data: dict[str, Any], asset_id: uuid.UUID) -> dict[str, Any]:
    """Have the file of a draft cleaned by a recipe; the file that comes out is measured and takes its place."""
    actor, key = current_actor(), idempotency_key()
    recipe = cleaning.read_recipe(data)
    with transaction() as session:
        cleaning.ask(session, actor, asset_id, recipe, key)
        return _cleanings(session, actor, asset_id)


def _cleanings(session: Session, actor: Actor, asset_id: uuid.UUID) -> dict[str, Any]:
    asset = reading.asset_of(session, actor, asset_id)
    revision = reading.revision_for(session, actor, asset)
    asked = cleaning_reading.asked(session, actor, asset, revision)
    return {
        "asked": asked
        and {
            "state": "refused" if asked.refusal else "pending",
            "recipe": json.loads(asked.recipe),
            "code": asked.refusal,
            "message": cleaning_reading.why(asked),
            "asked_at": asked.asked_at,
            "done": progress.done(session, revision.id),
        },
        "items": [cleaning_reading.document(one) for one in cleaning_reading.cleanings(session, revision.id)],
    }
