"""The step by which a provider declares what a file should hold; the file is then measured against it."""

import json
import uuid
from typing import Any

from sqlalchemy.orm import Session

from market import jobs, steps
from market.actor import Actor
from market.errors import Invalid
from market.i18n import _
from market.inspection.declared import document, drafting, faults
from market.inspection.declared.foreign import Taken
from market.inspection.declared.model import Declared, build, from_json
from market.inspection.declared.wording import explain
from market.inspection.sensitive.classes import Sensitive
from market.permissions import Relation, require
from market.registry.declarations import declaration_of, last_measured
from market.registry.models import Declaration, Origin
from market.registry.reading import (
    asset_of,
    is_draft,
    not_inspected,
    relation,
    revision_for,
    revision_of,
    update_of,
)
from market.registry.states import wrong_state
from market.steps import Kind, Step


def declare(session: Session, actor: Actor, asset_id: uuid.UUID, declared: Declared, origin: Origin) -> Step:
    """Declare what a draft's file should hold; it is measured again.

    Args:
        session: the session of the transaction.
        actor: a member of the provider.
        asset_id: which asset.
        declared: what is declared, valid by itself.
        origin: where it was taken from.

    Raises:
        Conflict: the asset is no draft any more (``asset.wrong_state``).
        Forbidden: the actor may not declare.
        Invalid: a column is declared to hold a class of data that does not exist (``declaration.invalid``).
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id, lock=True)
    require(actor, "asset.declare", relation(actor, asset))
    _demand_classes(declared)
    revision = revision_of(session, asset)
    before = declaration_of(session, revision.id)
    given = {"digest": declared.digest}
    if before is not None and before.digest == declared.digest:
        return steps.repeat(session, actor, Kind.ASSET_DECLARED, asset.handle, given)
    if not is_draft(asset, update_of(session, revision.id)):
        raise wrong_state(asset.state)
    step = steps.begin(actor, Kind.ASSET_DECLARED, asset.handle)
    session.add(
        Declaration(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=revision.id,
            ordinal=before.ordinal + 1 if before else 1,
            provider_id=asset.provider_id,
            document=declared.to_json(),
            digest=declared.digest,
            origin=origin,
            declared_at=step.time,
        )
    )
    jobs.queue(session, "revision.uploaded", revision=revision.id)
    return steps.record(session, step, given=given)


def current(session: Session, actor: Actor, asset_id: uuid.UUID) -> tuple[Declared, Declaration | None]:
    """Return what is declared of an asset's file, with its row; a draft from what was measured while nothing is.

    Raises:
        Conflict: nothing is declared and nothing measured either (``asset.not_inspected``).
        NotFound: no such asset.
    """
    asset = asset_of(session, actor, asset_id)
    revision = revision_for(session, actor, asset)
    row = declaration_of(session, revision.id)
    if row is not None:
        return from_json(row.document), row
    inspection = last_measured(session, revision.id)
    if inspection is None or inspection.report is None:
        raise not_inspected()
    own = relation(actor, asset) is Relation.OWN
    preview = json.loads(inspection.preview) if own and inspection.preview else None
    return drafting.draft(json.loads(inspection.report), preview), None


def built(values: dict[str, Any]) -> Declared:
    """Make a declaration from plain values.

    Raises:
        Invalid: all that is wrong, each fault by its path (``declaration.invalid``).
    """
    try:
        return build(values)
    except faults.Invalid as error:
        raise refusal(error.faults) from error


def taken(data: bytes) -> tuple[Taken, Origin]:
    """Read a declaration out of a file, see :func:`market.inspection.declared.document.read`.

    Raises:
        Invalid: it is none, or too much of it is wrong (``declaration.invalid``).
    """
    try:
        read, form = document.read(data)
    except faults.Invalid as error:
        raise refusal(error.faults) from error
    return read, Origin(form)


def refusal(found: tuple[faults.Fault, ...]) -> Invalid:
    """Return the error that says all that is wrong with a declaration, field by field."""
    fields: dict[str, list[str]] = {}
    for fault in found:
        fields.setdefault(fault.path, []).append(explain(fault))
    return Invalid(
        "declaration.invalid",
        _("The declaration cannot be taken; correct what is named."),
        fields=fields,
        faults=[{"path": one.path, "code": one.code} for one in found],
    )


def _demand_classes(declared: Declared) -> None:
    known = set(Sensitive)
    wrong = tuple(
        faults.Fault(f"columns.{place}.personal", "declared.personal")
        for place, column in enumerate(declared.columns)
        if column.personal is not None and column.personal not in known
    )
    if wrong:
        raise refusal(wrong)
