"""Pages of the password: changing it, and coming back in by a letter when it is forgotten."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms
from market.db import read, transaction
from market.errors import Invalid, TooMany, Unauthenticated
from market.i18n import gettext as _
from market.i18n import language
from market.participants import credentials, passwords, resetting, schemas, web

pages = Blueprint("account", __name__)


@pages.get("/me/password")
@web.require_actor
def password() -> ResponseReturnValue:
    """Show the form that changes the password."""
    return _password()


@pages.post("/me/password")
@web.require_actor
def change_password() -> ResponseReturnValue:
    """Change the password of somebody who gives the present one; their other sessions end."""
    person = web.current_person()
    user_id, session_id = web.own_id(person), person.session_id
    try:
        data = forms.load(schemas.PasswordIn())
        with read() as session:
            email = resetting.email_of(session, user_id)
        credentials.checked_password(email, data["present"])
        new = passwords.hashed(data["password"])
    except Unauthenticated:
        return _password({"present": [_("This is not your current password.")]}), 422
    except (ValidationError, Invalid) as error:
        return _password(forms.faults(error)), 422
    if session_id is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    with transaction() as session:
        secret = resetting.change(session, user_id, session_id, new)
    response = redirect(url_for("participants.me"), 303)
    web.sign_in(response, secret)
    flash(_("The password is changed, and all other sessions are ended."), "done")
    return response


@pages.get("/forgotten")
def forgotten() -> ResponseReturnValue:
    """Show the form that asks for a letter."""
    return render_template(
        "pages/participants/forgotten.html", asked=False, values={}, faults={}, message=None
    )


@pages.post("/forgotten")
def ask() -> ResponseReturnValue:
    """Ask for a letter with a link; the answer is the same whether somebody has the address or not."""
    template, values = "pages/participants/forgotten.html", {"email": request.form.get("email", "")}
    try:
        data = forms.load(schemas.ForgottenIn())
        with transaction() as session:
            resetting.ask(session, data["email"], language(), web.address())
    except (ValidationError, TooMany) as error:
        return web.refused(template, error, values=values, asked=False)
    return render_template(template, values=values, asked=True, faults={}, message=None)


@pages.get("/password/<string:secret>")
def new_password(secret: str) -> ResponseReturnValue:
    """Show the form behind a link."""
    return _reset(secret)


@pages.post("/password/<string:secret>")
def set_password(secret: str) -> ResponseReturnValue:
    """Set a password by a link, which works once; all sessions and tokens of the person end."""
    try:
        data = forms.load(schemas.ResetIn())
        with read() as session:
            resetting.linked(session, secret)
        new = passwords.hashed(data["password"])
    except (ValidationError, Invalid) as error:
        return _reset(secret, forms.faults(error)), 422
    with transaction() as session:
        resetting.reset(session, secret, new)
    response = redirect(url_for("participants.sign_in"), 303)
    web.sign_out(response)
    flash(_("The password is set. Sign in with it; your tokens are out of use."), "done")
    return response


def _password(faults: dict[str, Any] | None = None) -> str:
    return render_template("pages/participants/password.html", faults=faults or {})


def _reset(secret: str, faults: dict[str, Any] | None = None) -> str:
    with read() as session:
        resetting.linked(session, secret)
    return render_template("pages/participants/reset.html", secret=secret, faults=faults or {})
