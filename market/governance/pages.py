"""Pages of the operator's own acts."""

import uuid
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms, permissions, steps
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound
from market.governance import erasing, labels, rotation, schemas
from market.governance.erasing import Ground
from market.i18n import gettext as _
from market.keys import authority, ring, stamping
from market.keys import labels as key_labels
from market.participants.web import current_actor
from market.rules import book

pages = Blueprint("governance", __name__)

NEWEST: Final = 20
"""Time stamps shown."""


@pages.app_context_processor
def _offers() -> dict[str, Any]:
    """Let pages of lower rooms offer the way here to those who may go it."""
    return {"may_erase": _may_erase}


@pages.get("/erasure")
def erasure() -> ResponseReturnValue:
    """Look for a person, and show what is kept about them and what erasing them would do."""
    actor = current_actor()
    permissions.require(actor, erasing.ACTION, permissions.Relation.OTHER)
    if "email" not in request.args:
        return _looking({})
    try:
        data: dict[str, Any] = schemas.PersonQuery().load({"email": request.args["email"]})
        with read() as session:
            found = erasing.find(session, actor, data["email"])
    except ValidationError as error:
        return _looking(forms.faults(error)), 422
    except NotFound as error:
        return _looking({"email": [error.message]}), 422
    return _asking(found, {}, {})


@pages.post("/erasure/<uuid:user_id>")
def erase_person(user_id: uuid.UUID) -> ResponseReturnValue:
    """Erase a person whose address was typed once more."""
    actor = current_actor()
    try:
        permissions.require(actor, erasing.ACTION, permissions.Relation.OTHER)
        data = forms.load(schemas.ErasePersonIn())
        with transaction() as session:
            step = erasing.erase(session, actor, user_id, data["confirm"], Ground(data["ground"]))
    except (ValidationError, Invalid) as error:
        with read() as session:
            found = erasing.seen(session, actor, user_id)
        return _asking(found, request.form.to_dict(), forms.faults(error)), 422
    except Conflict as error:
        with read() as session:
            found = erasing.seen(session, actor, user_id)
        return _asking(found, request.form.to_dict(), {"_schema": [error.message]}), 409
    flash(_("The person is erased. This entry lists what can no longer be opened."), "done")
    return redirect(url_for("oversight.entry", entry_id=step.entry_id), 303)


@pages.get("/ledger/keys")
def log_keys() -> ResponseReturnValue:
    """Show everybody which keys signed the log, who time-stamped it, and the exchange's own authority."""
    with read() as session:
        rows = [
            {
                "key": key,
                "id": key.verifier.id.hex(),
                "first": first,
                "last": last,
                "entry": steps.chain(session, key.row.id)[0].id,
            }
            for key, first, last in ring.spans(session)
        ]
        free_at = rotation.state(session).free_at
        stamps = stamping.newest(session, NEWEST)
        authorities = [
            {
                "purpose": key_labels.PURPOSES[row.purpose],
                "subject": found.subject.rfc4514_string(),
                "until": found.not_valid_after_utc,
                "digest": found.fingerprint(hashes.SHA256()).hex(),
                "entry": row.step_id,
            }
            for row in authority.rows(session, seal=True)
            for found in (authority.certificate(row),)
        ]
    return render_template(
        "pages/governance/keys.html", rows=rows, free_at=free_at, stamps=stamps, authorities=authorities
    )


def _may_erase() -> bool:
    person = g.get("person")
    return person is not None and permissions.allowed(
        person.actor, erasing.ACTION, permissions.Relation.OTHER
    )


def _looking(faults: dict[str, Any]) -> str:
    return render_template(
        "pages/governance/erasure.html", values={"email": request.args.get("email", "")}, faults=faults
    )


def _asking(found: erasing.Preview, values: dict[str, str], faults: dict[str, Any]) -> str:
    return render_template(
        "pages/governance/person.html",
        found=found,
        rows=[(labels.TABLES[name], count) for name, count in found.rows.items()],
        grounds=[(ground.value, labels.GROUNDS[ground]) for ground in Ground],
        values={"confirm": values.get("confirm", ""), "ground": values.get("ground", "")},
        faults=faults,
        backup_days=book().value("backup.days"),
    )
