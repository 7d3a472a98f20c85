"""Connected accounts, and the one-time addresses where their owners tell the platform about themselves."""

from market.sandbox.calls import Call, Json
from market.sandbox.refusals import wrong
from market.sandbox.store import new_id

LINK_SECONDS = 300
"""How long an account link can be opened."""

WANTED = ["business_profile.url", "external_account", "representative.first_name", "tos_acceptance.date"]
"""What the platform wants to know of an account that is not onboarded."""


def create(call: Call) -> Json:
    """Open a connected account; capabilities asked for are active at once, unless a test wants otherwise."""
    asked = call.params.get("capabilities", {})
    state = call.store.setting("transfers", "active")
    account = call.made(
        "account",
        "acct",
        business_profile={"name": call.params.get("business_profile", {}).get("name")},
        capabilities={name: state for name, wish in asked.items() if wish.get("requested")},
        controller={**call.params.get("controller", {}), "type": "application"},
        country=call.params.get("country", "HK"),
        email=call.params.get("email"),
        default_currency="cny",
        metadata=call.params.get("metadata", {}),
        **_standing(onboarded=state == "active"),
    )
    call.emit("account.updated", account)
    return account


def _standing(*, onboarded: bool) -> Json:
    return {
        "charges_enabled": onboarded,
        "payouts_enabled": onboarded,
        "details_submitted": onboarded,
        "requirements": {
            "currently_due": [] if onboarded else WANTED,
            "disabled_reason": None if onboarded else "requirements.past_due",
            "past_due": [] if onboarded else WANTED,
        },
    }


def create_link(call: Call) -> Json:
    """Make an address that works once, for minutes."""
    params = call.params
    account = call.get("account", params["account"], "account")
    if params["type"] == "account_update" and not account["details_submitted"]:
        raise wrong("This account has not been onboarded; use account_onboarding.", param="type")
    link = call.made(
        "account_link",
        "link",
        expires_at=call.now + LINK_SECONDS,
        _account=account["id"],
        _refresh_url=params["refresh_url"],
        _return_url=params["return_url"],
        _visit=None,
    )
    return {
        "object": "account_link",
        "created": link["created"],
        "expires_at": link["expires_at"],
        "url": f"{call.base}/onboard/{link['id']}",
    }


def visit(call: Call, link: Json) -> str | None:
    """Use a link up and return the visit's own token; None when it was used before or is too old."""
    if link["_visit"] is not None or link["expires_at"] <= call.now:
        return None
    link["_visit"] = new_id("visit")
    call.store.save(link)
    return str(link["_visit"])


def finish(call: Call, link: Json) -> None:
    """Let an account be onboarded: whatever it asked for becomes active."""
    account = call.get("account", link["_account"])
    account["capabilities"] = dict.fromkeys(account["capabilities"], "active")
    account |= _standing(onboarded=True)
    call.store.save(account)
    call.emit("account.updated", account)
