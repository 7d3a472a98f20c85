"""Pages of the second factor: giving it after the password, setting one up, changing what there is.

Whoever gave the right password and still lacks a second factor is nobody to all other pages. Here they either give it
or, if their role needs one and there is none yet, set one up.
"""

import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import forms
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated
from market.i18n import gettext as _
from market.participants import (
    credentials,
    enrolling,
    factors,
    passkeys,
    resetting,
    schemas,
    web,
)
from market.participants.access import Lack, Person

pages = Blueprint("second_factor", __name__)


@pages.get("/sign-in/second-factor")
def ask() -> ResponseReturnValue:
    """Ask for a second factor: after the password, or once more before the factors are changed."""
    return _ask()


@pages.post("/sign-in/second-factor")
def give() -> ResponseReturnValue:
    """Take a code or a passkey's assertion; the session gets a new secret and is then its person's."""
    person = _somebody()
    user_id, session_id = web.own_id(person), person.session_id
    with read() as session:
        if session_id is None or not factors.enrolled(session, user_id):
            raise NotFound("second_factor.not_found", _("There is no such second factor."))
    try:
        if request.form.get("assertion"):
            data = forms.load(schemas.AssertionIn())
            credentials.counted(user_id)
            with transaction() as session:
                passkeys.assert_present(session, user_id, data["assertion"])
                secret = enrolling.prove(session, user_id, session_id)
        else:
            credentials.checked_code(user_id, forms.load(schemas.CodeIn())["code"])
            with transaction() as session:
                secret = enrolling.prove(session, user_id, session_id)
    except (ValidationError, Invalid, TooMany, Unauthenticated) as error:
        return _ask(error)
    response = redirect(wanted() or "/", 303)
    web.sign_in(response, secret)
    return response


@pages.post("/sign-in/second-factor/options")
def assertion_options() -> ResponseReturnValue:
    """Say what a passkey shall sign: a random challenge to sign in, or the digest of what its person will sign."""
    person = _somebody()
    data = forms.load(schemas.ChallengeIn())
    challenge = bytes.fromhex(data["challenge"]) if "challenge" in data else None
    if challenge is not None:
        web.current_actor()
    with transaction() as session:
        return jsonify(passkeys.assertion_options(session, web.own_id(person), challenge))


@pages.get("/me/second-factor")
def overview() -> ResponseReturnValue:
    """Show which second factors there are, and how to add one."""
    return _overview()


@pages.get("/me/second-factor/app")
def app_secret() -> ResponseReturnValue:
    """Show the secret of an authenticator app that is being set up."""
    return _app()


@pages.post("/me/second-factor/app")
def begin_app() -> ResponseReturnValue:
    """Begin to set up an authenticator app."""
    person = _enrolling()
    if stale := _stale(person):
        return stale
    with transaction() as session:
        user_id = enrolling.require_addable(session, person)
        factors.begin_app(session, user_id, resetting.email_of(session, user_id))
    return redirect(url_for("second_factor.app_secret"), 303)


@pages.post("/me/second-factor/app/confirmation")
def confirm_app() -> ResponseReturnValue:
    """Let the app count, since its first code was given."""
    person = _enrolling()
    if stale := _stale(person):
        return stale
    try:
        code = forms.load(schemas.CodeIn())["code"]
        credentials.counted(web.own_id(person))
        with transaction() as session:
            user_id = enrolling.require_addable(session, person)
            factors.confirm_app(session, user_id, code)
            codes = enrolling.added(session, user_id, person.session_id)
            secret = enrolling.prove(session, user_id, _session_id(person))
    except (ValidationError, Invalid, TooMany) as error:
        return _app(error)
    return _added(person, secret, codes)


@pages.post("/me/second-factor/passkeys/options")
def registration_options() -> ResponseReturnValue:
    """Say what a new passkey shall be made of."""
    person = _enrolling()
    with transaction() as session:
        user_id = enrolling.require_addable(session, person)
        email = resetting.email_of(session, user_id)
        return jsonify(passkeys.registration_options(session, user_id, email, person.name))


@pages.post("/me/second-factor/passkeys")
def add_passkey() -> ResponseReturnValue:
    """Keep a passkey that was made just now."""
    person = _enrolling()
    if stale := _stale(person):
        return stale
    try:
        data = forms.load(schemas.PasskeyIn())
        with transaction() as session:
            user_id = enrolling.require_addable(session, person)
            passkeys.register(session, user_id, data["label"], data["credential"])
            codes = enrolling.added(session, user_id, person.session_id)
            secret = enrolling.prove(session, user_id, _session_id(person))
    except (ValidationError, Invalid, Conflict) as error:
        return _overview(error)
    return _added(person, secret, codes)


@pages.post("/me/second-factor/app/removal")
@web.require_actor
def remove_app() -> ResponseReturnValue:
    """Take the authenticator app away."""
    return _remove(None)


@pages.post("/me/second-factor/passkeys/<uuid:passkey_id>/removal")
@web.require_actor
def remove_passkey(passkey_id: uuid.UUID) -> ResponseReturnValue:
    """Take a passkey away."""
    return _remove(passkey_id)


@pages.post("/me/second-factor/recovery-codes")
@web.require_actor
def renew_recovery_codes() -> ResponseReturnValue:
    """Replace the recovery codes, and show the new ones once."""
    person = web.current_person()
    if stale := _stale(person):
        return stale
    with transaction() as session:
        codes = enrolling.renew_recovery_codes(session, person)
    return render_template("pages/participants/recovery_codes.html", codes=codes)


def next_page(address: str | None, lacks: Lack | None) -> str:
    """Return where to go after the password: to the second factor where one is lacking, else where one wanted to.

    Args:
        address: where the person wanted to go; None for nowhere in particular.
        lacks: what the session lacks.
    """
    if lacks is Lack.CODE:
        return url_for("second_factor.ask", next=address)
    if lacks is Lack.ENROLMENT:
        return url_for("second_factor.overview")
    return address or "/"


def wanted() -> str | None:
    """Return where to go after signing in: an address on this site, or None."""
    wanted = request.values.get("next", "")
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if inside else None


def _somebody() -> Person:
    """Return who gave the right password, whether the second factor was given or not."""
    person: Person | None = g.get("person") or web.half_person()
    if person is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    return person


def _enrolling() -> Person:
    """Return who may set up a second factor: who is signed in, or whose role needs one and who has none."""
    half = web.half_person()
    return half if half is not None and half.lacks is Lack.ENROLMENT else web.current_person()


def _session_id(person: Person) -> uuid.UUID:
    if person.session_id is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    return person.session_id


def _stale(person: Person) -> ResponseReturnValue | None:
    """Return the way to give the second factor again, where there is one and it was not given just now."""
    with read() as session:
        needed = factors.enrolled(session, web.own_id(person))
    if not needed or person.is_fresh:
        return None
    flash(_("Give your second factor again, then repeat this."), "error")
    return redirect(url_for("second_factor.ask", next=url_for("second_factor.overview")), 303)


def _remove(passkey_id: uuid.UUID | None) -> ResponseReturnValue:
    person = web.current_person()
    if stale := _stale(person):
        return stale
    try:
        with transaction() as session:
            enrolling.remove(session, person, passkey_id)
    except Conflict as error:
        return _overview(error)
    flash(_("The second factor is removed."), "done")
    return redirect(url_for("second_factor.overview"), 303)


def _added(person: Person, secret: str, codes: list[str]) -> ResponseReturnValue:
    """Answer after a factor was added: with recovery codes, shown once, where it was the first."""
    response = redirect(url_for("second_factor.overview"), 303)
    if codes:
        response = current_app.make_response("")
    web.sign_in(response, secret)  # before the page, whose forms belong to the session from here on
    if codes:
        g.person = replace(person, lacks=None)
        response.set_data(render_template("pages/participants/recovery_codes.html", codes=codes))
    else:
        flash(_("The second factor is set up."), "done")
    return response


def _ask(error: Exception | None = None) -> ResponseReturnValue:
    person = _somebody()
    with read() as session:
        known = factors.of(session, web.own_id(person))
    if not known.count:
        return redirect(url_for("second_factor.overview"), 303)
    values = {"known": known, "me": person, "next": wanted()}
    template = "pages/participants/second_factor.html"
    if error is not None:
        return web.refused(template, error, **values)
    return render_template(template, faults={}, message=None, **values)


def _app(error: Exception | None = None) -> ResponseReturnValue:
    person = _enrolling()
    with read() as session:
        user_id = web.own_id(person)
        secret, uri = factors.begun_app(session, user_id, resetting.email_of(session, user_id))
    values: dict[str, Any] = {"secret": secret, "uri": uri, "picture": factors.picture(uri)}
    template = "pages/participants/authenticator_app.html"
    if error is not None:
        return web.refused(template, error, **values)
    return render_template(template, faults={}, message=None, **values)


def _overview(error: Exception | None = None) -> ResponseReturnValue:
    person = _enrolling()
    with read() as session:
        known = factors.of(session, web.own_id(person))
    values = {"known": known, "me": person, "values": forms.sent()}
    template = "pages/participants/second_factors.html"
    if error is not None:
        return web.refused(template, error, **values)
    return render_template(template, faults={}, message=None, **values)
