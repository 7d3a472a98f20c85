"""What the exchange itself could write into its own log: the trade must still make sense."""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from contracts import stepup
from ledger import canonical
from ledger.entry import Entry
from tests.authenticator import Authenticator
from tests.market.verify.conftest import Files, Sold, failed, leaves_of

pytestmark = pytest.mark.sqlite
OTHER = str(uuid.uuid4())


def rows(table: str, kind: str | None = None, /, **values: Any) -> Callable[[Any, Entry], None]:
    """Return a change of every row of a table, in entries of one kind or in all."""

    def change(value: Any, entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == table and kind in (None, entry.kind):
            value.update(values)

    return change


def authorities(**values: Any) -> Callable[[Any, Entry], None]:
    """Change the rows of the exchange's own authority."""

    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("table") == "key" and value["purpose"] == "ca":
            value.update(values)

    return change


def party_keys(**values: Any) -> Callable[[Any, Entry], None]:
    """Return a change of the parties' keys."""

    def change(value: Any, _entry: Entry) -> None:
        if isinstance(value, dict) and value.get("purpose") == "party":
            value.update(values)

    return change


def to_a_stranger(value: Any, _entry: Entry) -> None:
    """Send the provider's money to somebody else, in operation and books alike."""
    if isinstance(value, dict) and value.get("kind") == "transfer":
        value["organisation_id"] = OTHER
    payable_elsewhere(value, _entry)


def payable_elsewhere(value: Any, _entry: Entry) -> None:
    for side in ("debit", "credit"):
        if isinstance(value, dict) and str(value.get(side)).startswith("provider_payable:"):
            value[side] = f"provider_payable:{OTHER}"


def cleared_elsewhere(value: Any, _entry: Entry) -> None:
    """Let the provider's money leave by another account than the one it is paid from."""
    if isinstance(value, dict) and str(value.get("debit")).startswith("provider_payable:"):
        value["credit"] = "psp_fee_expense"


def confirmed(statement: bytes) -> str:
    """Return what is kept of a passkey that confirmed a statement, as the exchange writes it."""
    authenticator = Authenticator()
    client, data, signature = authenticator.sign(hashlib.sha256(statement).digest())
    parts = {
        "authenticator_data": data,
        "client_data_json": client,
        "credential_id": authenticator.id,
        "public_key": authenticator.cose,
        "signature": signature,
    }
    return canonical.encode(
        {**{name: stepup.encoded(part) for name, part in parts.items()}, "rp_id": authenticator.rp_id}
    ).decode()


@pytest.mark.usefixtures("unset")
def test_rewriting_without_changing_is_consistent(sold: Sold) -> None:
    """The forger's tools work: what the next test names is the change alone."""
    report = sold.verify(sold.forged(lambda _value, _entry: None))
    assert report.consistent, report.text()


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (rows("trade", amount=1), "money"),
        (rows("settlement", amount=100_000), "money"),
        (rows("settlement", currency="USD"), "money"),
        (rows("settlement", ordinal=2), "money"),
        (rows("settlement", label="another"), "money"),
        (rows("settlement", due_at="2036-01-01T00:00:00.000Z"), "money"),
        (rows("settlement", "settlement.funded", due_at="2036-01-01T00:00:00.000Z"), "money"),
        (rows("settlement", period_from="2036-01-01T00:00:00.000Z"), "money"),
        (rows("settlement", fee=0), "money"),
        (rows("settlement", "settlement.released", fee=0), "money"),
        (rows("operation", "payment.settled", amount=1), "money"),
        (rows("operation", "transfer.made", amount=128_000), "money"),
        (rows("operation", "transfer.made", state="FAILED"), "states"),
        (rows("posting", "payment.settled", amount=1), "money"),
        (rows("posting", "transfer.made", debit="elsewhere"), "money"),
        (rows("posting", operation_id=OTHER), "money"),
        (rows("posting", number="0000000000A"), "money"),
        (rows("posting", id=OTHER), "money"),
        (rows("settlement", "settlement.funded", state="DUE"), "states"),
        (rows("acceptance", "acceptance.accepted", state="PENDING"), "states"),
        (rows("access_grant", "delivery.completed", transfer="STARTED"), "states"),
        (rows("receipt", digest="00" * 32), "delivery"),
        (rows("receipt", size=1), "delivery"),
        (rows("receipt", grant_id=OTHER), "delivery"),
        (rows("access_grant", digest="00" * 32), "delivery"),
        (rows("access_grant", policy_digest="00" * 32), "delivery"),
        (rows("receipt", first_byte_at="2020-01-01T00:00:00.000Z"), "delivery"),
        (rows("receipt", completed_at="2036-01-01T00:00:00.000Z"), "delivery"),
        (rows("receipt", first_byte_at="2036-01-01T00:00:00.000Z"), "delivery"),
        *[(rows(table, **{party: OTHER}), "parties")
          for table in ("request", "trade", "access_grant") for party in ("provider_id", "buyer_id")],
        *[(rows(table, number="0000000000A"), "parties") for table in ("request", "trade", "access_grant")],
        *[(rows(table, trade_id=OTHER), "parties")
          for table in ("agreement", "acceptance", "settlement", "access_grant")],
        *[(rows(table, asset_id=OTHER), "parties") for table in ("trade", "access_grant", "revision")],
        *[(rows(table, contract_id=OTHER), "parties") for table in ("request", "trade")],
        *[(rows(table, handle="a" * 26), "parties") for table in ("request", "trade", "operation")],
        (rows("trade", "contract.finalized", id=OTHER), "parties"),
        (rows("access_grant", "settlement.funded", id=OTHER), "parties"),
        (rows("operation", number="0000000000A"), "parties"),
        (rows("operation", settlement_id=OTHER), "parties"),
        (rows("operation", organisation_id=OTHER), "parties"),
        (to_a_stranger, "parties"),
        (rows("operation", "transfer.made", source_id=None), "parties"),
        (rows("operation", "transfer.made", source_id=OTHER), "parties"),
        (rows("operation", "transfer.made", currency="USD"), "money"),
        (rows("settlement", "settlement.funded", operation_id=OTHER), "parties"),
        (rows("settlement", "settlement.released", operation_id=None), "parties"),
        (rows("settlement", "contract.finalized", operation_id=OTHER), "parties"),
        (rows("settlement", table="elsewhere"), "openings"),
        (rows("inspection", provider_id=OTHER), "parties"),
        (rows("signature", contract_id=OTHER), "contract"),
        (payable_elsewhere, "money"),
        (cleared_elsewhere, "money"),
        (rows("revision", digest="00" * 32), "data"),
        (rows("revision", size=1), "data"),
        (rows("inspection", report_digest="00" * 32), "data"),
        (rows("inspection", revision_id=OTHER), "data"),
        (rows("contract", "contract.finalized", final_digest="00" * 32), "contract"),
        (rows("contract", "contract.signed", document_size=1), "contract"),
        (rows("contract", buyer_id=OTHER), "contract"),
        (rows("contract", "contract.signed", terms="{}"), "contract"),
        (rows("contract", "contract.finalized", version=2), "contract"),
        (rows("version", terms_digest="00" * 32), "contract"),
        (rows("version", document_digest="00" * 32), "contract"),
        (rows("version", digest="00" * 32), "contract"),
        (rows("version", parent_digest="00" * 32), "contract"),
        (rows("version", seq=2), "contract"),
        (rows("version", role="provider"), "contract"),
        (rows("version", comment="as we said"), "contract"),
        (rows("version", contract_id=OTHER), "contract"),
        (rows("contract", template_digest="00" * 32), "model text"),
        (rows("signature", key_id=OTHER), "contract"),
        (rows("signature", algorithm="none"), "contract"),
        (authorities(state="retired"), "certificate of the buyer"),
        (authorities(public_key="eA=="), "contract"),
        (rows("signature", statement="{}"), "contract"),
        (rows("signature", file_digest="00" * 32), "contract"),
        (rows("signature", assertion=confirmed(b"another statement")), "passkey of the provider"),
        (rows("signature", assertion="{}"), "passkey of the buyer"),
        (rows("signature", stamped=False), "time stamp of the provider"),
        (rows("signature", signed_at="2026-01-01T00:00:00.000Z"), "time stamp of the buyer"),
        (rows("signature", role="buyer"), "contract"),
        (party_keys(state="retired"), "contract"),
        (party_keys(organisation_id=OTHER), "contract"),
        (party_keys(purpose="other"), "contract"),
        (party_keys(algorithm="RS256"), "contract"),
        (rows("key", state="retired"), "manifest"),
        (rows("key", purpose="party"), "manifest"),
        (rows("key", public_key="x"), "manifest"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("unset")
def test_a_trade_that_makes_no_sense_is_a_failure(
    sold: Sold, change: Callable[[Any, Entry], None], check: str
) -> None:
    report = sold.verify(sold.forged(change))
    assert check in failed(report), report.text()


@pytest.mark.parametrize(
    "table", ["request", "trade", "agreement", "acceptance", "access_grant", "settlement"]
)
@pytest.mark.usefixtures("unset")
def test_a_row_that_no_entry_shows_is_missed(sold: Sold, table: str) -> None:
    kept = [item for item in json.loads(sold.files["openings.json"]) if item["field"] != table]
    leaves = {
        index: replace(entry, commitments={f: c for f, c in entry.commitments.items() if f != table})
        for index, entry in leaves_of(sold.files).items()
    }
    report = sold.verify(
        sold.sealed(sold.logged({**sold.files, "openings.json": canonical.encode(kept)}, leaves))
    )
    assert "parties" in failed(report), report.text()


def reordered(sold: Sold, kinds: dict[str, str]) -> Files:
    """Write the trade with some kinds exchanged."""
    leaves = {
        index: replace(entry, kind=kinds.get(entry.kind, entry.kind))
        for index, entry in leaves_of(sold.files).items()
    }
    return sold.sealed(sold.logged(sold.files, leaves))


@pytest.mark.parametrize(
    ("kinds", "check"),
    [
        ({"payment.settled": "payment.failed"}, "states"),
        ({"settlement.funded": "payment.failed"}, "delivery"),
        ({"delivery.completed": "payment.failed"}, "states"),
        ({"acceptance.accepted": "payment.failed"}, "states"),
        ({"asset.registered": "asset.rejected"}, "data"),
        ({"contract.requested": "payment.failed"}, "contract"),
        ({"payment.planned": "contract.requested"}, "states"),
    ],
)
@pytest.mark.usefixtures("unset")
def test_steps_in_an_impossible_order_are_a_failure(sold: Sold, kinds: dict[str, str], check: str) -> None:
    report = sold.verify(reordered(sold, kinds))
    assert check in failed(report), report.text()
