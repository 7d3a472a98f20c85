"""Every page of the exchange, as everybody who may see it sees it."""

import os
import re
from collections import defaultdict
from itertools import product
from pathlib import Path
from typing import Final

import pytest
import requests

from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.visitor import Visitor
from tests.browser.world import World
from tests.flows.hall import Hall

pytestmark = pytest.mark.browser

PROGRAMS: Final = ("/api/", "/static/", "/ledger/tile/", "/witness/")
"""Where programs look, not people."""

FILES: Final = {
    "/healthz": "a word for a load balancer",
    "/readyz": "a word for a load balancer",
    "/metrics": "figures for Prometheus",
    "/ledger/checkpoint": "a signed note as a file",
    "/ledger/trust-policy.txt": "a policy as a file",
    "/ledger/checkpoints/<int:size>/timestamp-<int:place>.tsr": "a time-stamp token as a file",
    "/entries/<uuid:entry_id>/entry.<any(json, 'tlog-proof'):form>": "an entry as a file",
    "/audit/<number>/bundle.zip": "the evidence as a file",
    "/audit/export/<any(csv, json):form>": "what a search finds as a file",
    "/contracts/<string:number>/document.pdf": "the document as a file",
    "/contracts/<string:number>/signed.pdf": "the signed document as a file",
    "/contracts/<string:number>/contract.json": "the terms as a file",
    "/contracts/<string:number>/pages/<int:place>.svg": "a picture that stands on the contract's page",
    "/contracts/<string:number>/versions/<int:seq>/document.pdf": "the document of a version as a file",
    "/contracts/<string:number>/versions/<int:seq>/pages/<int:place>.svg": "a picture on the version's page",
    "/contracts/<string:number>/clauses": "leads to the clause that was chosen",
    "/contracts/<number>/at": "leads to the day that was chosen",
    "/assets/<uuid:asset_id>/inspection.pdf": "what was measured, as a sealed file",
    "/listings/<string:number>/inspection.pdf": "what was measured, as a sealed file",
    "/listings/<string:number>/inspection.jsonld": "what was measured in a vocabulary, as a file",
    "/offers/<string:number>/document.pdf": "the document as a file",
    "/offers/<string:number>/signed.pdf": "the signed document as a file",
    "/offers/<string:number>/contract.json": "the terms as a file",
    "/offers/<string:number>/pages/<int:place>.svg": "a picture that stands on the offer's page",
    "/payouts/onboarding": "leads to the payment platform, by an address that is made anew",
    "/statements/<month>/statement.csv": "a statement as a file",
    "/trades/<number>/bank-transfer/proof": "a proof as a file",
    "/trades/<number>/delivery": "the bought bytes as a file",
    "/trades/<number>/updates/<int:ordinal>": "the bytes of an update as a file",
    "/waivers.csv": "every startup waiver as a file",
    "/payments/reconciliations/<uuid:reconciliation_id>/lines.csv": "what did not match as a file",
    "/invoices/export": "a month of invoices as a file",
    "/invoices/<uuid:invoice_id>/documents/<int:place>": "the file of an invoice",
    "/texts/<string:name>/<string:version>/source.zip": "the files of a text as a file",
    "/authority/<any(root, issuing):name>.crt": "a certificate as a file",
    "/authority/<any(root, issuing):name>.crl": "a list of revocations as a file",
    "/docs/trade.sh": "the walk through a trade as a file",
    "/docs/trade.py": "the walk through a trade as a file",
}
"""Routes that show no page, and what they are."""

_KIND: Final = re.compile(r'<(\w+)(?:[^>]*? class="([^"]*)")?')
_TELLING: Final = re.compile(r"<(h2|button|legend|label|th|dt|a role=.button)\b[^>]*>([^<\d]*)")


@pytest.mark.parametrize("look", looks.TOURS, ids=str)
def test_every_page(look: Look, come: Come, eyes: Eyes, hall: Hall, world: World) -> None:
    tour = Tour(hall, world, backwards=look.wide)
    for who, email in world.people.items():
        visitor = come()
        if email is not None:
            visitor.sign_in(email, people.PASSWORD, hall.code)
        tour.walk(who, visitor)
    routes = {str(rule) for rule in hall.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    routes = {route for route in routes if not route.startswith(PROGRAMS)}
    assert routes - tour.shown - FILES.keys() == set(), "pages that nobody could look at"
    assert FILES.keys() & tour.shown == set(), "files that are pages now"
    assert tour.dead == [], "links that lead nowhere"
    eyes.judge()


class Tour:
    """A walk through all pages; each person looks at each route once, where it shows what nobody has seen there.

    Args:
        hall: the exchange.
        world: what there is in it.
        backwards: whether it begins at the other end, so that two tours look at different states of what is there.
    """

    def __init__(self, hall: Hall, world: World, *, backwards: bool) -> None:
        self.shown: set[str] = set()
        self.dead: list[str] = []
        self._map = hall.app.url_map.bind("localhost")
        self._url = hall.url
        self._paths = [path for rule in hall.app.url_map.iter_rules() for path in self._filled(rule, world)]
        self._paths += world.extra
        if backwards:
            self._paths.reverse()
        self._known: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)

    def walk(self, who: str, visitor: Visitor) -> None:
        """Look at everything that one person may see, and try every link there."""
        asking = self._asking(visitor)
        links: set[str] = set()
        seen: set[str] = set()
        for path in self._paths:
            route = self._route(path)
            if route in seen:
                continue
            answer = asking.get(self._url + path, allow_redirects=False)
            if answer.status_code != 200 or "text/html" not in answer.headers["content-type"]:
                continue
            parts = _parts(answer)
            if parts <= self._known[route]:
                continue
            self._known[route] |= parts
            self.shown.add(route)
            seen.add(route)
            visitor.open(path)
            _picture(visitor, f"{who} {route}")
            links |= set(visitor.page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)"))
        self._try(who, asking, links)

    def _asking(self, visitor: Visitor) -> requests.Session:
        """Return a client that asks as a visitor's browser would, many times faster than the browser."""
        asking = requests.Session()
        asking.headers.update({"Accept": "text/html", "Accept-Language": visitor.eyes.look.locale})
        for cookie in visitor.context.cookies():
            asking.cookies.set(cookie["name"], cookie["value"], path=cookie["path"])
        return asking

    def _try(self, who: str, asking: requests.Session, links: set[str]) -> None:
        inside = {link.split("#")[0] for link in links if link.startswith(self._url)}
        for link in sorted(inside):
            if link.endswith("/delivery"):
                continue  # fetching the data is a step of the trade
            answer = asking.get(link)
            if answer.status_code >= 400:
                self.dead.append(f"{who}: {link} answers {answer.status_code}")

    def _filled(self, rule: object, world: World) -> list[str]:
        """Return the addresses of a route: every blank filled with everything that may stand there."""
        route = str(rule)
        if route.startswith(PROGRAMS) or route in FILES or "GET" not in getattr(rule, "methods", ()):
            return []
        blanks = sorted(getattr(rule, "arguments", ()))
        unknown = [blank for blank in blanks if blank not in world.values]
        assert not unknown, f"{route}: say in world.py what may stand for {unknown}"
        filled = []
        for chosen in product(*(world.values[blank] for blank in blanks)):
            path = route
            for blank, value in zip(blanks, chosen, strict=True):
                path = re.sub(rf"<(?:[^<>:]+:)?{blank}>", value, path)
            filled.append(path)
        return filled

    def _route(self, path: str) -> str:
        rule, _values = self._map.match(path.partition("?")[0], method="GET", return_rule=True)
        return str(rule)


def _parts(answer: requests.Response) -> set[tuple[str, str]]:
    """Return what the content of a page is made of: kinds of elements, headings, buttons and labels."""
    text = answer.text
    content = text[text.index("<main") : text.index("</main>")]
    return {*_KIND.findall(content), *_TELLING.findall(content)}


def _picture(visitor: Visitor, name: str) -> None:
    """Take a picture of the whole page where the run was asked for pictures."""
    folder = os.environ.get("QILU_SCREENSHOTS")
    if folder:
        look = visitor.eyes.look
        named = re.sub(r"[^a-z]+", "-", f"{look.language} {'wide' if look.wide else 'narrow'} {name}".lower())
        places = (Path(folder) / f"{named.strip('-')}{place}.png" for place in ("", *map(str, range(2, 99))))
        free = next(place for place in places if not place.exists())
        visitor.page.screenshot(path=free, full_page=True)
