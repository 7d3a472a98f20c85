"""What an address, a query or a header may not be: refused or not found, never an error of ours."""

import io
import re
from base64 import urlsafe_b64encode
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from tests.authorisation.asking import address, send
from tests.authorisation.hostile.attacks import is_refused, keeps, owner
from tests.authorisation.rows import Row
from tests.authorisation.table import ROWS
from tests.authorisation.world import HTML, World

NAMED = [row for row in ROWS if row.on and row.endpoint not in {"static", "oversight.tile"}]
CONSTANT = {"guide", "edge", "static", "api-docs", "home_api"}
"""Rooms whose addresses take no question."""
LISTS = [
    row
    for row in ROWS
    if row.method == "GET"
    and not row.on
    and row.endpoint.partition(".")[0] not in CONSTANT
    and row.own != 503
]
"""Rows of addresses that take a question; what asks the payment platform, which there is none of here, takes none."""
THINGS = (
    "%00", "a%00b", "%ED%A0%80", "%FF%FE", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "%27%3B%20DROP%20TABLE%20step%3B--",
    "%7B%7B7*7%7D%7D", "%3Cscript%3E", "9223372036854775808", "-1", "0" * 5000, "%E2%80%AE", "00000000000",
    "00000000-0000-0000-0000-000000000000",
)  # fmt: skip
FEW = THINGS[-2:]
"""Where a router wants an id it lets only the last one through; more need not be asked."""
OUTSIDE = (
    "/static/../config.py", "/static/%2e%2e/config.py", "/static/..%2fconfig.py", "/static//etc/passwd",
    "/static/%00", "/static/....//config.py", "/static/..\\config.py", "/ledger/tile/../checkpoint",
    "/ledger/tile/%2e%2e/checkpoint", "/ledger/tile/0/..%2f..%2f..%2fqilu.db", "/ledger/tile//etc/passwd",
    "/ledger/tile/0/000%00", "/ledger/tile/entries/x999/x999/x999/x999/x999/x999/x999/999", "/ledger/tile/-1/000",
    "/ledger/tile/8/000", "/ledger/tile/0/٠٠٠",
)  # fmt: skip
CURSORS = (
    "a", "AAAA", "%00", "%FF", "=" * 32,
    urlsafe_b64encode(b"\xff" * 24).decode(), urlsafe_b64encode(b"\0" * 25).decode(),
    urlsafe_b64encode((2**62).to_bytes(8) + b"\0" * 16).decode(), "a" * 5000, "%E2%80%AE", "1' OR '1'='1",
)  # fmt: skip
WORDS = (
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF",
    "%E2%80%AE",
    "a" * 5000,
    "{{7*7}}",
    "<script>alert(1)</script>",
    "%%%",
    '"*',
    "NEAR(a b",
)
QUERIES = (
    "q", "state", "kind", "lang", "next", "asset", "sector", "price", "mine", "days", "benefit", "since", "until",
    "party", "old", "email",
)  # fmt: skip
DAYS = ("0001-01-01", "1799-12-31", "3000-01-01", "9999-12-31", "10000-01-01", "2026-02-30")
"""What is no day, or none that the exchange could have seen."""
JUNK = ("", "\x7f", "é" * 40, "x" * 7000, "{{7*7}}", "..", ",", "bytes=-", "*")
HEADERS = (
    "Range", "If-Range", "If-None-Match", "If-Match", "If-Modified-Since", "Accept", "Accept-Language",
    "Accept-Encoding",
    "Cookie", "User-Agent", "X-Request-Id", "X-Forwarded-For", "Forwarded", "Referer", "Content-Type",
)  # fmt: skip


def ask(world: World, row: Row, where: str, headers: dict[str, str] | None = None) -> tuple[int, bool]:
    """Use a route as who may use it; return the status and whether it is a clear refusal."""
    human = owner(world, row)
    if row.is_api:
        sent = {**human.bearer(), **(headers or {})}
        body: dict[str, Any] = {"json": dict(row.sent)} if row.method in {"POST", "PUT"} else {}
        if row.sends_file:
            body = {"data": {"file": (io.BytesIO(b"{}"), "none.json")}}
        answer = send(world, row.method, where, sent, **body)
    else:
        sent = {"Accept": HTML, "Cookie": human.cookies, **(headers or {})}
        form = {"data": {**row.sent, "csrf_token": human.csrf}} if row.method == "POST" else {}
        answer = send(world, row.method, where, sent, **form)
    return answer.status_code, is_refused(answer)


@pytest.mark.parametrize("row", NAMED, ids=str)
def test_what_is_nothing_s_name_is_not_found(world: World, row: Row) -> None:
    good = address(world, row, world.own)
    name = world.own.things[row.on]
    for thing in THINGS if len(name) < 36 else FEW:
        status, refused = ask(world, row, good.replace(name, thing))
        assert refused, (thing, status)
        assert status in {404, 405, 422}, (thing, status)
    keeps(world)


@pytest.mark.parametrize("where", OUTSIDE)
def test_no_address_leads_out_of_its_folder(world: World, where: str) -> None:
    answer = send(world, "GET", where, {})
    if answer.status_code == 308:
        answer = send(world, "GET", answer.headers["Location"], {})
    assert answer.status_code == 404, answer.text
    assert is_refused(answer)


@pytest.mark.parametrize(
    "path",
    ["/%5Cevil.example", "/%5C%5Cevil.example", "/%2Fevil.example", "//evil.example", "/%3Fa=b", "/%23a", "/a%22b",
     "/%09/evil.example", "/%0A/evil.example", "/%FF", "/%E2%80%AE"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_nothing_leads_nobody_off_the_site(world: World, method: str, path: str) -> None:
    """A browser reads ``/\\`` and ``//`` as another host, and what is not quoted as query or place."""
    answer = send(world, method, path, {"Accept": HTML})
    if answer.status_code == 308:
        answer = send(world, method, answer.headers["Location"], {"Accept": HTML})
    assert answer.status_code in {400, 404}
    switches = [unescape(link) for link in re.findall(r'href="([^"]*lang=[^"]*)"', answer.text)]
    assert len(switches) == 2
    for link in switches:
        parts = urlsplit(urljoin("http://localhost:8080/", link.replace("\\", "/")))
        assert (parts.netloc, parts.fragment) == ("localhost:8080", "")
        assert parts.query in {"lang=zh", "lang=en"}


@pytest.mark.parametrize("row", LISTS, ids=str)
def test_no_query_breaks_a_list(world: World, row: Row) -> None:
    """A cursor that is not ours is refused where there are pages; whatever else is asked for is not found."""
    where = address(world, row, world.own)
    for cursor in CURSORS:
        status, refused = ask(world, row, f"{where}?cursor={cursor}")
        assert status in {200, 303} or refused, (cursor, status)
    for word in WORDS:
        query = "&".join(f"{name}={word}" for name in QUERIES)
        for asked in (query, f"q={word}"):
            status, refused = ask(world, row, f"{where}?{asked}")
            assert status in {200, 303} or refused, (asked, status)
    for day in DAYS:
        for name in ("since", "until"):
            status, refused = ask(world, row, f"{where}?{name}={day}")
            assert status in {200, 303} or refused, (name, day, status)
    keeps(world)


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_breaks_an_address(world: World, name: str) -> None:
    wanted = {"contracting_api.document", "catalog.listings", "delivery.fetch", "oversight.checkpoint"}
    for row in (row for row in ROWS if row.endpoint in wanted):
        where = address(world, row, world.own)
        for junk in JUNK:
            status, refused = ask(world, row, where, {name: junk})
            assert status in {200, 206, 303, 304, 416} or refused, (row, junk, status)
    world.back()  # bytes that were handed out are counted


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256, "\x7f", "a\tb"])
def test_a_key_for_repeating_is_plain_and_short(world: World, key: str) -> None:
    for row in ROWS:
        if row.endpoint in {"contracting_api.request_contract", "catalog_api.draft"} and row.own == 201:
            human = owner(world, row)
            body = {
                name: value.format(**world.own.things) if isinstance(value, str) else value
                for name, value in row.sent.items()
            }
            answer = send(
                world,
                "POST",
                address(world, row, world.own),
                {**human.bearer(), "Idempotency-Key": key},
                json=body,
            )
            assert (answer.status_code, answer.json["code"]) == (422, "idempotency.key_malformed"), (
                answer.text
            )
    keeps(world)


@pytest.mark.parametrize(
    "junk",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        "Bearer qilu_",
        "bearer é",
        "Bearer " + "a" * 7000,
        "Bearer a b",
        "{{7*7}}",
    ],
)
def test_a_token_is_ours_or_nothing(world: World, junk: str) -> None:
    for where in ("/api/v1/me", "/api/v1/trades", f"/api/v1/listings/{world.own.things['listed']}"):
        answer = send(world, "GET", where, {"Authorization": junk})
        assert answer.status_code == 401, answer.text
        assert is_refused(answer)
