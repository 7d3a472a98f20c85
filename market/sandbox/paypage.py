"""The hosted pay page: what the payer sees. Test money only, said in both languages."""

from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request

from market.sandbox import money
from market.sandbox.api import Api
from market.sandbox.parameters import DECIMALS


def blueprint(api: Api) -> Blueprint:
    """Return the page and its form, over one API."""
    routes = Blueprint("pay", __name__)
    store, call = api.store, api.call

    def session_of(id: str) -> money.Json:
        session = store.find("checkout.session", id)
        if session is None:
            abort(404)
        with store.transaction():
            return money.fresh_session(call(), session)

    @routes.get("/pay/<id>")
    def page(id: str) -> Response:
        return _page(session_of(id), declined=False)

    @routes.post("/pay/<id>")
    def act(id: str) -> Response:
        outcome = request.form.get("outcome", "")
        session = session_of(id)
        if session["status"] == "complete":
            return _leave(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id))
        if outcome == "cancel" and session["cancel_url"]:
            return _leave(session["cancel_url"])
        if outcome not in ("pay", "fail") or session["status"] != "open":
            return _page(session, declined=False)
        with store.transaction():
            # Read again inside: two clicks at once must make one charge.
            session = call().get("checkout.session", id)
            if session["status"] == "open":
                session = money.pay(call(), session, succeeds=outcome == "pay")
        current_app.extensions["wake"]()
        if session["status"] == "complete":
            return _leave(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id))
        return _page(session, declined=True)

    return routes


def _page(session: money.Json, *, declined: bool) -> Response:
    amount = money_text(session["amount_total"], session["currency"])
    response = make_response(render_template("pay.html", session=session, amount=amount, declined=declined))
    # Browsers apply form-action to the redirect after the form too, so the ways back are listed.
    back = {_origin(session[name]) for name in ("success_url", "cancel_url") if session[name]}
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(sorted(back))}"
    )
    return response


def _leave(url: str) -> Response:
    return make_response(redirect(url, 303))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def money_text(amount: int, currency: str) -> str:
    """Write minor units as people read them: ``CNY 1,234.56``."""
    digits = DECIMALS[currency]
    whole, rest = divmod(amount, 10**digits)
    return f"{currency.upper()} {whole:,}" + (f".{rest:0{digits}d}" if digits else "")
