"""Text that would be a script, a template or a program of the typesetter: kept as text, shown as text."""

import csv
import io
import itertools
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from contracts.render import render
from market import jobs
from market.contracting import requesting
from market.db import transaction
from market.trades import decisions
from tests import deals, trades
from tests.authorisation.asking import send
from tests.authorisation.world import HTML, World
from tests.deals import Deal

MARK = "xssmark"
PAYLOAD = (
    f'=1+1 <script>{MARK}()</script><{MARK}> {{{{7*7}}}} {{% x %}} " onclick="{MARK}()" \' javascript:{MARK}() '
    '</textarea></title>--> #read("/etc/passwd") $x$ \\ @a'
)
SOURCE = f"{PAYLOAD}\nsecond line"
FORMULA = tuple("=+-@\t\r")
"""What a cell must not begin with: a spreadsheet would compute it."""
READERS = ("provider", "buyer", "operator", "reviewer", "auditor", "stranger")
MOST = 60
"""Pages looked at for each reader; the seeded exchange has fewer of different kinds."""


class Page(HTMLParser):
    """What a browser would make of a page: dangerous elements and attributes, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.dangers: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        inline = tag == "script" and not (values.get("src") or "").startswith("/static/")
        loud = [name for name in values if name.startswith("on") or name in {"style", "srcdoc"}]
        away = [name for name in ("href", "src", "action", "formaction") if _leads_away(values.get(name))]
        if tag == MARK or inline or loud or away:
            self.dangers.append(f"<{tag} {attrs}>")
        if tag == "a" and (values.get("href") or "").startswith("/"):
            self.links.append(str(values["href"]).partition("#")[0])

    def handle_data(self, data: str) -> None:
        self.text += data


def _leads_away(where: str | None) -> bool:
    return where is not None and where.strip().lower().startswith(("javascript:", "data:text", "vbscript:"))


@pytest.fixture(scope="module")
def poisoned(world: World) -> Iterator[Deal]:
    """Yield a disputed trade in every text of which the payload stands; its document is really set in type."""
    own = world.own.people
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(requesting, "render", render)
        listing = _listed(world)
        deal = deals.requested(own["provider"], own["buyer"], listing)
    deals.sign(deal.provider, deal.number)
    deals.sign(deal.buyer, deal.number)
    jobs.drain()
    trades.fetched(trades.paid(deal))
    with transaction() as session:
        decisions.reject(session, deal.buyer, deal.number, SOURCE)
    yield deal
    world.back()


def _listed(world: World) -> str:
    """Register and list an asset through the API, with the payload in every text."""
    provider = world.humans["provider"].bearer()
    file = (io.BytesIO(deals.content()), "levels.csv")
    asset = send(world, "POST", "/api/v1/assets", provider, data={
        "title": PAYLOAD, "source": SOURCE, "rights": ["hold"], "file": file,
    }).json  # fmt: skip
    jobs.drain()
    where = f"/api/v1/assets/{asset['id']}"
    assert send(world, "POST", f"{where}/submission", provider, json={}).status_code == 200
    decision = {"decision": "approve", "reason": SOURCE}
    reviewer = world.humans["reviewer"].bearer()
    assert send(world, "POST", f"{where}/review", reviewer, json=decision).status_code == 200
    jobs.drain()
    made = send(world, "POST", "/api/v1/listings", provider, json={
        "asset": asset["id"], "title": PAYLOAD, "summary": SOURCE, "sector": "meteorology",
        "benefit": "commercial", "purposes": ["internal-analysis"], "term_days": 30, "price": 1_000,
        "quality": [{"indicator": "rows", "value": "1"}],
    })  # fmt: skip
    assert made.status_code == 201, made.text
    number: str = made.json["number"]
    assert send(world, "POST", f"/api/v1/listings/{number}/publication", provider, json={}).status_code == 200
    return number


@pytest.mark.parametrize("reader", READERS)
def test_no_page_runs_what_somebody_wrote(world: World, poisoned: Deal, reader: str) -> None:
    human = world.humans[reader]
    starts = [
        "/",
        "/listings",
        f"/trades/{poisoned.number}",
        f"/contracts/{poisoned.number}",
        "/assets",
        "/me",
    ]
    left, seen, shown = starts, set[str](), 0
    while left and len(seen) < MOST:
        where = left.pop(0)
        kind = _kind(where)
        if kind in seen:
            continue
        seen.add(kind)
        answer = send(world, "GET", where, {"Accept": HTML, "Cookie": human.cookies})
        assert answer.status_code < 500 or where.endswith("bundle.zip"), where  # 503 until it is published
        assert answer.mimetype != "application/vnd.ms-excel", where
        if answer.mimetype == "text/csv":
            cells = itertools.chain(*csv.reader(io.StringIO(answer.text)))
            assert not [cell for cell in cells if cell[:1] in FORMULA], where
        if answer.mimetype == "text/html":
            page = Page(answer.text)
            assert not page.dangers, (where, page.dangers)
            shown += "{{7*7}}" in page.text
            left += page.links
    assert shown or reader == "reviewer", "the text stands nowhere, so nothing was tested"


def _kind(where: str) -> str:
    """Return an address without what only tells one object from another, so that each kind is looked at once."""
    path = where.partition("?")[0]
    parts = ["*" if len(part) >= 11 and any(map(str.isdigit, part)) else part for part in path.split("/")]
    return "/".join(parts)


def test_the_document_is_typeset_text(world: World, poisoned: Deal) -> None:
    """Nothing of it is the typesetter's own language: no file is read, and a page has no script."""
    human = world.humans["buyer"]
    page = send(world, "GET", f"/api/v1/contracts/{poisoned.number}/pages/1.svg", human.bearer())
    assert (page.status_code, page.mimetype) == (200, "image/svg+xml")
    assert "<script" not in page.text
    assert "sandbox" in page.headers["Content-Security-Policy"]
    terms = send(world, "GET", f"/api/v1/contracts/{poisoned.number}/contract.json", human.bearer())
    assert PAYLOAD in terms.get_json(force=True)["data"]["title"]
