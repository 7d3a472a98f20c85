"""Steps: every registration, decision and trade step, each bound to one ledger entry.

A service does this, in one transaction::

    step = steps.begin(actor, Kind.ASSET_SUBMITTED, asset.handle)
    asset.state = advance(asset.state, Event.SUBMIT)
    asset.step_id = step.id
    steps.record(session, step, given={...})

``record`` flushes, takes the after-image of every stateful row that carries this step's id, writes a
salted commitment to each into a public leaf and what they open to into the vault, then the Step and
its entry. From then on the step is sealed: the database refuses any further row under it, any change
of a row without a new step, and any step without entry or entry without step.

This room is the only importer of :mod:`ledger.store`.
"""

from market.steps.erasing import (
    empty,
    erase,
    erase_again,
    erasures,
    openings_about,
    rows_about,
    subjects_of,
    truncate_journal,
)
from market.steps.kinds import Kind
from market.steps.models import Stateful, Step, StepImage, Vault
from market.steps.reader import Opening, chain, images_of, index_of, openings, steps_of, story, written
from market.steps.record import Pending, begin, demand_unfrozen, is_frozen, new_handle, record
from market.steps.recovering import recovered
from market.steps.repeat import forget, once, remember, repeat, taken

__all__ = [
    "Kind",
    "Opening",
    "Pending",
    "Stateful",
    "Step",
    "StepImage",
    "Vault",
    "begin",
    "chain",
    "demand_unfrozen",
    "empty",
    "erase",
    "erase_again",
    "erasures",
    "forget",
    "images_of",
    "index_of",
    "is_frozen",
    "new_handle",
    "once",
    "openings",
    "openings_about",
    "record",
    "recovered",
    "remember",
    "repeat",
    "rows_about",
    "steps_of",
    "story",
    "subjects_of",
    "taken",
    "truncate_journal",
    "written",
]
