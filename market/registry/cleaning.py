"""Cleaning a file of an asset by its provider's recipe: asked for in one step of work, done by a job, told in the log.

The recipe waits in a row of its own. A job follows it in a child process, outside of any transaction, and stores the
file that comes out; one transaction then makes that file the one on which provider and reviewers work, says how it was
made (:class:`market.registry.models.Cleaning`) and has it measured. What stops a job half way leaves the recipe
waiting, and a recipe that does not fit leaves nothing but the reason. That the provider wants the file that came out is
said by handing it in.
"""

import json
import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from market import clock, jobs, steps, storage
from market.actor import Actor
from market.db import locked, read, transaction
from market.errors import Conflict, Invalid
from market.i18n import _
from market.inspection.cleaning.parsing import RecipeError, parse
from market.inspection.cleaning.recipe import PARQUET, Recipe
from market.inspection.cleaning.service import Cleaned, clean_file
from market.inspection.formats import COMPRESSED, MEDIA_TYPES
from market.inspection.refusal import Refusal
from market.permissions import require
from market.registry import cleaning_carrying, progress
from market.registry.files import last_ordinal
from market.registry.models import Asset, Cleaning, CleaningRequest, Revision, Update
from market.registry.reading import (
    asset_of,
    is_draft,
    measured_in,
    not_inspected,
    relation,
    revision_of,
    update_of,
)
from market.registry.states import UpdateEvent, advance_update, wrong_state
from market.rules import book
from market.steps import Kind, Pending
from market.storage import Blob
from market.storage.blob import CHUNK, OverCap

_NAME = 200
"""Longest name of a file, in characters."""
_MARK = "-cleaned"


def read_recipe(document: object) -> Recipe:
    """Read a recipe from plain values.

    Raises:
        Invalid: every faulty operation is named by its path (``cleaning.invalid``).
    """
    try:
        return parse(json.dumps(document, ensure_ascii=False))
    except RecipeError as error:
        raise refusal(error) from error


def refusal(error: RecipeError) -> Invalid:
    """Return the error that says all that is wrong with a recipe, by its path."""
    fields: dict[str, list[str]] = {}
    for fault in error.faults:
        fields.setdefault(fault.path or "_schema", []).append(fault.message)
    return Invalid(
        "cleaning.invalid", _("The recipe cannot be followed; correct what is named."), fields=fields
    )


def ask(
    session: Session, actor: Actor, asset_id: uuid.UUID, recipe: Recipe, key: str | None = None
) -> CleaningRequest | None:
    """Have the file of a draft, or of a newer file that is one, cleaned by a recipe.

    Args:
        session: the session of the transaction.
        actor: a member of the provider.
        asset_id: which asset.
        recipe: what is done to the file.
        key: the ``Idempotency-Key``.

    Returns:
        What waits now; None where the key asked for it before and it was done since.

    Raises:
        Conflict: it is no draft (``asset.wrong_state``), was not or could not be measured (``asset.not_inspected``),
            another recipe of this asset waits (``cleaning.under_way``), or the key was used for something else.
        Forbidden: the actor may not.
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.clean", relation(actor, asset))
    given = {"asset": str(asset_id), "recipe": recipe.digest}
    before = request_of(session, asset_id)
    if steps.once(session, actor, key, Kind.REVISION_CLEANED, given) is not None:
        return before
    revision = revision_of(session, asset)
    _demand_cleanable(session, asset, revision)
    if before is not None and before.refusal is None:
        if before.recipe == recipe.text:
            return before
        raise Conflict("cleaning.under_way", _("A recipe is being followed; wait until that has ended."))
    _forget(session, asset_id)
    request = CleaningRequest(
        id=uuid.uuid4(),
        asset_id=asset_id,
        revision_id=revision.id,
        recipe=recipe.text,
        asked_at=clock.now(),
    )
    session.add(request)
    steps.remember(session, actor, key, Kind.REVISION_CLEANED, given, request.id)
    jobs.queue(session, "cleaning.asked", request=request.id)
    return request


def request_of(session: Session, asset_id: uuid.UUID) -> CleaningRequest | None:
    """Return the recipe of an asset that waits or could not be followed."""
    query = select(CleaningRequest).where(CleaningRequest.asset_id == asset_id)
    return session.scalars(query).one_or_none()


def on_asked(request: str) -> None:
    """Job: follow a recipe that waits, and record the file that came out or why there is none.

    Raises:
        StoreError: the bytes cannot be read or stored; the job is tried again.
    """
    with read() as session:
        waiting = session.get(CleaningRequest, uuid.UUID(request))
        if waiting is None or waiting.refusal is not None:
            return
        source = session.get_one(Revision, waiting.revision_id)
    recipe = parse(waiting.recipe)
    try:
        outcome: _Stored | Refusal = _followed(source, recipe)
    except Refusal as refused:
        outcome = refused
    with transaction() as session:
        asset = locked(session, Asset, source.asset_id)
        current = session.get(CleaningRequest, waiting.id)
        if current is None or current.refusal is not None:  # another worker was faster
            return
        progress.forget(session, source.id)
        revision = revision_of(session, asset)
        if revision.id != source.id or not is_draft(asset, update_of(session, revision.id)):
            outcome = Refusal("recipe.overtaken")
        if isinstance(outcome, Refusal):
            current.refusal, current.facts = outcome.code, dict(outcome.facts)
            return
        _record(session, asset, source, recipe, outcome)


class _Stored(NamedTuple):
    """A file that was made by a recipe and is stored."""

    cleaned: Cleaned
    blob: Blob


def _followed(source: Revision, recipe: Recipe) -> _Stored:
    """Clean a file and store what comes out.

    Raises:
        Refusal: the recipe does not fit the file, changes nothing in it, or what comes out is too large.
        StoreError: the bytes cannot be read or stored.
    """
    cap: int = book().value("upload.max_bytes")
    with (
        storage.current().local_path(source.digest) as path,
        tempfile.TemporaryDirectory(prefix="cleaned-") as folder,
    ):
        out = Path(folder) / "out"
        cleaned = clean_file(path, source.media_type, recipe, out, progress=progress.teller(source.id))
        if cleaned.source_digest != source.digest:
            raise RuntimeError(f"revision {source.id}: the cleaned bytes are not the uploaded ones")
        if cleaned.digest == source.digest:
            raise Refusal("recipe.unchanged")
        with out.open("rb") as file:
            try:
                blob = storage.current().put_stream(iter(lambda: file.read(CHUNK), b""), cap)
            except OverCap:
                raise Refusal("recipe.too_large") from None
    return _Stored(cleaned, blob)


def _record(session: Session, asset: Asset, source: Revision, recipe: Recipe, stored: _Stored) -> None:
    """Put the file that came out in the place of the one that was cleaned: one step."""
    cleaned, blob = stored
    step = steps.begin(Actor.system("cleaning"), Kind.REVISION_CLEANED, asset.handle)
    revision = Revision(
        id=uuid.uuid4(),
        step_id=step.id,
        asset_id=asset.id,
        ordinal=last_ordinal(session, asset.id) + 1,
        digest=blob.digest,
        size=blob.size,
        media_type=cleaned.media_type,
        filename=named(source.filename, cleaned.media_type),
    )
    session.add(revision)
    session.flush()
    session.add(
        Cleaning(
            id=uuid.uuid4(),
            step_id=step.id,
            source_id=source.id,
            revision_id=revision.id,
            provider_id=asset.provider_id,
            recipe=recipe.text,
            recipe_digest=cleaned.recipe_digest,
            source_digest=cleaned.source_digest,
            result_digest=cleaned.digest,
            rows=cleaned.rows,
            kept=cleaned.kept,
            changes=list(cleaned.changes),
            engine=dict(cleaned.engine),
            cleaned_at=step.time,
        )
    )
    _renew_update(session, step, source, revision)
    cleaning_carrying.carry(session, step, source, revision, recipe)
    _forget(session, asset.id)
    jobs.queue(session, "revision.uploaded", revision=revision.id)
    steps.record(session, step, given={"recipe": cleaned.recipe_digest, "source": source.digest})


def _renew_update(session: Session, step: Pending, source: Revision, revision: Revision) -> None:
    """Withdraw the update that the source came with, if any, and let the new file be one in its stead."""
    update = update_of(session, source.id)
    if update is None:
        return
    update.state = advance_update(update.state, UpdateEvent.WITHDRAW)
    update.step_id = step.id
    session.add(
        Update(
            id=uuid.uuid4(),
            step_id=step.id,
            asset_id=update.asset_id,
            revision_id=revision.id,
            after_id=update.after_id,
            changes=update.changes,
            uploaded_at=step.time,
        )
    )


def named(filename: str, media_type: str) -> str:
    """Return the name of a cleaned file: that of its source, marked, with the ending of what it is now."""
    stem, lower = filename, filename.lower()
    for endings in (COMPRESSED, tuple(MEDIA_TYPES)):
        found = next((ending for ending in endings if lower.endswith(ending)), "")
        lower = lower.removesuffix(found)
        stem = stem[: len(lower)]
    ending = _MARK + (".parquet" if media_type == PARQUET else ".csv")
    return stem.removesuffix(_MARK)[: _NAME - len(ending)] + ending


def _demand_cleanable(session: Session, asset: Asset, revision: Revision) -> None:
    if not is_draft(asset, update_of(session, revision.id)):
        raise wrong_state(asset.state)
    inspection = measured_in(session, revision.id)
    if inspection is None or inspection.report is None:
        raise not_inspected()


def _forget(session: Session, asset_id: uuid.UUID) -> None:
    session.execute(delete(CleaningRequest).where(CleaningRequest.asset_id == asset_id))
