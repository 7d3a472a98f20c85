"""The steps of an object as a page's timeline tells them; what is still to come is the caller's to add."""

import uuid
from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy.orm import Session

from market import words
from market.i18n import gettext as _
from market.steps.models import Step
from market.steps.reader import story
from market.steps.record import RECOVERY


def told(
    session: Session,
    handle: str,
    who: Callable[[Step], str],
    about: str | tuple[str, ...] = "",
    only: Collection[uuid.UUID] | None = None,
) -> list[dict[str, Any]]:
    """Return one item a step, oldest first, each with the entry that proves it.

    Args:
        session: a session that reads.
        handle: of the object.
        who: says in the reader's words who took a step.
        about: what kinds must begin with; empty for all.
        only: ids of the steps that are told; None for all.
    """
    return [
        {
            "label": words.kind_label(step.kind),
            "state": "stopped" if words.stopped(step.kind) else "done",
            "at": step.time,
            "who": _("not known any more") if step.via == RECOVERY else who(step),
            "entry": step.entry_id,
            "index": index,
        }
        for step, index in story(session, handle)
        if step.kind.startswith(about) and (only is None or step.id in only)
    ]
