"""An exchange with something in every state, so that every page has something to show."""

import contextlib
import io
import itertools
import re
from dataclasses import dataclass

from market import clock
from market.demo.client import wait_for
from market.i18n import CHINA
from tests import people, signers
from tests.flows import assessing, banking, billing, reconciling, sparing
from tests.flows.browser import Browser
from tests.flows.hall import Caller, Hall, Json
from tests.flows.test_chargebacks import question
from tests.flows.test_instalments import PARTS, negotiated, pay
from tests.waiting import SECONDS

_count = itertools.count(1)


@dataclass(frozen=True)
class World:
    """What there is to look at.

    Attributes:
        values: what may stand in an address, by the name of its blank.
        extra: addresses with a query that change what is shown.
        people: e-mail addresses of those who look, by what they are; None is a stranger.
    """

    values: dict[str, list[str]]
    extra: list[str]
    people: dict[str, str | None]


def furnish(hall: Hall) -> World:
    """Bring assets, contracts, trades and organisations into every state that a page shows differently.

    Args:
        hall: the exchange.
    """
    draft, submitted, refused = (_asset(hall, content) for content in (_rows(), _rows(), b"\x00\xff\x00"))
    hall.provider.post(f"/api/v1/assets/{submitted}/submission")
    stopped, appealed = (_asset(hall, _people()) for _each in range(2))
    hall.provider.post(f"/api/v1/assets/{appealed}/appeal", {"reason": "our own numbers"})
    _updated(hall)
    cleaned = _cleaned(hall)
    registered = [str(item["id"]) for item in hall.provider.get("/api/v1/assets")["items"]]
    certificates = [one["number"] for one in hall.provider.get("/api/v1/assets")["items"] if one["number"]]
    trades = _trades(hall)
    lines, accounts = _bank(hall, trades)
    invoices = billing.invoices(hall, trades)
    standing, sketch, accepted = _offers(hall)
    applicant = _applicant(hall)
    laboratory = assessing.assessor(hall)
    attested = assessing.signed(laboratory, hall.weather.content)
    assert assessing.attach(laboratory, assessing.registration(hall, hall.priced), attested) == (200, "")
    staff = {role: _colleague(hall, role) for role in ("reviewer", "auditor")}
    invited = hall.operator.post(
        "/api/v1/members/invitations", {"email": people.application().email, "roles": ["auditor"]}
    )
    spared = sparing.listed(hall, sparing.registered(hall, 1, **sparing.STATED)[1])
    at_cost = sparing.listed(hall, sparing.at_cost(sparing.registered(hall, 2)[1]))
    entries = hall.buyer.get(f"/api/v1/trades/{trades[-1]}/entries")["items"]
    kept, ended = (_key(hall) for _time in range(2))
    hall.provider.post(f"/api/v1/signing-keys/{ended}/revocation", {"reason": "lost"})
    Caller(hall.url, "buyer").post(  # sets up an app, and has not finished
        "/api/v1/second-factor", {"email": "other@hall.example", "password": people.PASSWORD}
    )
    values = {
        "name": ["data-provision", "open-licence"],
        "version": ["1.0", "0.1"],
        "old": ["0.1"],
        "new": ["1.0"],
        "asset_id": [draft, submitted, refused, stopped, appealed, cleaned, *registered],
        "number": [
            hall.priced,
            hall.free,
            *trades,
            *certificates,
            standing,
            sketch,
            accepted,
            spared,
            at_cost,
            hall.agree(spared),
        ],
        "reference": [*trades, str(entries[0]["object"])],
        "organisation_id": [one["id"] for one in hall.operator.get("/api/v1/organisations")["items"][:6]],
        "invoice_id": invoices,
        "operation_id": [one["id"] for one in hall.operator.get("/api/v1/operations")["items"][:8]],
        "reconciliation_id": _reports(hall),
        "line_id": lines,
        "account_id": accounts,
        "entry_id": [str(one["entry_id"]) for one in entries[::4]],
        "size": [str(one["size"]) for one in hall.buyer.get("/api/v1/checkpoints")["items"][:2]],
        "token": [invited["token"]],
        "user_id": [one["user_id"] for one in hall.operator.get("/api/v1/members")["items"]],
        "secret": [_letter(hall)],
        "certificate_id": [kept, ended],
        "seq": ["1", "2"],
        "clause": ["term", "use"],
        "moment": ["2026-01-02", clock.utcnow().astimezone(CHINA).date().isoformat()],
    }
    extra = [
        *(f"/listings/new?asset={asset}" for asset in registered),
        "/texts/data-provision/1.0?show=both",
        "/texts/data-provision/0.1...1.0?show=both",
        "/texts/data-provision/1.0/form?show=both",
        f"/offers/new?listing={hall.priced}",
        f"/attestations/new?number={assessing.registration(hall, hall.priced)}",
        "/listings?q=nothing-is-called-so",
        "/audit?q=nothing-is-called-so",
        "/contracts?q=nothing-is-called-so",
        "/audit?since=soon",
        "/assets?state=EXPIRED",
        "/organisations?state=CLOSED",
        "/erasure",
        *(
            f"/statements?organisation={one['id']}"
            for one in hall.operator.get("/api/v1/organisations")["items"]
        ),
        "/statements?month=soon",
        "/invoices?view=overdue",
    ]
    who: dict[str, str | None] = {
        "nobody": None,
        "provider": "provider@hall.example",
        "buyer": "buyer@hall.example",
        "newcomer": "other@hall.example",
        "applicant": applicant,
        "assessor": assessing.EMAIL,
        "operator": hall.operator_email,
        **staff,
    }
    return World(values, extra, who)


def _reports(hall: Hall) -> list[str]:
    """Return a report that is signed off, and one with a difference that waits for somebody else than asked for it."""
    signed = str(reconciling.asked(hall)["id"])
    reconciling.strangers_payment(hall)
    differs = str(reconciling.asked(hall)["id"])
    hall.operator.ask("POST", f"/api/v1/reconciliations/{signed}/sign-off", {})
    return [signed, differs]


def _bank(hall: Hall, trades: list[str]) -> tuple[list[str], list[str]]:
    """Announce a bank transfer; return lines and accounts in every state that is shown differently."""
    other = banking.open_accounts(hall)
    number = hall.agree(hall.priced)
    trades.insert(0, number)
    told = hall.buyer.do(number, "bank-transfer").body
    banking.send(hall.buyer, f"/trades/{number}/bank-transfer/proof", "proof.pdf", banking.PDF)
    paid = hall.agree(hall.priced)
    trades.insert(0, paid)
    came = hall.buyer.do(paid, "bank-transfer").body["reference"]
    file = banking.statement(hall, ("B1", "1.00", "收", told["reference"]), ("B2", "268.00", "收", came))
    banking.send(hall.operator, "/bank-statements", "day.csv", file, closing="269.00")
    lines = banking.waiting(other)
    assert banking.confirm(other, lines["B2"]["id"]).status == 200
    hall.until(paid, "settlement.funded")
    hall.buyer.do(paid, "cancellation", reason="no longer needed")
    hall.until(paid, "refund.planned")
    waits = banking.enter(hall, hall.provider, number="6222 0000 1111").body["id"]
    own = [str(one["id"]) for one in hall.operator.get("/api/v1/bank-accounts")["items"]]
    return [str(one["id"]) for one in lines.values()], [str(waits), *own]


def _rows() -> bytes:
    """Return a small table that nobody else has."""
    return f"日期,气温\n2026-01-01,{next(_count)}.5\n2026-01-02,\n".encode()


def _people() -> bytes:
    """Return a table of mobile numbers that nobody else has."""
    return "\n".join(["手机号", *(f"139{next(_count):08}" for _row in range(40)), ""]).encode()


def _asset(hall: Hall, content: bytes) -> str:
    stated: dict[str, str | list[str]] = {
        "title": "泉城天气",
        "source": "own instruments",
        "rights": ["hold"],
    }
    made = hall.provider.upload("/api/v1/assets", "weather.csv", content, stated)
    return _measured(hall, str(made["id"]))


def _measured(hall: Hall, asset: str) -> str:
    path = f"/api/v1/assets/{asset}/inspection"
    wait_for(lambda: hall.provider.get(path)["state"] != "pending" or None, "measuring", seconds=SECONDS)
    return asset


def _updated(hall: Hall) -> None:
    """Let a newer file of the free asset wait for a reviewer, after one that was withdrawn."""
    asset = next(str(one["id"]) for one in hall.provider.get("/api/v1/assets?state=REGISTERED")["items"])
    path = f"/api/v1/assets/{asset}/updates"
    for content in (_rows(), _rows()):
        hall.provider.upload(path, "weather.csv", content, {"changes": "补充 8 月的数据"})
    wait_for(lambda: hall.provider.get(path)["items"][0]["comparison"], "comparing", seconds=SECONDS)
    hall.provider.post(f"{path}/submission")


def _cleaned(hall: Hall) -> str:
    """Return an asset whose file was cleaned once, and then a recipe did not fit it."""
    asset = _asset(hall, _rows())
    path = f"/api/v1/assets/{asset}/cleaning"
    drop = {"operation": "drop_rows", "columns": ["气温"]}
    hall.provider.post(path, {"version": 1, "operations": [drop]})
    wait_for(lambda: hall.provider.get(path)["items"] or None, "cleaning", seconds=SECONDS)
    _measured(hall, asset)
    hall.provider.post(path, {"version": 1, "operations": [drop]})
    wait_for(lambda: hall.provider.get(path)["asked"]["code"], "a refusal", seconds=SECONDS)
    return asset


def _key(hall: Hall) -> str:
    """Let the provider have a key certified; return the certificate's id."""
    stated = {"csr": signers.csr(signers.key()), "device": "a laptop"}
    return str(hall.provider.post("/api/v1/signing-keys", stated)["id"])


def _trades(hall: Hall) -> list[str]:
    """Return one trade in each state, the finished one last."""
    requested, half, declined = (hall.ask_for(hall.priced) for _time in range(3))
    hall.sign(hall.provider, half)
    guarded = _guarded(hall)
    hall.provider.post(f"/api/v1/contracts/{declined}/refusal", {"reason": "not now"})
    offered = _negotiated(hall)
    agreed, opened, paid = (hall.agree(hall.priced) for _time in range(3))
    hall.buyer.post(f"/api/v1/trades/{opened}/payment")
    hall.pay(paid)
    delivered, disputed, ruled, noticed, over, questioned, done = (hall.sell() for _time in range(7))
    question(hall, questioned)
    parted = negotiated(hall, {"price.milestones": PARTS})
    pay(hall, parted)
    for number in (disputed, ruled):
        assert hall.buyer.do(number, "rejection", reason="not what was promised").status == 200
    assert hall.operator.do(ruled, "ruling", outcome="refund", reason="promise broken").status == 200
    hall.until(ruled, "dispute.closed")
    for number in (noticed, over, done):
        assert hall.buyer.do(number, "acceptance").status == 200
        hall.until(number, "settlement.released")
    assert hall.buyer.do(noticed, "termination", ground="notice", reason="needed no longer").status == 200
    assert hall.provider.do(noticed, "suspension", cause="misuse", reason="it was passed on").status == 200
    assert hall.provider.do(over, "termination", ground="grave", reason="it was passed on").status == 200
    amended = _amended(hall, done)
    return [
        requested, half, guarded, declined, *offered, agreed, opened, paid, delivered, disputed, ruled, noticed,
        over, questioned, parted, *amended, done,
    ]  # fmt: skip


def _guarded(hall: Hall) -> str:
    """Return a contract that waits for a second person of the buyer's, at a price that nothing else here has."""
    price = {"amount": 90_000_000, "currency": "CNY"}
    hall.buyer.ask("PUT", "/api/v1/approval-rule", {"asks": "from", **price})
    number = hall.ask_for(hall.priced)
    place = f"/api/v1/contracts/{number}"
    sent = {"base": hall.provider.get(place)["terms_digest"], "changes": {"price.amount": price}}
    shown = hall.provider.post(f"{place}/offers", sent, create=True)["terms_digest"]
    hall.buyer.post(f"{place}/acceptance", {"terms_digest": shown})
    assert hall.sign(hall.provider, number).status == 200
    assert "approve" in hall.buyer.get(place)["acts"]
    return number


def _amended(hall: Hall, trade: str) -> list[str]:
    """Let one amendment of a trade come into force and another wait for an answer; return their numbers."""
    numbers = []
    for days in (180, 270):
        shown = hall.buyer.get(f"/api/v1/trades/{trade}")["terms_digest"]
        sent = {"base": shown, "changes": {"term.days": days}, "comment": "再用一段时间"}
        made = hall.buyer.post(f"/api/v1/trades/{trade}/amendments", sent, create=True)
        numbers.append(str(made["number"]))
        if len(numbers) == 1:
            for caller in (hall.provider, hall.buyer):
                hall.sign(caller, numbers[0])
            hall.until(trade, "amendment.finalized")
    return numbers


def _negotiated(hall: Hall) -> list[str]:
    """Return a contract with an offer on the table and a suggestion on it, and one whose offer is accepted."""
    offered, accepted = (hall.ask_for(hall.priced) for _time in range(2))
    for number in (offered, accepted):
        place = f"/api/v1/contracts/{number}"
        base = hall.provider.get(place)["terms_digest"]
        sent = {"base": base, "changes": {"term.days": 180}, "comment": "半年即可"}
        shown = hall.provider.post(f"{place}/offers", sent, create=True)["terms_digest"]
        said = {"on_digest": shown, "clause": "term", "comment": "九个月如何", "changes": {"term.days": 270}}
        hall.buyer.post(f"{place}/remarks", said, create=True)
    hall.buyer.post(f"{place}/acceptance", {"terms_digest": shown})
    return [offered, accepted]


def _offers(hall: Hall) -> list[str]:
    """Return a standing offer that is open, a draft of one, and a contract by acceptance that waits for its buyer."""
    found = []
    for listing in (hall.free, hall.priced):
        stated = {"listing": listing, "days": 30, "most": 9}
        found.append(hall.provider.post("/api/v1/offers", stated))
    standing, sketch = found
    place = f"/api/v1/offers/{standing['number']}"
    hall.provider.post(f"{place}/signature", {"document_digest": standing["paper"]["document_digest"]})
    accepted = hall.buyer.post(f"{place}/acceptances", create=True)
    return [standing["number"], sketch["number"], accepted["number"]]


def _applicant(hall: Hall) -> str:
    """Let an organisation apply and return the address of its person."""
    stated = people.application()
    body: Json = {
        "name_zh": stated.name_zh, "name_en": stated.name_en, "credit_code": stated.credit_code,
        "established_on": stated.established_on.isoformat(), "person": stated.person,
        "phone": stated.phone, "email": stated.email, "password": people.PASSWORD, "roles": ["buyer"],
    }  # fmt: skip
    Caller(hall.url, "buyer").post("/api/v1/organisations", body, create=True)
    return stated.email


def _letter(hall: Hall) -> str:
    """Ask for a new password and return the secret of the link in the letter."""
    stranger, printed = Browser(hall.url), io.StringIO()
    with contextlib.redirect_stdout(printed):
        stranger.open("/forgotten")
        stranger.press("/forgotten", email="other@hall.example")
        link = wait_for(
            lambda: re.search(r"/password/([\w-]+)", printed.getvalue()), "a letter", seconds=SECONDS
        )
    return link[1]


def _colleague(hall: Hall, role: str) -> str:
    """Let one more of the staff join and set up an authenticator app; return their address."""
    email = people.application().email
    invited = hall.operator.post("/api/v1/members/invitations", {"email": email, "roles": [role]})
    body = {"name": "同事", "password": people.PASSWORD}
    Caller(hall.url, role).post(f"/api/v1/invitations/{invited['token']}", body)
    Caller(hall.url, role).enrol(email, people.PASSWORD, hall.apps)
    return email
