"""Which earlier assets hold mostly the same data as a new one (rule R2.5).

A file is found by marks: of each of its samples the values of the highest level that leaves a few. Every column has
its share of the marks, not the best columns alone, since somebody may register a part of the columns. What shares marks
with a new file is a candidate, and only the nearest of them are compared in full.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from market.registry import fingerprint
from market.registry.containment import Likeness, Sample, Table
from market.registry.files import is_claiming
from market.registry.models import Asset, Fingerprint, FingerprintMark, Revision
from market.registry.states import CLAIMING, RegistrationState
from market.rules import book

MARKS_OF_ROWS = 64
MARKS_OF_COLUMNS = 192
"""Marks at most, over all columns, though never fewer than :data:`MARKS_OF_A_COLUMN` for one."""
MARKS_OF_A_COLUMN = 12
SELDOM = Fraction(1, 10)
"""A column that may have more of its values than that in common with any other by chance is no good to find by."""
PROBES = 256
"""Values of each sample at most that are looked up among the marks."""
CANDIDATES = 5
"""Earlier assets that are compared in full: those with the most marks in common."""


@dataclass(frozen=True)
class Alike:
    """An earlier asset that has data in common with a new one; ``likeness.contained`` is of the new one's."""

    asset: Asset
    likeness: Likeness

    @property
    def contained(self) -> int:
        """How much of the new data stands in the earlier asset, per cent, rounded down."""
        return int(self.likeness.contained.value * 100)

    @property
    def contains(self) -> int:
        """How much of the earlier asset's data stands in the new one, per cent, rounded down."""
        return int(self.likeness.contains.value * 100)


def keep(session: Session, revision_id: uuid.UUID, samples: Sequence[Sample]) -> None:
    """Keep the fingerprint of a file that was measured, once; nothing where there is nothing to know it by."""
    if not samples or session.scalar(select(Fingerprint.id).where(Fingerprint.revision_id == revision_id)):
        return
    row = Fingerprint(revision_id=revision_id, samples=fingerprint.pack(samples))
    session.add(row)
    session.flush()
    session.execute(
        insert(FingerprintMark),
        [{"value": value, "fingerprint_id": row.id} for value in sorted(marks(samples))],
    )


def marks(samples: Sequence[Sample]) -> set[int]:
    """Return the values by which a file is found."""
    finding = _finding(samples)
    each = max(MARKS_OF_A_COLUMN, MARKS_OF_COLUMNS // max(1, sum(not one.rows for one in finding)))
    return {value for one in finding for value in one.cut(MARKS_OF_ROWS if one.rows else each)}


def alike(
    session: Session, asset: Asset, revision: Revision, states: Collection[RegistrationState] = CLAIMING
) -> list[Alike]:
    """Return the other assets that have data in common with one, the most first.

    Only those from the share on that the rule book names ``likeness.shown``.

    Args:
        session: a session.
        asset: the one that is held against the others.
        revision: its file.
        states: in which the others are; those that stand in the way of a registration unless given.
    """
    own = session.scalar(select(Fingerprint.samples).where(Fingerprint.revision_id == revision.id))
    if own is None:
        return []
    samples, shown = fingerprint.unpack(own), Fraction(book().value("likeness.shown"), 100)
    table = Table(samples)
    found = [
        Alike(other, table.likeness(fingerprint.unpack(stored)))
        for other, stored in _candidates(session, asset.id, samples, states)
    ]
    kept = [one for one in found if one.likeness.most >= shown]
    return sorted(kept, key=lambda one: (-one.likeness.most, one.asset.drafted_at, one.asset.id))


def same(found: Sequence[Alike]) -> list[Alike]:
    """Return those with so much in common that the data are taken for the same (``likeness.refused``)."""
    enough = Fraction(book().value("likeness.refused"), 100)
    return [one for one in found if one.likeness.reaches(enough)]


def may_name(asset: Asset, provider_id: uuid.UUID) -> bool:
    """Tell whether a provider may learn of an asset: it is registered, thus public, or its own."""
    return asset.state is RegistrationState.REGISTERED or asset.provider_id == provider_id


def _finding(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the samples by which a file is found: those that seldom have a value in common with any other, if any."""
    return [one for one in samples if one.chance <= SELDOM] or samples


def _candidates(
    session: Session, asset_id: uuid.UUID, samples: Sequence[Sample], states: Collection[RegistrationState]
) -> list[tuple[Asset, bytes]]:
    probes = {value for one in _finding(samples) for value in one.cut(PROBES)}
    hits = (
        select(FingerprintMark.fingerprint_id, func.count().label("shared"))
        .where(FingerprintMark.value.in_(probes))
        .group_by(FingerprintMark.fingerprint_id)
        .subquery()
    )
    query = (
        select(Asset, Fingerprint.samples)
        .join(Revision, Revision.asset_id == Asset.id)
        .join(Fingerprint, Fingerprint.revision_id == Revision.id)
        .join(hits, hits.c.fingerprint_id == Fingerprint.id)
        .where(Asset.id != asset_id, Asset.state.in_(states), is_claiming())
        .order_by(hits.c.shared.desc(), Asset.drafted_at, Asset.id)
        .limit(CANDIDATES)
    )
    return [(asset, stored) for asset, stored in session.execute(query)]
