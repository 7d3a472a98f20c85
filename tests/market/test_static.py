import gzip
import hashlib
import re
from pathlib import Path

from flask import Flask

import market
from market import statics

STATIC = Path(market.__file__).parent / "static"


def test_vendored_files_are_the_recorded_ones() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", (STATIC / "vendor/README.md").read_text(), re.MULTILINE
    )
    recorded = dict(rows)
    present = {path.name for path in (STATIC / "vendor").iterdir()} - {"README.md"}
    assert present == set(recorded)
    for name, digest in recorded.items():
        assert hashlib.sha256((STATIC / "vendor" / name).read_bytes()).hexdigest() == digest


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in STATIC.rglob("*.css"):
        text = path.read_text()
        assert "@import" not in text
        assert {address[:5] for address in re.findall(r"url\(\s*['\"]?([^)]{5})", text)} <= {"data:"}, path


def test_colours_stand_among_the_tokens_alone() -> None:
    text = (STATIC / "qilu.css").read_text()
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text)) <= {"#fff"}
    assert "rgb" not in text


def test_a_file_is_kept_for_ever_under_the_address_of_its_content(exchange: Flask) -> None:
    client = exchange.test_client()
    page = client.get("/", headers={"Accept": "text/html"}).text
    addresses = re.findall(r"/static/[^\"]+", page)
    assert len(addresses) >= 5
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
        name = address.removeprefix("/static/").partition("?")[0]
        assert gzip.decompress(answer.data) == (STATIC / name).read_bytes()
        plain = client.get(address, headers={"Accept-Encoding": "identity"})
        assert plain.data == (STATIC / name).read_bytes()


def test_an_address_without_the_version_is_asked_again(exchange: Flask) -> None:
    client = exchange.test_client()
    first = client.get("/static/qilu.css?v=000000000000")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/static/qilu.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert client.get("/static/vendor/README.md").status_code == 404
    assert client.get("/static/../app.py").status_code == 404


def test_the_first_page_weighs_little(exchange: Flask) -> None:
    """At most 90 kB over the wire, nothing in front of the process (research: page weight)."""
    client = exchange.test_client()
    page = client.get("/", headers={"Accept": "text/html"})
    names = {one.partition("?")[0] for one in re.findall(r"/static/([^\"]+)", page.text)}
    weight = len(page.data) + sum(len(statics.files()[name].packed) for name in names)
    assert weight <= 90_000
