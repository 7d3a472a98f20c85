"""What is said of a file that still holds once it was cleaned: its declaration, and what reviewers took columns for.

Both are carried over to the file that came out, by the names that its columns have now. A column that was left out or
masked takes nothing with it: what it holds must be said again. A correction that found nothing sensitive is not carried
either, since cleaning may bring to light what the reviewer could not see.
"""

import uuid
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.inspection.cleaning.recipe import DropColumns, Mask, Recipe, Rename
from market.inspection.declared.model import Declared, from_json
from market.registry.declarations import declaration_of
from market.registry.models import Correction, Declaration, Revision
from market.steps import Pending


def carry(session: Session, step: Pending, source: Revision, revision: Revision, recipe: Recipe) -> None:
    """Say of a cleaned file what was said of its source and still holds, within the step that adds it.

    Args:
        session: the session of the transaction.
        step: the step.
        source: the file that was cleaned.
        revision: the file that came out, already in the database.
        recipe: what was done.
    """
    _carry_declaration(session, step, source, revision, recipe)
    _carry_corrections(session, step, source, revision, recipe)


def name_after(name: str, recipe: Recipe) -> str | None:
    """Return what a column is called in the cleaned file; None where it was left out or masked."""
    for operation in recipe.operations:
        match operation:
            case Rename(column=old, name=new) if old == name:
                name = new
            case Mask(column=hidden) if hidden == name:
                return None
            case DropColumns(columns=left) if name in left:
                return None
    return name


def declared_after(declared: Declared, recipe: Recipe) -> Declared | None:
    """Return what still holds of a declaration; None where no column of it is left.

    A rule of rows holds on where each of its columns has kept its name; a key and a period where their columns are
    still there.
    """
    names = {column.name: name_after(column.name, recipe) for column in declared.columns}
    columns = {new: replace(column, name=new) for column in declared.columns if (new := names[column.name])}
    if not columns:
        return None
    same = {column.name: column.type for column in declared.columns if names[column.name] == column.name}
    kept = tuple(rule for rule in declared.rules if _fits(rule.expression, same))
    key = tuple(new for name in declared.key if (new := names[name]))
    period = declared.period
    moved = names[period.column] if period else None
    return Declared(
        columns=tuple(columns.values()),
        key=key if len(key) == len(declared.key) else (),
        rules=kept,
        period=replace(period, column=moved) if period and moved else None,
        description=declared.description,
    )


def _fits(expression: str, types: Mapping[str, str]) -> bool:
    """Tell whether a rule of rows names no column but these."""
    from market.inspection.declared import rules

    try:
        rules.parse(expression, types)
    except rules.Denied:
        return False
    return True


def _carry_declaration(
    session: Session, step: Pending, source: Revision, revision: Revision, recipe: Recipe
) -> None:
    before = declaration_of(session, source.id)
    declared = declared_after(from_json(before.document), recipe) if before else None
    if before is None or declared is None:
        return
    session.add(
        Declaration(
            id=uuid.uuid4(),
            step_id=step.id,
            revision_id=revision.id,
            ordinal=1,
            provider_id=before.provider_id,
            document=declared.to_json(),
            digest=declared.digest,
            origin=before.origin,
            declared_at=before.declared_at,
        )
    )


def _carry_corrections(
    session: Session, step: Pending, source: Revision, revision: Revision, recipe: Recipe
) -> None:
    query = select(Correction).where(Correction.revision_id == source.id).order_by(Correction.ordinal)
    last = {one.column: one for one in session.scalars(query)}
    standing = [one for one in last.values() if one.kind is not None]
    named = [(name, one) for one in standing if (name := name_after(one.column, recipe))]
    for place, (name, one) in enumerate(named, 1):
        session.add(
            Correction(
                id=uuid.uuid4(),
                step_id=step.id,
                revision_id=revision.id,
                ordinal=place,
                column=name,
                kind=one.kind,
                instead_of=one.instead_of,
                reason=one.reason,
                corrected_at=one.corrected_at,
            )
        )
