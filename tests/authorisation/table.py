"""The authorisation table: one row for each route and method, one column for each who may come.

An object one may not see is not found (404); one may see it and not do it, 403. GET stands for HEAD too.
Read it as text with ``python -m tests.authorisation``; ``test_matrix.py`` holds the product to it.
"""

from typing import Any, Final

from market.actor import Scope
from tests import people
from tests.authorisation.rows import BARRED, FILE, PART, ROLE, SCOPE, Row, Who, api, page, public

PROVIDER, BUYER, ADMIN, PERSON = Who.PROVIDER, Who.BUYER, Who.ADMIN, Who.PERSON
OPERATOR, REVIEWER, AUDITOR = Who.OPERATOR, Who.REVIEWER, Who.AUDITOR
READ, MEMBERS, ASSETS, LISTINGS = Scope.READ, Scope.MEMBERS, Scope.ASSETS, Scope.LISTINGS
CONTRACTS, PAYMENTS, DELIVERY, TRADES, OPERATE = (
    Scope.CONTRACTS, Scope.PAYMENTS, Scope.DELIVERY, Scope.TRADES, Scope.OPERATE,
)  # fmt: skip

TEXT: Final = {"name": "data-provision", "version": "1.0"}
REASON: Final = {"reason": "as the table says"}
APPROVE: Final = {"decision": "approve", **REASON}
HALT: Final = {"act": "suspension", **REASON}
RESUME: Final = {"act": "restoration", **REASON}
END: Final = {"act": "cancellation", **REASON}
SUSPEND: Final = {"decision": "suspend", **REASON}
GRAVE: Final = {"ground": "grave", **REASON}
MISUSE: Final = {"cause": "misuse", **REASON}
DELETED: Final = {"deleted_on": "2026-01-02", "copies": "all of them", "method": "overwritten"}
REFUND: Final = {"outcome": "refund", **REASON}
TURN: Final = "409 contract.wrong_state"
OFFER: Final = {"base": "{requested_terms}", "changes": {"term.days": 30}}
OFFERED: Final = {"terms_digest": "{offered_terms}"}
REMARK: Final = {"on_digest": "{offered_terms}", "clause": "term", "comment": "why?"}
DIGEST: Final = {"document_digest": "{digest}"}
BY_KEY: Final = {**DIGEST, "key": "00" * 32}
JOIN: Final = {"name": "新同事", "password": people.PASSWORD}
INVITE: Final = {"email": "guest@example.org", "roles": ["admin"]}
GUEST: Final = {"email": "{guest_email}"}
ERASE: Final = {"confirm": "{guest_email}", "ground": "asked"}
ENTER: Final = {"email": "{entering}", "password": people.PASSWORD}
WRONG_CODE: Final = {"code": "000000"}
FRESH: Final = "seven quiet rivers"
PASSWORDS: Final = {"present": people.PASSWORD, "password": FRESH}
ROLES: Final = {"roles": ["admin", "buyer"]}
ASSET: Final = {
    "title": "Water levels",
    "source": "Read off our own gauges.",
    "rights": ["hold"],
    "file": FILE,
}
LISTING: Final = {
    "asset": "{registered}", "title": "Water levels", "summary": "Levels of the river, every hour.",
    "sector": "meteorology", "benefit": "commercial", "purposes": ["internal-analysis"], "term_days": 30,
}  # fmt: skip
PRICED: Final = {**LISTING, "price": 1_000, "quality": [{"indicator": "rows", "value": "1"}]}
TYPED: Final = {**LISTING, "price": "10.00", "rows": "1"}
CSR: Final = {"csr": "{csr}", "device": "reading room"}
OWN_KEY: Final = {"certificates": ["{csr}"] * 2, "device": "card", "challenge": "old", "signature": "AAAA"}
LOST: Final = {"reason": "lost"}
TOKEN: Final = {"label": "mine", "scopes": ["read"], "days": 90}
APPLY: Final = {
    "name_zh": "新来数据公司", "name_en": "Newcomer Data", "credit_code": people.credit_code(9_000_001),
    "established_on": "2024-03-01", "person": "王五", "email": "newcomer@example.org", "phone": "0531-5550100",
    "password": people.PASSWORD, "roles": ["buyer"],
}  # fmt: skip


def seen(**changes: Any) -> dict[str, Any]:
    """Return who may look at a trade or contract: both parties and the staff, whatever their role."""
    return {"other": 404, "wrong": 200, "party": 200, "staff": 200, "suspended": 200, **changes}


def held(**changes: Any) -> dict[str, Any]:
    """Return who may look at what one organisation holds until it is shown: nobody else."""
    return {"other": 404, "wrong": 200, "party": 404, "staff": 404, "suspended": 200, **changes}


def side(**changes: Any) -> dict[str, Any]:
    """Return who may do what one side of a trade or contract does."""
    return {"other": 404, "wrong": ROLE, "party": PART, "staff": ROLE, "suspended": BARRED, **changes}


def owner(**changes: Any) -> dict[str, Any]:
    """Return who may do what an owner does with what others cannot see."""
    return {"other": 404, "wrong": ROLE, "party": 404, "staff": ROLE, "suspended": BARRED, **changes}


def office(**changes: Any) -> dict[str, Any]:
    """Return who may do what the operator does with what its parties can see."""
    return {"other": 404, "wrong": 404, "party": ROLE, "staff": ROLE, "suspended": BARRED, **changes}


def desk(**changes: Any) -> dict[str, Any]:
    """Return who may see a desk of the operator's."""
    return {"other": ROLE, "wrong": ROLE, "staff": ROLE, "suspended": BARRED, **changes}


def mine(done: int) -> dict[str, Any]:
    """Return who may touch what belongs to one person: not even a colleague."""
    return {"other": 404, "wrong": 404, "staff": 404, "suspended": done}


def everybody(**changes: Any) -> dict[str, Any]:
    """Return who sees their own in a list: everybody, theirs."""
    return {"other": 200, "wrong": 200, "staff": 200, "suspended": 200, **changes}


ROWS: Final[tuple[Row, ...]] = (
    # Programs: people and organisations
    public("participants_api.make_token", "POST", 201, sent={**ENTER, "scopes": ["read"]}),
    public("participants_api.begin_app", "POST", 201, sent=ENTER),
    public("participants_api.confirm_app", "POST", "404 second_factor.not_begun", sent={**ENTER, **WRONG_CODE}),
    api("participants_api.list_tokens", "GET", PERSON, READ, 200, **everybody()),
    api("participants_api.revoke_token", "DELETE", PERSON, MEMBERS, 204, on="token", **mine(204)),
    api("participants_api.me", "GET", PERSON, READ, 200, **everybody()),
    public("participants_api.apply", "POST", 201, sent=APPLY),
    api("participants_api.list_organisations", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("participants_api.decide", "POST", OPERATOR, OPERATE, 200, on="organisation", sent=SUSPEND, **office()),
    api("participants_api.invite", "POST", ADMIN, MEMBERS, 201, sent=INVITE,
        other=201, wrong=ROLE, staff=ROLE, suspended=BARRED),
    public("participants_api.join", "POST", 201, on="invitation", sent=JOIN),
    api("participants_api.list_members", "GET", PERSON, READ, 200, **everybody()),
    api("participants_api.change_roles", "PUT", ADMIN, MEMBERS, 200, on="spare", sent=ROLES, **owner()),
    api("participants_api.remove_member", "DELETE", ADMIN, MEMBERS, 200, on="spare", **owner()),
    # Programs: keys that sign
    api("keys_api.request", "POST", PROVIDER, CONTRACTS, 201, sent=CSR,
        other=201, wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("keys_api.list_keys", "GET", PERSON, READ, 200, **everybody()),
    api("keys_api.show", "GET", PROVIDER, READ, 200, on="certificate", **held(staff=200)),
    api("keys_api.challenge", "POST", PROVIDER, CONTRACTS, 200,
        other=200, wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("keys_api.register", "POST", PROVIDER, CONTRACTS, "422 certificate.challenge_unknown", sent=OWN_KEY,
        other="422 certificate.challenge_unknown", wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("keys_api.revoke", "POST", PROVIDER, CONTRACTS, 200, on="certificate", sent=LOST,
        other=404, wrong=200, party=404, staff=ROLE, suspended=200),
    # Programs: assets
    api("registry_api.draft", "POST", PROVIDER, ASSETS, 201, sent=ASSET,
        other=201, wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("registry_api.list_assets", "GET", PROVIDER, READ, 200, **everybody()),
    api("registry_api.show", "GET", PROVIDER, READ, 200, on="draft", **held()),
    api("registry_api.show", "GET", PROVIDER, READ, 200, on="submitted", **held(staff=200)),
    api("registry_api.inspection", "GET", PROVIDER, READ, 200, on="draft", **held()),
    api("registry_api.submit", "POST", PROVIDER, ASSETS, 200, on="draft", **owner(staff=404)),
    api("registry_api.review", "POST", REVIEWER, OPERATE, 200, on="submitted", sent=APPROVE, **office()),
    api("trades_api.decide_asset", "POST", OPERATOR, OPERATE, 200,
        on="registered", args={"act": "suspension"}, sent=REASON, **office()),
    api("trades_api.decide_asset", "POST", OPERATOR, OPERATE, 200,
        on="halted", args={"act": "restoration"}, sent=REASON, **office()),
    api("trades_api.decide_asset", "POST", PROVIDER, ASSETS, 200,
        on="registered", args={"act": "cancellation"}, sent=REASON, **owner()),
    # Programs: model texts
    public("texts_api.list_texts", "GET", 200),
    public("texts_api.show_text", "GET", 200, args=TEXT),
    public("texts_api.print_form", "POST", 200, args=TEXT, sent={"values": {"term.days": 30}}),
    # Programs: listings
    public("catalog_api.search", "GET", 200),
    api("catalog_api.draft", "POST", PROVIDER, LISTINGS, 201, sent=PRICED, **owner()),
    public("catalog_api.show", "GET", 200, on="listed", scope=READ, unscoped=SCOPE),
    api("catalog_api.show", "GET", PROVIDER, READ, 200, on="drafted", nobody=404, **held(staff=200)),
    api("catalog_api.publish", "POST", PROVIDER, LISTINGS, 200, on="drafted", **owner()),
    api("catalog_api.suspend", "POST", OPERATOR, OPERATE, 200,
        on="listed", sent=REASON, **office(other=ROLE, wrong=ROLE)),
    api("catalog_api.restore", "POST", OPERATOR, OPERATE, 200, on="shelved", sent=REASON, **office()),
    api("catalog_api.withdraw", "POST", PROVIDER, LISTINGS, 200, on="listed", **owner(other=PART, party=PART)),
    # Programs: contracts
    api("contracting_api.request_contract", "POST", BUYER, CONTRACTS, 201, sent={"listing": "{listed}"},
        other=201, wrong=ROLE, party=PART, staff=ROLE, suspended=BARRED),
    api("contracting_api.request_contract", "POST", BUYER, CONTRACTS, 404, sent={"listing": "{drafted}"},
        other=404, wrong=404, party=PART, staff=ROLE, suspended=404),
    api("contracting_api.request_contract", "POST", BUYER, CONTRACTS, 404, sent={"listing": "{shelved}"},
        other=404, wrong=404, party=PART, staff=ROLE, suspended=404),
    api("contracting_api.list_contracts", "GET", BUYER, READ, 200, **everybody()),
    api("contracting_api.show_contract", "GET", BUYER, READ, 200, on="requested", **seen()),
    api("contracting_api.document", "GET", BUYER, READ, 200, on="requested", **seen()),
    api("contracting_api.terms", "GET", BUYER, READ, 200, on="requested", **seen()),
    api("contracting_api.page", "GET", BUYER, READ, 200, on="requested", args={"place": 1}, **seen()),
    api("contracting_api.signed", "GET", BUYER, READ, 200, on="agreed", **seen()),
    api("contracting_api.prepare", "POST", PROVIDER, CONTRACTS, "404 certificate.not_found",
        on="requested", sent=BY_KEY, **side(party="409 contract.wrong_state")),
    api("contracting_api.sign", "POST", PROVIDER, CONTRACTS, 200,
        on="requested", sent=DIGEST, **side(party="409 contract.wrong_state")),
    api("contracting_api.sign", "POST", BUYER, CONTRACTS, 200, on="agreed",
        sent={"document_digest": "{agreed_digest}"}, **side(party="409 step.already_taken")),
    api("contracting_api.decline", "POST", PROVIDER, CONTRACTS, 200,
        on="requested", sent=REASON, **side(party=TURN)),
    api("contracting_api.withdraw", "POST", BUYER, CONTRACTS, 200, on="requested", **side(party=TURN)),
    api("contracting_api.show_version", "GET", BUYER, READ, 200, on="offered", args={"seq": 2}, **seen()),
    api("contracting_api.version_document", "GET", BUYER, READ, 200, on="offered", args={"seq": 1}, **seen()),
    api("contracting_api.make_offer", "POST", PROVIDER, CONTRACTS, 201,
        on="requested", sent=OFFER, **side(party=TURN)),
    api("contracting_api.accept", "POST", BUYER, CONTRACTS, 200, on="offered", sent=OFFERED, **side()),
    api("contracting_api.remark", "POST", BUYER, CONTRACTS, 201, on="offered", sent=REMARK, **side(party=201)),
    api("contracting_api.adopt", "POST", PROVIDER, CONTRACTS, 200,
        on="offered", args={"remark_id": "{remark}"}, **side(party=TURN)),
    # Programs: payments, deliveries, trades
    public("payments_api.webhook", "POST", "400 webhook.not_signed"),
    api("payments_api.list_operations", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("delivery_api.fetch", "GET", BUYER, DELIVERY, 200,
        on="paid", **side(suspended="403 delivery.provider_suspended")),
    api("delivery_api.receipt", "GET", BUYER, READ, 200, on="delivered", **seen()),
    api("trades_api.listed", "GET", BUYER, READ, 200, **everybody()),
    api("trades_api.one", "GET", BUYER, READ, 200, on="due", **seen()),
    api("trades_api.pay", "POST", BUYER, PAYMENTS, 200, on="due", **side()),
    api("trades_api.accept", "POST", BUYER, TRADES, 200, on="delivered", **side(suspended=200)),
    api("trades_api.reject", "POST", BUYER, TRADES, 200, on="delivered", sent=REASON, **side(suspended=200)),
    api("trades_api.cancel", "POST", BUYER, TRADES, 200, on="paid", sent=REASON, **side(suspended=200)),
    api("trades_api.end_agreement", "POST", PROVIDER, TRADES, 200, on="settled", sent=GRAVE,
        **side(party=200, suspended=200)),
    api("trades_api.retract_notice", "POST", BUYER, TRADES, 200, on="noticed",
        **side(party="403 notice.not_yours", suspended=200)),
    api("trades_api.suspend_agreement", "POST", PROVIDER, TRADES, 200, on="settled", sent=MISUSE,
        **side(suspended=200)),
    api("trades_api.restore_agreement", "POST", PROVIDER, TRADES, 200, on="resting", **side(suspended=200)),
    api("trades_api.state_deletion", "POST", BUYER, TRADES, 200, on="over", sent=DELETED,
        **side(suspended=200)),
    api("trades_api.rule", "POST", OPERATOR, OPERATE, 200, on="disputed", sent=REFUND, **office()),
    # Programs: the operator's own acts
    api("governance_api.find_person", "GET", OPERATOR, OPERATE, 200, query=GUEST, **desk()),
    api("governance_api.erase_person", "POST", OPERATOR, OPERATE, 200,
        on="guest", sent=ERASE, **office(other=ROLE, wrong=ROLE)),
    # Programs: other exchanges' logs, which sign what they ask for; this exchange witnesses none
    public("witnessing_api.add_checkpoint", "POST", "404 witness.closed"),
    public("witnessing_api.checkpoint", "GET", "404 witness.closed", on="origin"),
    public("witnessing_api.tile", "GET", "404 witness.closed", on="origin", args={"path": "0/000"}),
    public("witnessing_api.journal", "POST", "404 witness.closed"),
    public("witnessing_api.journal_next", "POST", "404 witness.closed"),
    public("witnessing_api.journal_read", "POST", "404 witness.closed"),
    # Programs: ledger and rules
    api("oversight_api.entries", "GET", BUYER, READ, 200, on="delivered", **seen(wrong=ROLE)),
    api("oversight_api.export", "GET", BUYER, READ, 200, on="delivered", **seen(wrong=ROLE)),
    api("oversight_api.search", "GET", AUDITOR, READ, 200, **desk()),
    api("oversight_api.list_checks", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("oversight_api.ask_check", "POST", OPERATOR, OPERATE, 202, **desk(staff=202)),
    public("oversight_api.heads", "GET", 200),
    public("oversight_api.head", "GET", 200, on="head"),
    public("oversight_api.consistency", "GET", 200, on="head", args={"old": 1}),
    public("oversight_api.entry", "GET", 200, on="entry"),
    public("oversight_api.receipt", "GET", 200, on="entry"),
    public("home_api.show_rules", "GET", 200),
    public("api-docs.openapi_json", "GET", 200),
    # Pages: the first page, rules, ledger, health
    public("home.first", "GET", 200),
    public("home.rule_book", "GET", 200),
    public("oversight.ledger", "GET", 200),
    public("oversight.checkpoint", "GET", 200),
    public("oversight.tile", "GET", 200, on="tile"),
    public("oversight.trust_policy", "GET", 200),
    public("governance.log_keys", "GET", 200),
    public("oversight.entry", "GET", 200, on="entry"),
    public("oversight.entry_file", "GET", 200, on="entry", args={"form": "json"}),
    public("oversight.entry_file", "GET", 200, on="entry", args={"form": "tlog-proof"}),
    public("registry.certificate", "GET", 200, on="number"),
    public("edge.health", "GET", 200),
    public("edge.ready", "GET", 200),
    public("edge.metrics", "GET", 200),
    public("static", "GET", 200, on="qilu.css"),
    # Pages: documentation
    *(
        public(f"guide.{name}", "GET", 200)
        for name in (
            "entrance", "trade", "trade_shell", "trade_python", "api", "problem_codes", "states", "entry_kinds",
            "verify", "operations", "witnesses",
        )
    ),
    # Pages: model texts
    public("texts.shelf_of_texts", "GET", 200),
    public("texts.text", "GET", 200, args=TEXT),
    public("texts.compare", "GET", 200, args={"name": "data-provision", "old": "0.1", "new": "1.0"}),
    public("texts.source", "GET", 200, args=TEXT),
    public("texts.blank_form", "GET", 200, args=TEXT),
    public("texts.fill", "POST", 200, args=TEXT),
    # Pages: people and organisations
    public("participants.join", "GET", 200),
    public("participants.send_application", "POST", "303 /me", sent=APPLY),
    public("participants.sign_in", "GET", 200),
    public("participants.enter", "POST", "303 /", sent=ENTER),
    page("participants.sign_out", "POST", PERSON, "303 /", nobody="303 /",
         other="303 /", wrong="303 /", suspended="303 /"),
    public("colleagues.join_invited", "GET", 200, on="invitation"),
    public("colleagues.take_up", "POST", "303 /", on="invitation", sent=JOIN),
    page("participants.me", "GET", PERSON, 200, **everybody()),
    page("participants.make_token", "POST", PERSON, 200, sent=TOKEN, other=200, wrong=200, suspended=200),
    page("participants.revoke_token", "POST", PERSON, 303, on="token", **mine(303)),
    page("participants.end_session", "POST", PERSON, 303, on="session", **mine(303)),
    page("participants.end_other_sessions", "POST", PERSON, 303, other=303, wrong=303, suspended=303),
    page("account.password", "GET", PERSON, 200, **everybody()),
    page("account.change_password", "POST", PERSON, 303, sent=PASSWORDS,
         other=303, wrong=303, staff=303, suspended=303),
    page("second_factor.ask", "GET", PERSON, 200, other=303, wrong=303, staff=303, suspended=200),
    page("second_factor.give", "POST", PERSON, 401, sent=WRONG_CODE, **mine(401)),
    page("second_factor.assertion_options", "POST", PERSON, 200, **mine(200)),
    page("second_factor.overview", "GET", PERSON, 200, **everybody()),
    page("second_factor.app_secret", "GET", PERSON, 200, **mine(200)),
    page("second_factor.begin_app", "POST", PERSON, 303, other=303, wrong=303, staff=303, suspended=303),
    page("second_factor.confirm_app", "POST", PERSON, 422, sent=WRONG_CODE, **mine(422)),
    page("second_factor.registration_options", "POST", PERSON, 200, **everybody()),
    page("second_factor.add_passkey", "POST", PERSON, 422, sent={"label": "key", "credential": "{{}}"},
         other=422, wrong=422, suspended=422),
    page("second_factor.remove_app", "POST", PERSON, 404, other=404, wrong=404, staff=404, suspended=404),
    page("second_factor.remove_passkey", "POST", PERSON, 303, on="passkey", **mine(303)),
    page("second_factor.renew_recovery_codes", "POST", PERSON, 200, **mine(200)),
    public("account.forgotten", "GET", 200),
    public("account.ask", "POST", 200, sent={"email": "{email}"}),
    public("account.new_password", "GET", 200, on="reset"),
    public("account.set_password", "POST", 303, on="reset", sent={"password": FRESH}),
    page("colleagues.listed", "GET", PERSON, 200, **everybody()),
    page("colleagues.invite", "POST", ADMIN, 200, sent=INVITE,
         other=200, wrong=ROLE, staff=ROLE, suspended=BARRED),
    page("colleagues.one", "GET", ADMIN, 200, on="spare", **owner()),
    page("colleagues.change_roles", "POST", ADMIN, 303, on="spare", sent=ROLES, **owner()),
    page("colleagues.remove", "POST", ADMIN, 303, on="spare", **owner()),
    page("keys.listed", "GET", PERSON, 200, **everybody()),
    page("keys.make", "POST", PROVIDER, 303, sent=CSR, other=303, wrong=ROLE, staff=ROLE, suspended=BARRED),
    page("keys.one", "GET", PROVIDER, 200, on="certificate", **held(staff=200)),
    page("keys.revoke", "POST", PROVIDER, 303, on="certificate", sent=LOST,
         other=404, wrong=303, party=404, staff=ROLE, suspended=303),
    *(
        public(f"keys.{file}", "GET", 200, args={"name": name})
        for file in ("certificate", "revocations")
        for name in ("root", "issuing")
    ),
    page("participants.organisations", "GET", OPERATOR, 200, **desk(staff=200)),
    page("participants.organisation", "GET", OPERATOR, 200, on="organisation",
         **office(party=200, staff=200, suspended=200)),
    page("participants.decide", "POST", OPERATOR, 303, on="organisation", sent=SUSPEND, **office()),
    page("governance.erasure", "GET", OPERATOR, 200, **desk()),
    page("governance.erasure", "GET", OPERATOR, 200, query=GUEST, **desk()),
    page("governance.erase_person", "POST", OPERATOR, 303,
         on="guest", sent=ERASE, **office(other=ROLE, wrong=ROLE)),
    # Pages: assets
    page("registry.assets", "GET", PROVIDER, 200, **everybody()),
    page("registry.new", "GET", PROVIDER, 200, other=200, wrong=ROLE, staff=ROLE, suspended=BARRED),
    page("registry.draft", "POST", PROVIDER, 303, sent=ASSET, other=303, wrong=ROLE, staff=ROLE, suspended=BARRED),
    page("registry.asset", "GET", PROVIDER, 200, on="draft", **held()),
    page("registry.asset", "GET", PROVIDER, 200, on="submitted", **held(staff=200)),
    page("registry.submit", "POST", PROVIDER, 303, on="draft", **owner(staff=404)),
    page("registry.review", "POST", REVIEWER, 303, on="submitted", sent=APPROVE, **office()),
    page("trades.standing", "GET", OPERATOR, 200, on="registered", **office(party=200, staff=200, suspended=200)),
    page("trades.decide_asset", "POST", OPERATOR, 303, on="registered", sent=HALT, **office()),
    page("trades.decide_asset", "POST", OPERATOR, 303, on="halted", sent=RESUME, **office()),
    page("trades.decide_asset", "POST", PROVIDER, 303, on="registered",
         sent=END, **owner()),
    # Pages: listings
    public("catalog.listings", "GET", 200),
    page("catalog.new", "GET", PROVIDER, 200, query={"asset": "{registered}"}, **owner()),
    page("catalog.draft", "POST", PROVIDER, 303, sent=TYPED, **owner()),
    public("catalog.listing", "GET", 200, on="listed"),
    page("catalog.listing", "GET", PROVIDER, 200, on="drafted", **held(nobody=404, staff=200)),
    page("catalog.publish", "POST", PROVIDER, 303, on="drafted", **owner()),
    page("catalog.withdraw", "POST", PROVIDER, 303, on="listed", **owner(other=PART, party=PART)),
    page("catalog.decide", "POST", OPERATOR, 303,
         on="listed", args={"act": "suspension"}, sent=REASON, **office(other=ROLE, wrong=ROLE)),
    page("catalog.decide", "POST", OPERATOR, 303, on="shelved", args={"act": "restoration"}, sent=REASON, **office()),
    # Pages: contracts
    page("contracting.list_contracts", "GET", BUYER, 200, **everybody()),
    page("contracting.request_contract", "POST", BUYER, 303, sent={"listing": "{listed}"},
         other=303, wrong=ROLE, party=PART, staff=ROLE, suspended=BARRED),
    page("contracting.show", "GET", BUYER, 200, on="requested", **seen()),
    page("contracting.document", "GET", BUYER, 200, on="requested", **seen()),
    page("contracting.terms", "GET", BUYER, 200, on="requested", **seen()),
    page("contracting.page", "GET", BUYER, 200, on="requested", args={"place": 1}, **seen()),
    page("contracting.signed", "GET", BUYER, 200, on="agreed", **seen()),
    page("contracting.prepare", "POST", PROVIDER, "404 certificate.not_found",
         on="requested", sent=BY_KEY, **side(party="409 contract.wrong_state")),
    page("contracting.sign", "POST", PROVIDER, 303,
         on="requested", sent=DIGEST, **side(party="409 contract.wrong_state")),
    page("contracting.sign", "POST", BUYER, 303, on="agreed",
         sent={"document_digest": "{agreed_digest}"}, **side(party="409 step.already_taken")),
    page("contracting.decline", "POST", PROVIDER, 303, on="requested", sent=REASON, **side(party=TURN)),
    page("contracting.withdraw", "POST", BUYER, 303, on="requested", **side(party=TURN)),
    page("contracting.version", "GET", BUYER, 200, on="offered", args={"seq": 2}, **seen()),
    page("contracting.version_document", "GET", BUYER, 200, on="offered", args={"seq": 1}, **seen()),
    page("contracting.version_page", "GET", BUYER, 200, on="offered", args={"seq": 1, "place": 1}, **seen()),
    page("contracting.draft_offer", "GET", PROVIDER, 200, on="requested", **side(party=TURN)),
    page("contracting.make_offer", "POST", PROVIDER, 422, on="requested", sent={"base": "{requested_terms}"},
        **side(party=422)),  # what is missing is told first
    page("contracting.accept", "POST", BUYER, 303, on="offered", sent=OFFERED, **side()),
    page("contracting.choose_clause", "GET", BUYER, 303, on="offered", query={"clause": "term"}, **side(party=303)),
    page("contracting.show_clause", "GET", BUYER, 200, on="offered", args={"clause": "term"}, **side(party=200)),
    page("contracting.remark", "POST", BUYER, 303, on="offered", args={"clause": "term"},
        sent={"on_digest": "{offered_terms}", "comment": "why?", "act": "comment"}, **side(party=303)),
    page("contracting.adopt", "POST", PROVIDER, 303,
        on="offered", args={"remark_id": "{remark}"}, **side(party=TURN)),
    # Pages: payments, deliveries, trades
    page("payments.operations", "GET", OPERATOR, 200, **desk(staff=200)),
    page("payments.operation", "GET", BUYER, 200, on="operation", **seen(party=404)),
    page("delivery.fetch", "GET", BUYER, 200, on="paid", **side(suspended="403 delivery.provider_suspended")),
    page("trades.listed", "GET", BUYER, 200, **everybody()),
    page("trades.one", "GET", BUYER, 200, on="due", **seen()),
    page("trades.pay", "POST", BUYER, "303 http://pay", on="due", **side()),
    page("trades.accept", "POST", BUYER, 303, on="delivered", **side(suspended=303)),
    page("trades.reject", "POST", BUYER, 303, on="delivered", sent=REASON, **side(suspended=303)),
    page("trades.cancel", "POST", BUYER, 303, on="paid", sent=REASON, **side(suspended=303)),
    page("ending.choose_end", "GET", BUYER, 200, on="settled", **seen()),
    page("ending.end", "POST", PROVIDER, 303, on="settled", sent=GRAVE, **side(party=303, suspended=303)),
    page("ending.retract", "POST", BUYER, 303, on="noticed",
         **side(party="403 notice.not_yours", suspended=303)),
    page("ending.choose_suspension", "GET", PROVIDER, 200, on="settled", **seen()),
    page("ending.suspend", "POST", PROVIDER, 303, on="settled", sent=MISUSE, **side(suspended=303)),
    page("ending.restore", "POST", PROVIDER, 303, on="resting", **side(suspended=303)),
    page("ending.choose_deletion", "GET", BUYER, 200, on="over", **seen()),
    page("ending.delete", "POST", BUYER, 303, on="over", sent=DELETED, **side(suspended=303)),
    page("trades.rule", "POST", OPERATOR, 303, on="disputed", sent=REFUND, **office()),
    # Pages: audit
    page("oversight.desk", "GET", AUDITOR, 200, **desk()),
    page("oversight.export_steps", "GET", AUDITOR, 200, args={"form": "csv"}, **desk()),
    page("oversight.export_steps", "GET", AUDITOR, 200, args={"form": "json"}, **desk()),
    page("oversight.checks_list", "GET", OPERATOR, 200, **desk(staff=200)),
    page("oversight.check", "POST", OPERATOR, 303, **desk(staff=303)),
    public("oversight.heads_list", "GET", 200),
    public("oversight.head", "GET", 200, on="head"),
    public("oversight.token", "GET", "404 ledger.no_timestamp", on="head", args={"place": 0}),
    page("oversight.history", "GET", BUYER, 200, on="delivered", **seen(wrong=ROLE)),
    page("oversight.history", "GET", AUDITOR, 200, on="handle", **desk(party=ROLE)),
    page("oversight.export", "GET", BUYER, 200, on="delivered", **seen(wrong=ROLE)),
)  # fmt: skip
