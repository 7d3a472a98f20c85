"""Which tables there are, and what of a database the models do not declare.

The bond between rooms stands in migrations only, so that ``contracts`` and ``ledger`` work alone:
every stateful row has a deferred foreign key (``step_id``, ``id``) -> ``step_image``, every image and
opening one to its step, every step one to its entry.
"""

import importlib
import importlib.util
from typing import Any

from sqlalchemy import ForeignKeyConstraint, MetaData

from market.db import NAMING
from market.migrations.binding import STATEFUL

FEATURES = (
    "steps",
    "participants",
    "approvals",
    "keys",
    "registry",
    "catalog",
    "contracting",
    "payments",
    "delivery",
    "trades",
    "invoicing",
    "oversight",
)
"""Rooms of the market that have models; ``market.jobs`` has one beside them."""

SEARCH = "listing_search"
"""The search index is made by DDL of its own, one for each database."""


def load_models() -> None:
    """Import every module that declares tables."""
    importlib.import_module("market.jobs")
    for feature in FEATURES:
        try:
            importlib.import_module(f"market.{feature}.models")
        except ModuleNotFoundError:
            continue


def belongs_to_models(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Tell whether models and database should agree about a thing (for ``alembic``'s comparison)."""
    return kind != "table" or not (name or "").startswith((SEARCH, "alembic_version"))


def bonds(table: str) -> list[tuple[list[str], list[str]]]:
    """Return the foreign keys between rooms that a table carries: (columns, targets)."""
    found: list[tuple[list[str], list[str]]] = []
    if table in STATEFUL:
        found.append((["step_id", "id"], ["step_image.step_id", "step_image.row_id"]))
    if table == "step_image":
        found.append((["step_id"], ["step.id"]))
    if table == "vault":
        found.append((["entry_id"], ["step.id"]))
    if table == "step":
        found.append((["id"], ["ledger_entry.id"]))
    return found


def bound(sources: list[MetaData]) -> MetaData:
    """Return all tables in one metadata, with the bonds between rooms added."""
    together = MetaData(naming_convention=NAMING)
    for source in sources:
        for table in source.sorted_tables:
            copied = table.to_metadata(together)
            for columns, targets in bonds(table.name):
                options: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}
                copied.append_constraint(
                    ForeignKeyConstraint(columns, targets, name=f"bond_{table.name}", **options)
                )
    return together
