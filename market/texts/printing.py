"""Sets a filled blank form in type for whoever asks: counted by network address, few at a time, bounded in the child.

What was filled in is data of the document and never markup (:mod:`contracts.render`); what is too long, invisible or
without a glyph is refused with the blank named, before anything is started.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from contracts import document, render
from contracts.errors import RenderError, UncoveredError
from contracts.library import Model
from market import clock
from market.db import transaction
from market.errors import Invalid, Unavailable
from market.i18n import CHINA
from market.i18n import gettext as _
from market.participants import attempts
from market.participants.web import address
from market.texts import form

AT_ONCE: Final = 2
"""Forms that one process sets at the same time; each takes a processor for about a second."""
PATIENCE: Final = 30
"""Seconds that one waits for its turn."""
_turns: Final = threading.BoundedSemaphore(AT_ONCE)


def pdf(model: Model, values: Mapping[str, Any], prefix: str = form.PREFIX) -> bytes:
    """Return the blank form of a text, filled as far as the values go.

    Args:
        model: a text from 1.0 on.
        values: values of some of its blanks, from whoever asks.
        prefix: what names of blanks begin with where faults are told.

    Raises:
        Invalid: a value may not stand in its blank, or a character cannot be set (``fields`` names each).
        TooMany: too many forms were asked for from this network address.
        Unavailable: too many others are being set now, or it could not be set.
    """
    if faults := form.faults(model, values, complete=False):
        raise _refused(faults, prefix)
    draft = document.blank_form(model, values, clock.now().astimezone(CHINA).date())
    try:
        render.refuse_uncovered(draft.content)
    except UncoveredError as error:
        raise _refused({form.PREFIX + error.field: [_cannot_set(error.character)]}, prefix) from error
    with transaction() as session:
        attempts.note_form(session, model.id, address())
    with _turn():
        try:
            return render.render(draft).pdf
        except RenderError as error:
            raise Unavailable(
                "text.not_set", _("The form could not be set in type. Try again later.")
            ) from error


def _refused(faults: dict[str, list[str]], prefix: str) -> Invalid:
    message = _("Some blanks cannot be filled so. Correct them and send again.")
    fields = {prefix + name.removeprefix(form.PREFIX): said for name, said in faults.items()}
    return Invalid("text.blank_refused", message, fields=fields)


def _cannot_set(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return _(
        "The fonts of contracts have no glyph for %(character)s (%(code)s). Write it another way.",
        character=character,
        code=code,
    )


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Unavailable(
            "text.busy",
            _("Many forms are being set in type just now. Try again in a minute."),
            retry_after=60,
        )
    try:
        yield
    finally:
        _turns.release()
