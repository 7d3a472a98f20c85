"""What people of an exchange do on its pages, step by step."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pyotp
from playwright.sync_api import expect

from tests import people
from tests.browser.visitor import Visitor
from tests.flows.hall import Hall

PRICE = "268.00"


@dataclass(frozen=True)
class Organisation:
    """Who applies.

    Attributes:
        name: in the language of the pages.
        email: by which its first person signs in.
    """

    name: str
    email: str


@dataclass(frozen=True)
class Goods:
    """A file that a provider sells.

    Attributes:
        title: of asset and listing.
        content: its bytes; nobody else has the same.
    """

    title: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def apply(visitor: Visitor, duty: str) -> Organisation:
    """Apply for an organisation and be signed in as its first person.

    Args:
        visitor: who applies.
        duty: label of what the organisation wants to do.
    """
    stated = people.application()
    visitor.open("/")
    visitor.follow(visitor.say("Register an organisation"))
    for label, text in {
        "Chinese name": stated.name_zh,
        "English name": stated.name_en,
        "Unified social credit code": stated.credit_code,
        "Date of establishment": stated.established_on.isoformat(),
        "Your name": stated.person,
        "Telephone": stated.phone,
        "Email address": stated.email,
        "Password": people.PASSWORD,
    }.items():
        visitor.type(label, text)
    visitor.tick(duty, "What the organisation wants to do")
    visitor.press("Send the application")
    visitor.reads("Your application is with the operator. You will see the decision here.")
    name = stated.name_zh if visitor.say.language == "zh" else stated.name_en
    return Organisation(name, stated.email)


def verify(operator: Visitor, organisation: Organisation) -> None:
    """Verify an organisation that applied."""
    operator.menu("Organisations")
    operator.follow(organisation.name)
    operator.tick("Verify", "Decision")
    operator.type("Reason", "材料齐全 papers complete")
    operator.press("Record the decision")
    operator.reads("The decision is recorded.")


def invite(chief: Visitor, guest: Visitor, duty: str, hall: Hall) -> None:
    """Let the operator's administrator invite a colleague, who takes the invitation up.

    Args:
        chief: who invites.
        guest: who comes; signed in afterwards.
        duty: label of the role.
        hall: whose clock the guest's app goes by.
    """
    chief.open("/members")
    chief.type("Email address", people.application().email)
    chief.tick(duty, "Roles")
    chief.press("Invite")
    link = chief.labelled("Link").input_value()
    assert "/invitations/" in link
    guest.open(link)
    guest.type("Your name", "王审计")
    guest.type("Password", people.PASSWORD)
    guest.press("Join")
    guest.press("Set up an app")
    guest.type("One-time code", shown(guest.labelled("Key").input_value(), hall))
    guest.press("Finish")
    guest.follow(guest.say("I have kept them"))


def shown(secret: str, hall: Hall) -> str:
    """Return what an authenticator app with this secret shows now."""
    return pyotp.TOTP(secret).at(hall.clock())


def upload(provider: Visitor, goods: Goods, hall: Hall) -> str:
    """Register a file, wait until it is measured, and submit it; return the address of the asset."""
    provider.menu("Assets")
    provider.follow(provider.say("Register an asset"))
    provider.type("Title", goods.title)
    provider.type("Source", "本机构自有观测站的逐日记录。 Read off our own instruments.")
    provider.tick("right to hold the data", "Rights claimed")
    provider.tick("right to operate data products", "Rights claimed")
    file = {"name": "weather.csv", "mimeType": "text/csv", "buffer": goods.content}
    provider.labelled("File").set_input_files(file)  # type: ignore[arg-type]
    provider.press("Store and measure")
    where = provider.page.url.removeprefix(hall.url)
    provider.await_change("The file is being measured.")
    provider.press("Submit for review")
    provider.reads("The registration is with the reviewers.")
    return where


def review(reviewer: Visitor, goods: Goods, where: str, hall: Hall) -> None:
    """Approve a registration and wait until it has its number."""
    reviewer.menu("Assets")
    reviewer.follow(goods.title)
    reviewer.tick("Approve", "Decision")
    reviewer.type("Reason", "来源可信 the source is plausible")
    reviewer.press("Decide")
    reviewer.reads("The decision is recorded.")
    hall.settled(lambda: hall.operator.get(f"/api/v1{where}")["state"] == "REGISTERED", "the registration")


def offer(provider: Visitor, goods: Goods, where: str) -> None:
    """List a registered asset for a price."""
    provider.open(where)
    provider.follow(provider.say("List this asset"))
    provider.type("Title", goods.title)
    provider.type("Description", "逐日气温与降水。 Daily temperature and rain.")
    provider.choose("Sector", "Meteorology")
    provider.type("Price in yuan", PRICE)
    provider.tick("commercial", "Benefit")
    provider.tick("internal analysis", "Purposes")
    provider.tick("making derived data and products", "Permitted")
    provider.type("Rows, at least", "3")
    provider.type("Term of use in days", "365")
    provider.press("Draft the listing")
    provider.press("Publish")


def ask(buyer: Visitor, goods: Goods) -> str:
    """Find a listing by its words and ask for the contract; return its number."""
    buyer.menu("Listings")
    buyer.page.get_by_role("searchbox").fill(goods.title)
    buyer.press("Search")
    buyer.follow(goods.title)
    buyer.press("Ask for the contract")
    return buyer.page.url.rsplit("/", 1)[1]


def sign(visitor: Visitor, number: str) -> None:
    """Sign the document of a contract."""
    visitor.menu("Contracts")
    visitor.follow(number)
    visitor.press("Sign this document")


def pay(buyer: Visitor, number: str, hall: Hall) -> None:
    """Pay on the platform's own page and come back to the trade."""
    buyer.open(f"/trades/{number}")
    buyer.going(lambda: buyer.main.get_by_role("button", name=PRICE).click())
    assert buyer.page.url.startswith(hall.sandbox.base)
    expect(buyer.main).to_contain_text(PRICE)
    buyer.going(buyer.main.get_by_role("button", name=re.compile("^付款 Pay$")).click)
    assert "/payments/" in buyer.page.url
    hall.until(number, "settlement.funded")


def fetch(buyer: Visitor, number: str, goods: Goods, folder: Path, hall: Hall) -> None:
    """Download the data: they are the very bytes that were uploaded."""
    buyer.open(f"/trades/{number}")
    file = buyer.download(buyer.say("Download the data"), folder)
    assert file.read_bytes() == goods.content
    hall.until(number, "delivery.completed")


def accept(buyer: Visitor, number: str, goods: Goods, hall: Hall) -> None:
    """Accept the delivery; the page shows the digest of what was sent."""
    buyer.open(f"/trades/{number}")
    expect(buyer.main).to_contain_text(goods.digest)
    buyer.press("Accept the delivery")
    buyer.reads("You accepted the delivery.")
    hall.until(number, "settlement.released")


def audit(auditor: Visitor, number: str, folder: Path) -> tuple[Path, Path]:
    """Take the evidence of a trade and the log's key from the public page; return both files."""
    auditor.menu("Audit")
    auditor.page.get_by_role("searchbox").fill(number)
    auditor.press("Search")
    auditor.open(f"/audit/{number}")
    bundle = auditor.download(auditor.say("Download the evidence bundle"), folder)
    auditor.open("/ledger")
    keys = re.search(r"^log .+\n(?:.*\n)*?quorum \S+", auditor.main.inner_text(), re.MULTILINE)
    assert keys is not None
    trust = folder / "trust.txt"
    trust.write_text(keys[0] + "\n")
    return bundle, trust
