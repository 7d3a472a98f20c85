"""Bank transfer for programs: accounts, the bank desk, lines and statements. Buyers use the trade's routes."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, require_actor
from market.payments.bank import accounts, confirming, desk, recording, schemas, service
from market.payments.bank.accounts import Entered
from market.payments.bank.models import BankAccount, BankLine
from market.steps import Step, index_of

blueprint = Blueprint("bank_api", __name__, url_prefix="/api/v1", description="Bank transfer")


@blueprint.get("/bank-accounts")
@blueprint.response(200, schemas.BankAccountsOut)
def list_bank_accounts() -> dict[str, Any]:
    """List your organisation's bank accounts that are in use or wait; operators and auditors see all."""
    actor = current_actor()
    with read() as session:
        return {"items": accounts.listed(session, actor)}


@blueprint.post("/bank-accounts")
@blueprint.arguments(schemas.BankAccountIn)
@blueprint.response(200, schemas.BankAccountStepOut)
def enter_bank_account(given: Entered) -> dict[str, Any]:
    """Enter the account on which your organisation is paid (administrators), or the receiving one (operators)."""
    actor = current_actor()
    with transaction() as session:
        return _account(session, *accounts.propose(session, actor, given))


@blueprint.post("/bank-accounts/<uuid:account_id>/confirmation")
@blueprint.response(200, schemas.BankAccountStepOut)
def confirm_bank_account(account_id: uuid.UUID) -> dict[str, Any]:
    """Take an account into use: an operator, and another person than entered it (R7.7)."""
    actor = current_actor()
    with transaction() as session:
        return _account(session, *accounts.confirm(session, actor, account_id))


@blueprint.post("/bank-accounts/<uuid:account_id>/closure")
@blueprint.arguments(schemas.ReasonIn)
@blueprint.response(200, schemas.BankAccountStepOut)
def close_bank_account(given: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
    """Take an account out of use, or refuse one that was entered, with a reason."""
    actor = current_actor()
    with transaction() as session:
        return _account(session, *accounts.close(session, actor, account_id, given["reason"]))


@blueprint.get("/bank-desk")
@blueprint.response(200, schemas.BankDeskOut)
def show_bank_desk() -> dict[str, Any]:
    """Return what is expected, ordered and recorded at the bank (operators and auditors)."""
    actor = current_actor()
    with read() as session:
        return desk.plain(desk.shown(session, actor))


@blueprint.post("/bank-lines")
@blueprint.arguments(schemas.BankLineIn)
@blueprint.response(200, schemas.BankLineStepOut)
def record_bank_line(given: dict[str, Any]) -> dict[str, Any]:
    """Record a line of the bank's statement by hand; another operator confirms it (R7.7)."""
    actor = current_actor()
    with transaction() as session:
        return _line(session, *service.record(session, actor, given))


@blueprint.post("/bank-lines/<uuid:line_id>/confirmation")
@blueprint.response(200, schemas.BankLineStepOut)
def confirm_bank_line(line_id: uuid.UUID) -> dict[str, Any]:
    """Confirm a line as another person than recorded it; only now money counts as come or gone (R7.7)."""
    actor = current_actor()
    with transaction() as session:
        return _line(session, *confirming.confirm(session, actor, line_id))


@blueprint.post("/bank-lines/<uuid:line_id>/dismissal")
@blueprint.arguments(schemas.ReasonIn)
@blueprint.response(200, schemas.BankLineStepOut)
def dismiss_bank_line(given: dict[str, Any], line_id: uuid.UUID) -> dict[str, Any]:
    """Set a line aside that was mistyped or is none of any trade's money, with a reason."""
    actor = current_actor()
    with transaction() as session:
        return _line(session, *recording.dismiss(session, actor, line_id, given["reason"]))


@blueprint.post("/bank-statements")
@require_actor  # before the file is read
@blueprint.arguments(schemas.StatementFactsIn, location="form")
@blueprint.arguments(schemas.StatementFileIn, location="files")
@blueprint.response(200, schemas.StatementImportOut)
def import_bank_statement(given: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """Import the bank's statement as CSV; another operator confirms each line. Known lines change nothing."""
    made = service.import_file(current_actor(), sent["file"], given.get("closing"))
    with read() as session:
        return {
            "id": made.statement.id if made.statement else None,
            "added": made.added,
            "known": made.known,
            "entry_id": made.step.entry_id if made.step else None,
            "index": index_of(session, made.step.entry_id) if made.step else None,
        }


def _account(session: Session, row: BankAccount, step: Step) -> dict[str, Any]:
    names = schemas.BankAccountOut().fields
    return {**{name: getattr(row, name) for name in names}, **_entry(session, step)}


def _line(session: Session, row: BankLine, step: Step) -> dict[str, Any]:
    return {**desk.line(row), **_entry(session, step)}


def _entry(session: Session, step: Step) -> dict[str, Any]:
    return {"entry_id": step.entry_id, "index": index_of(session, step.entry_id)}
