"""What payers and providers see of the platform: the pay page, the bank's or wallet's page, the onboarding."""

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request

from market.sandbox import accounts, intents, sessions
from market.sandbox.api import Api
from market.sandbox.calls import Json
from market.sandbox.methods import METHODS, VISA, WALLETS, Method
from market.sandbox.parameters import DECIMALS

_COMMON = (VISA, *WALLETS)


def blueprint(api: Api) -> Blueprint:
    """Return the pages and their forms, over one API."""
    routes = Blueprint("pay", __name__)
    _pay(api, routes)
    _authorize(api, routes)
    _onboard(api, routes)
    return routes


def _pay(api: Api, routes: Blueprint) -> None:
    store, call = api.store, api.call

    def session_of(id: str) -> Json:
        asked = call()
        session = store.find("checkout.session", id)
        if session is None:
            abort(404)
        with store.transaction():
            return sessions.fresh(asked, session)

    @routes.get("/pay/<id>")
    def page(id: str) -> Response:
        return _page(session_of(id))

    @routes.post("/pay/<id>")
    def act(id: str) -> Response:
        outcome, named = request.form.get("outcome", ""), request.form.get("method", "")
        session = session_of(id)
        if session["status"] == "complete":
            return _leave(_success(session))
        if outcome == "cancel" and session["cancel_url"]:
            return _leave(session["cancel_url"])
        named = named or next(alias for alias, _ in _means(session))
        known = METHODS.get(named)
        usable = known is not None and known.type in session["payment_method_types"]
        if outcome not in ("pay", "fail") or session["status"] != "open" or not usable:
            return _page(session)
        asked = call()
        with store.transaction():
            # Read again inside: two clicks at once must make one charge.
            session = asked.get("checkout.session", id)
            if session["status"] == "open":
                session = sessions.pay(asked, session, named=named, succeeds=outcome == "pay")
        current_app.extensions["wake"]()
        return _next(session, store.find("payment_intent", session["payment_intent"] or "") or {})

    def _next(session: Json, intent: Json) -> Response:
        if session["status"] == "complete":
            return _leave(_success(session))
        if action := intent.get("next_action"):
            return _leave(action["redirect_to_url"]["url"])
        return _page(session, refusal=intent.get("last_payment_error"))


def _authorize(api: Api, routes: Blueprint) -> None:
    store, call = api.store, api.call

    def intent_of(id: str) -> Json:
        asked = call()
        intent = store.find("payment_intent", id)
        if intent is None or not (intent["_return_url"] or intent["_session"]):
            abort(404)
        if intent["_session"]:
            with store.transaction():
                sessions.fresh(asked, asked.get("checkout.session", intent["_session"]))
        return asked.get("payment_intent", id)

    def back(intent: Json) -> str:
        if not intent["_session"]:
            return intents.back_url(intent)
        session = call().get("checkout.session", intent["_session"])
        return _success(session) if session["status"] == "complete" else f"{api.base}/pay/{session['id']}"

    @routes.get("/authorize/<id>")
    def asking(id: str) -> Response:
        intent = intent_of(id)
        if intent["status"] != "requires_action":
            return _leave(back(intent))
        amount = money_text(intent["amount"], intent["currency"])
        page = render_template("authorize.html", intent=intent, amount=amount)
        return _guarded(page, back(intent), *_ways_back(call().store.find, intent))

    @routes.post("/authorize/<id>")
    def answer(id: str) -> Response:
        outcome = request.form.get("outcome", "")
        intent = intent_of(id)
        if outcome in ("complete", "fail"):
            asked = call()
            with store.transaction():
                # Read again inside: two clicks at once must make one charge.
                intent = asked.get("payment_intent", id)
                if intent["status"] == "requires_action":
                    intent = intents.authorize(asked, intent, succeeds=outcome == "complete")
                    if intent["_session"]:
                        sessions.follow(asked, intent)
            current_app.extensions["wake"]()
        return _leave(back(intent))


def _onboard(api: Api, routes: Blueprint) -> None:
    store, call = api.store, api.call

    def link_of(id: str) -> Json:
        link = store.find("account_link", id)
        if link is None:
            abort(404)
        return link

    @routes.get("/onboard/<id>")
    def arrive(id: str) -> Response:
        asked = call()
        with store.transaction():
            link = link_of(id)
            visit = accounts.visit(asked, link)
        if visit is None:
            return _leave(link["_refresh_url"])
        account = asked.get("account", link["_account"])
        page = render_template("onboard.html", account=account, visit=visit)
        return _guarded(page, link["_refresh_url"], link["_return_url"])

    @routes.post("/onboard/<id>")
    def hand_in(id: str) -> Response:
        link = link_of(id)
        if not link["_visit"] or request.form.get("visit") != link["_visit"]:
            return _leave(link["_refresh_url"])
        if request.form.get("outcome") == "finish":
            asked = call()
            with store.transaction():
                accounts.finish(asked, link)
            current_app.extensions["wake"]()
        return _leave(link["_return_url"])


def _page(session: Json, refusal: Json | None = None) -> Response:
    amount = money_text(session["amount_total"], session["currency"])
    page = render_template(
        "pay.html",
        session=session,
        amount=amount,
        means=_means(session),
        cards=_other_cards(session),
        declined=refusal is not None,
        reason=(refusal or {}).get("message"),
    )
    back = [session[name] for name in ("success_url", "cancel_url") if session[name]]
    return _guarded(page, *back)


def _means(session: Json) -> list[tuple[str, Method]]:
    """Return what this page takes: a card, and the wallets."""
    types = session["payment_method_types"]
    return [(alias, METHODS[alias]) for alias in _COMMON if METHODS[alias].type in types]


def _other_cards(session: Json) -> list[tuple[str, Method]]:
    types = session["payment_method_types"]
    return [pair for pair in METHODS.items() if pair[0] not in _COMMON and pair[1].type in types]


def _ways_back(find: Callable[[str, str], Json | None], intent: Json) -> list[str]:
    """Return where an intent's payer may come to after the pay page that it belongs to."""
    session = find("checkout.session", intent["_session"]) if intent["_session"] else None
    return [session["success_url"]] if session else []


def _guarded(page: str, *back: str) -> Response:
    """Return a page; browsers apply form-action to the redirect after the form too, so ways back are listed."""
    response = make_response(page)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {' '.join(sorted({_origin(url) for url in back}))}"
    )
    return response


def _success(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


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
