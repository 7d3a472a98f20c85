"""The routes of programs in the authorisation table, and what is sent (see :mod:`tests.authorisation.table`)."""

from typing import Any, Final

from market.actor import Scope
from tests import people
from tests.authorisation.rows import (
    BARRED,
    FILE,
    LINES,
    PAPER,
    PART,
    ROLE,
    SCOPE,
    SIGNED,
    Row,
    Who,
    api,
    public,
)

PROVIDER, BUYER, ADMIN, PERSON = Who.PROVIDER, Who.BUYER, Who.ADMIN, Who.PERSON
APPROVER: Final = Who.APPROVER
ASSESSOR: Final = Who.ASSESSOR
OPERATOR, REVIEWER, AUDITOR = Who.OPERATOR, Who.REVIEWER, Who.AUDITOR
READ, MEMBERS, ASSETS, LISTINGS = Scope.READ, Scope.MEMBERS, Scope.ASSETS, Scope.LISTINGS
CONTRACTS, PAYMENTS, DELIVERY, TRADES, OPERATE = (
    Scope.CONTRACTS, Scope.PAYMENTS, Scope.DELIVERY, Scope.TRADES, Scope.OPERATE,
)  # fmt: skip

TEXT: Final = {"name": "data-provision", "version": "1.0"}
REASON: Final = {"reason": "as the table says"}
APPROVE: Final = {"decision": "approve", **REASON}
CORRECT: Final = {"column": "手机号", "class": "none", **REASON}
CLEAN: Final = {"version": 1, "operations": [{"operation": "drop_duplicates"}]}
DECLARED: Final = {
    "columns": "1",
    "columns.0.name": "手机号",
    "columns.0.type": "text",
    "columns.0.personal": "mobile",
}
DECLARE: Final = {"columns": [{"name": "手机号", "personal": "mobile"}]}
RELEASE: Final = {"decision": "release", **REASON}
HALT: Final = {"act": "suspension", **REASON}
RESUME: Final = {"act": "restoration", **REASON}
END: Final = {"act": "cancellation", **REASON}
SUSPEND: Final = {"decision": "suspend", **REASON}
GIVE: Final = {"accreditation": "give", **REASON}
GRAVE: Final = {"ground": "grave", **REASON}
MISUSE: Final = {"cause": "misuse", **REASON}
DELETED: Final = {"deleted_on": "2026-01-02", "copies": "all of them", "method": "overwritten"}
REFUND: Final = {"outcome": "refund", **REASON}
TURN: Final = "409 contract.wrong_state"
OFFER: Final = {"base": "{requested_terms}", "changes": {"term.days": 30}}
AMENDED: Final = {"base": "{settled_terms}", "changes": {"term.days": 700}}
WHEN: Final = {"moment": "2026-01-02"}
OFFERED: Final = {"terms_digest": "{offered_terms}"}
REMARK: Final = {"on_digest": "{offered_terms}", "clause": "term", "comment": "why?"}
DIGEST: Final = {"document_digest": "{digest}"}
GUARDED: Final = {"document_digest": "{guarded_digest}"}
RULE: Final = {"asks": "never"}
TAXED: Final = {"title": "泉城水文公司", "email": "fapiao@example.org"}
BILL: Final = {"matter": "data", "form": "general"}
FEE_BILL: Final = {"matter": "fee", "form": "special"}
RED: Final = {"number": "26370000000099999999", "issued_on": "2026-11-22", "file": PAPER}
ISSUED: Final = {**RED, "rate": "6"}
MONTH: Final = {"month": "2026-11"}
ACCOUNT: Final = {
    "holder": "{provider_name}", "bank": "历下支行", "number": "3700 1616", "code": "313451000012", "currency": "CNY",
}  # fmt: skip
LINE: Final = {"entry": "arrived", "reference": "nobody's", "value_date": "2026-01-01", "serial": "SN1"}
PROOF: Final = {"file": PAPER}
STATEMENT: Final = {"file": LINES}
SKETCH: Final = {"document_digest": "{sketch_digest}"}
STANDING: Final = {"listing": "{listed}", "days": 30, "most": 9}
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
NEWER: Final = {"changes": "A month was added.", "file": FILE}
LISTING: Final = {
    "asset": "{registered}", "title": "Water levels", "summary": "Levels of the river, every hour.",
    "sector": "meteorology", "benefit": "commercial", "purposes": ["internal-analysis"], "term_days": 30,
}  # fmt: skip
PRICED: Final = {**LISTING, "price": 1_000, "quality": [{"indicator": "rows", "value": "1"}]}
TYPED: Final = {**LISTING, "price": "10.00", "rows": "1"}
CSR: Final = {"csr": "{csr}", "device": "reading room"}
OWN_KEY: Final = {"certificates": ["{csr}"] * 2, "device": "card", "challenge": "old", "signature": "AAAA"}
DAYS: Final = {"first": "2026-01-02", "last": "2026-01-03"}
NOTE: Final = {"note": "A sale of our other shop."}
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


PROGRAMS: Final[tuple[Row, ...]] = (
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
    api("participants_api.accredit", "POST", OPERATOR, OPERATE, 200, on="organisation", sent=GIVE, **office()),
    api("participants_api.invite", "POST", ADMIN, MEMBERS, 201, sent=INVITE,
        other=201, wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("approvals_api.show_rule", "GET", PERSON, READ, 200, **everybody()),
    api("approvals_api.set_rule", "PUT", ADMIN, MEMBERS, 200, sent=RULE,
        other=200, wrong=ROLE, staff=ROLE, suspended=BARRED),
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
    api("registry_api.declaration", "GET", PROVIDER, READ, 200, on="stopped", **held()),
    api("registry_api.declare", "PUT", PROVIDER, ASSETS, 200, on="stopped", sent=DECLARE, **owner(staff=404)),
    api("cleaning_api.cleanings", "GET", PROVIDER, READ, 200, on="stopped", **held()),
    api("cleaning_api.ask", "POST", PROVIDER, ASSETS, 202, on="stopped", sent=CLEAN, **owner(staff=404)),
    api("registry_api.correct", "POST", REVIEWER, OPERATE, 200, on="appealed", sent=CORRECT, **office()),
    api("registry_api.appeal", "POST", PROVIDER, ASSETS, 200, on="stopped", sent=REASON, **owner(staff=404)),
    api("registry_api.release", "POST", OPERATOR, OPERATE, 200, on="appealed", sent=RELEASE, **office()),
    api("update_api.updates", "GET", PROVIDER, READ, 200, on="revised", **held(staff=200)),
    api("update_api.revise", "POST", PROVIDER, ASSETS, 201, on="registered", sent=NEWER, **owner()),
    api("update_api.submit", "POST", PROVIDER, ASSETS, 200, on="revised", **owner()),
    api("update_api.withdraw", "POST", PROVIDER, ASSETS, 200, on="revised", **owner()),
    api("update_api.review", "POST", REVIEWER, OPERATE, 200, on="revision", sent=APPROVE, **office()),
    api("attestations_api.attest", "POST", ASSESSOR, ASSETS, 200, on="number", sent={"file": SIGNED},
        **desk(party=ROLE)),
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
    public("catalog_api.inspection", "GET", 200, on="listed", scope=READ, unscoped=SCOPE),
    api("catalog_api.inspection", "GET", PROVIDER, READ, 200, on="drafted", nobody=404, **held(staff=200)),
    api("catalog_api.publish", "POST", PROVIDER, LISTINGS, 200, on="drafted", **owner()),
    api("catalog_api.move", "POST", PROVIDER, LISTINGS, 200, on="older", **owner(other=PART, party=PART)),
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
    api("contracting_api.approve", "POST", APPROVER, CONTRACTS, "409 approval.not_needed",
        on="requested", sent=DIGEST, **side(party=TURN)),
    api("contracting_api.approve", "POST", APPROVER, CONTRACTS, 200,
        on="guarded", sent=GUARDED, **side(party=TURN)),
    api("contracting_api.disapprove", "POST", APPROVER, CONTRACTS, 200,
        on="guarded", sent={**GUARDED, **REASON}, **side(party=TURN)),
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
    # Programs: standing offers
    api("offers_api.list_offers", "GET", PROVIDER, READ, 200, **everybody()),
    api("offers_api.draft", "POST", PROVIDER, CONTRACTS, 201, sent=STANDING, **owner(other=PART, party=PART)),
    public("offers_api.show", "GET", 200, on="standing", scope=READ, unscoped=SCOPE),
    api("offers_api.show", "GET", PROVIDER, READ, 200, on="sketch", nobody=404, **held()),
    api("offers_api.document", "GET", BUYER, READ, 200, on="standing", **everybody()),
    api("offers_api.document", "GET", PROVIDER, READ, 200, on="sketch", **held()),
    api("offers_api.terms", "GET", BUYER, READ, 200, on="standing", **everybody()),
    api("offers_api.page", "GET", BUYER, READ, 200, on="standing", args={"place": 1}, **everybody()),
    api("offers_api.signed", "GET", BUYER, READ, 200, on="standing", **everybody()),
    api("offers_api.prepare", "POST", PROVIDER, CONTRACTS, "404 certificate.not_found", on="sketch",
        sent={**SKETCH, "key": "00" * 32}, **owner(staff=404)),
    api("offers_api.sign", "POST", PROVIDER, CONTRACTS, 200, on="sketch", sent=SKETCH, **owner(staff=404)),
    api("offers_api.withdraw", "POST", PROVIDER, CONTRACTS, 200, on="standing", **owner(other=PART, party=PART)),
    api("offers_api.accept", "POST", BUYER, CONTRACTS, 201, on="standing",
        other=201, wrong=ROLE, party=PART, staff=ROLE, suspended=BARRED),
    # Programs: payments, deliveries, trades
    public("payments_api.webhook", "POST", "400 webhook.not_signed"),
    api("payments_api.list_operations", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("reconciliation_api.show_money_desk", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("reconciliation_api.list_reconciliations", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("reconciliation_api.ask_reconciliation", "POST", OPERATOR, OPERATE, 202, sent=DAYS, **desk()),
    api("reconciliation_api.show_reconciliation", "GET", OPERATOR, READ, 200, on="report", **desk(staff=200)),
    api("reconciliation_api.fetch_reconciliation_lines", "GET", OPERATOR, READ, 200,
        on="report", **desk(staff=200)),
    api("reconciliation_api.sign_off", "POST", OPERATOR, OPERATE, 200, on="report", sent=NOTE, **desk()),
    api("bank_api.list_bank_accounts", "GET", PERSON, READ, 200, **everybody()),
    api("bank_api.enter_bank_account", "POST", ADMIN, MEMBERS, 200, sent=ACCOUNT,
        **owner(other="422 bank_account.other_holder", party="422 bank_account.other_holder")),
    api("bank_api.confirm_bank_account", "POST", OPERATOR, OPERATE, 200, on="bank_account", **desk()),
    api("bank_api.close_bank_account", "POST", ADMIN, MEMBERS, 200, on="bank_account", sent=REASON, **owner()),
    api("bank_api.show_bank_desk", "GET", OPERATOR, READ, 200, **desk(staff=200)),
    api("bank_api.record_bank_line", "POST", OPERATOR, OPERATE, 200, sent={**LINE, "amount": 100}, **desk()),
    api("bank_api.confirm_bank_line", "POST", OPERATOR, OPERATE, 200, on="bank_line", **desk()),
    api("bank_api.dismiss_bank_line", "POST", OPERATOR, OPERATE, 200, on="bank_line", sent=REASON, **desk()),
    api("bank_api.import_bank_statement", "POST", OPERATOR, OPERATE, 200,
        sent=STATEMENT, **desk()),
    api("transferring_api.announce", "POST", BUYER, PAYMENTS, 200, on="choosing", **side()),
    api("transferring_api.withdraw", "POST", BUYER, PAYMENTS, 200, on="announced", **side()),
    api("transferring_api.show_proof", "POST", BUYER, PAYMENTS, 200, on="announced", sent=PROOF, **side()),
    api("transferring_api.fetch_proof", "GET", BUYER, READ, 200, on="announced", **seen(party=PART)),
    api("delivery_api.fetch", "GET", BUYER, DELIVERY, 200,
        on="paid", **side(suspended="403 delivery.provider_suspended")),
    api("delivery_api.receipt", "GET", BUYER, READ, 200, on="delivered", **seen()),
    api("delivery_api.fetch_update", "GET", BUYER, DELIVERY, 200, on="updated", args={"ordinal": 1},
        **side(suspended="403 delivery.provider_suspended")),
    api("payments_api.show_statement", "GET", BUYER, READ, 200, args={"month": "2026-01"},
        **everybody(party=200, staff=PART)),
    api("payments_api.show_statement", "GET", BUYER, READ, 200, args={"month": "2026-01"},
        query={"organisation": "{buying}"}, **held(staff=200)),
    api("trades_api.show_money", "GET", BUYER, READ, 200, on="settled", **seen()),
    api("trades_api.updates", "GET", BUYER, READ, 200, on="updated", **seen()),
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
    api("trades_api.propose_amendment", "POST", BUYER, CONTRACTS, 201, on="settled", sent=AMENDED,
        **side(party=201)),
    api("trades_api.renew_contract", "POST", BUYER, CONTRACTS, 201, on="settled", **side()),
    api("trades_api.show_contract_at", "GET", BUYER, READ, 200, on="settled", args=WHEN, **seen()),
    api("trades_api.rule", "POST", OPERATOR, OPERATE, 200, on="disputed", sent=REFUND, **office()),
    # Programs: invoices
    api("invoicing_api.show_profile", "GET", PERSON, READ, 200, **everybody()),
    api("invoicing_api.set_profile", "PUT", ADMIN, MEMBERS, 200, sent=TAXED,
        other=200, wrong=ROLE, staff=ROLE, suspended=BARRED),
    api("invoicing_api.listed", "GET", BUYER, READ, 200, **everybody()),
    api("invoicing_api.export", "GET", PROVIDER, READ, 200, query=MONTH,
        other=200, wrong=ROLE, party=200, staff=ROLE, suspended=200),
    api("invoicing_api.of_trade", "GET", BUYER, READ, 200, on="settled", **seen()),
    api("invoicing_api.request_invoice", "POST", BUYER, PAYMENTS, 200, on="resting", sent=BILL,
        **side(suspended=200)),
    api("invoicing_api.request_invoice", "POST", PROVIDER, PAYMENTS, 200, on="resting", sent=FEE_BILL,
        **side(suspended=200)),
    api("invoicing_api.one", "GET", BUYER, READ, 200, on="billed", **seen()),
    api("invoicing_api.one", "GET", PROVIDER, READ, 200, on="fee_billed", **seen(party=404)),
    api("invoicing_api.issue", "POST", PROVIDER, PAYMENTS, 200, on="billed", sent=ISSUED,
        **side(suspended=200)),
    api("invoicing_api.issue", "POST", OPERATOR, OPERATE, 200, on="fee_billed", sent=ISSUED, **office()),
    api("invoicing_api.refuse", "POST", PROVIDER, PAYMENTS, 200, on="billed", sent=REASON,
        **side(suspended=200)),
    api("invoicing_api.redden", "POST", PROVIDER, PAYMENTS, 200, on="reduced", sent=RED,
        **side(suspended=200)),
    api("invoicing_api.fetch", "GET", BUYER, READ, 200, on="issued", args={"place": 0}, **seen()),
    api("trades_api.answer_chargeback", "POST", OPERATOR, OPERATE, 200, on="questioned",
        args={"chargeback_id": "{chargeback}"}, sent={"answer": "contest"}, **office()),
    api("trades_api.order_redress", "POST", OPERATOR, OPERATE, 201, on="settled", sent={"amount": 100, **REASON},
        **office()),
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
)  # fmt: skip
