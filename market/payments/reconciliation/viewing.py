"""Reports as pages and programs see them."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from market import paging, permissions
from market.actor import Actor
from market.paging import Page
from market.payments.models import Reconciliation
from market.payments.reconciliation import service
from market.permissions import Relation


def listed(session: Session, actor: Actor, cursor: str | None = None) -> Page[Reconciliation]:
    """Return a page of the reports, the latest planned first.

    Raises:
        Forbidden: neither an operator nor an auditor.
        Invalid: the cursor is not one of ours.
    """
    permissions.require(actor, "reconciliation.look", Relation.OTHER)
    moment, key = Reconciliation.planned_at, Reconciliation.id
    return paging.page(session, select(Reconciliation), moment, key, cursor)


def head(row: Reconciliation) -> dict[str, Any]:
    """Return what a list shows of a report."""
    return {
        "id": row.id,
        "object": row.handle,
        "first": row.begins_at.date(),
        "last": (row.ends_at - timedelta(microseconds=1)).date(),
        "state": row.state.value,
        "planned_at": row.planned_at,
        "made_at": row.made_at,
        "signed_at": row.signed_at,
        "differences": row.differences,
        "note": row.note,
        "entry_id": row.step_id,
    }


def whole(row: Reconciliation) -> dict[str, Any]:
    """Return a report with its sums and its lines."""
    summary = service.summary_of(row)
    lines = [{**line, "at": datetime.fromisoformat(line["at"])} for line in service.lines_of(row)]
    return {**head(row), **summary, "lines": lines}


def name_of(row: Reconciliation) -> str:
    """Return what a report's file is called."""
    shown = head(row)
    return f"reconciliation-{shown['first']}-{shown['last']}.csv"
