"""How a file of an asset was cleaned, as values for its page, for the public and for programs."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from market.actor import Actor
from market.i18n import _
from market.inspection.cleaning import explain as cleaning
from market.inspection.cleaning.parsing import parse
from market.inspection.refusal import Facts
from market.permissions import Relation
from market.registry.cleaning_words import said
from market.registry.declarations import last_measured
from market.registry.models import Asset, Cleaning, CleaningRequest, Revision
from market.registry.reading import relation


@dataclass(frozen=True)
class Figures:
    """What was measured in a file, as far as a cleaning may change it.

    Attributes:
        rows: data rows.
        columns: how many.
        nulls: empty cells.
        duplicates: rows that are there already.
        letter: the grade.
        score: the grade as a decimal.
        quality: by the code of each indicator its numerator and denominator, None where it cannot be assessed.
    """

    rows: int
    columns: int
    nulls: int
    duplicates: int
    letter: str
    score: str
    quality: dict[str, tuple[int, int] | None]


@dataclass(frozen=True)
class Done:
    """A cleaning that was done, with what was measured before and after.

    Attributes:
        cleaning: the row.
        operations: each as a sentence, with what it did; none where the recipe was erased.
        before: of the source.
        after: of the file that came out; None until it is measured.
    """

    cleaning: Cleaning
    operations: list[tuple[str, dict[str, Any]]]
    before: Figures | None
    after: Figures | None


def explain(code: str, facts: Facts) -> str:
    """Return why a recipe could not be followed, in the reader's language."""
    own = {
        "recipe.overtaken": _(
            "The file was handed in or replaced before the recipe was followed; nothing was changed."
        ),
        "recipe.unchanged": _("The recipe changes nothing in this file."),
        "recipe.too_large": _("The cleaned file is larger than an upload may be."),
    }
    return own[code] if code in own else cleaning.explain(code, facts)


def why(asked: CleaningRequest) -> str | None:
    """Return why a recipe could not be followed; None while it waits."""
    return explain(asked.refusal, asked.facts or {}) if asked.refusal else None


def asked(session: Session, actor: Actor, asset: Asset, revision: Revision) -> CleaningRequest | None:
    """Return the recipe that waits or could not be followed for a file; for its provider's people alone."""
    if relation(actor, asset) is not Relation.OWN:
        return None
    query = select(CleaningRequest).where(CleaningRequest.revision_id == revision.id)
    return session.scalars(query).one_or_none()


def cleanings(session: Session, revision_id: uuid.UUID) -> list[Cleaning]:
    """Return the cleanings that led to a file, the first one first; none where it is as it was uploaded."""
    found: list[Cleaning] = []
    query = select(Cleaning).where(Cleaning.revision_id == revision_id)
    while (one := session.scalars(query).one_or_none()) is not None:
        found.insert(0, one)
        query = select(Cleaning).where(Cleaning.revision_id == one.source_id)
    return found


def done(session: Session, revision_id: uuid.UUID) -> list[Done]:
    """Return the same with what was measured before and after each."""
    return [
        Done(one, _operations(one), _figures(session, one.source_id), _figures(session, one.revision_id))
        for one in cleanings(session, revision_id)
    ]


def document(one: Cleaning) -> dict[str, Any]:
    """Return a cleaning as everybody may see it who may see the file; without its recipe once that was erased."""
    return {
        "recipe": json.loads(one.recipe) if one.recipe else None,
        "recipe_digest": one.recipe_digest,
        "source_digest": one.source_digest,
        "result_digest": one.result_digest,
        "rows": one.rows,
        "kept": one.kept,
        "changes": one.changes,
        "engine": one.engine,
        "cleaned_at": one.cleaned_at,
        "entry_id": one.step_id,
    }


def _operations(one: Cleaning) -> list[tuple[str, dict[str, Any]]]:
    if not one.recipe:
        return []
    return [
        (said(operation), change)
        for operation, change in zip(parse(one.recipe).operations, one.changes, strict=True)
    ]


def _figures(session: Session, revision_id: uuid.UUID) -> Figures | None:
    inspection = last_measured(session, revision_id)
    if inspection is None or inspection.report is None:
        return None
    report = json.loads(inspection.report)
    whole = [figure for figure in report["quality"] if figure["column"] is None]
    return Figures(
        rows=report["rows"],
        columns=len(report["columns"]),
        nulls=sum(column["nulls"] for column in report["columns"]),
        duplicates=report["duplicate_rows"],
        letter=report["grade"]["letter"],
        score=report["grade"]["score"],
        quality={
            figure["code"]: None
            if "reason" in figure
            else (int(figure["numerator"]), int(figure["denominator"]))
            for figure in whole
        },
    )
