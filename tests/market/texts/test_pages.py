"""Model texts as anybody reads them, and the form as anybody fills it, without an account."""

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from contracts import library
from market.participants import attempts
from market.texts import form, shelf
from tests.market.texts.browser import Browser

FORM = "/texts/data-provision/1.0/form"
HTML = {"Accept": "text/html", "Accept-Language": "en"}


def opened(client: FlaskClient, path: str = FORM) -> MultiDict[str, str]:
    """Return what the form would send untouched, its buttons left alone."""
    page = client.get(path, headers=HTML).text
    begins = page.index('<form method="post" action="/texts/')
    return Browser(page[begins : page.index("</form>", begins)]).sent


def sent(client: FlaskClient, values: MultiDict[str, str], path: str = FORM, **more: str) -> TestResponse:
    return client.post(path, data=MultiDict([*values.items(multi=True), *more.items()]), headers=HTML)


def test_the_shelf_leads_to_every_released_text(exchange: Flask) -> None:
    client = exchange.test_client()
    page = client.get("/texts", headers=HTML).text
    for name in library.names():
        assert f'href="/texts/{name}"' in page
    for path in set(re.findall(r'href="(/texts/[^"]+)"', page)):
        assert client.get(path, headers=HTML).status_code == 200, path


@pytest.mark.parametrize("name", ["data-provision/0.1", "data-provision/1.0", "open-licence/0.1"])
def test_a_text_is_read_in_either_language_and_in_both(exchange: Flask, name: str) -> None:
    client, model = exchange.test_client(), library.load(name)
    pages = {
        shown: client.get(f"/texts/{name}?show={shown}", headers=HTML).text for shown in ("zh", "en", "both")
    }
    for clause in (*model.clauses, *model.schedules):
        assert clause.title.zh in pages["zh"]
        assert clause.title.zh in pages["both"]
        assert clause.title.en in pages["en"]
        assert clause.source in pages["en"]
    assert model.digest in pages["en"]
    assert "<script>" not in pages["both"]
    for page in pages.values():
        ids = set(re.findall(r' id="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_the_source_files_give_the_digest_by_the_command_on_the_page(exchange: Flask, tmp_path: Path) -> None:
    client = exchange.test_client()
    for name in library.names():
        answer = client.get(f"/texts/{name}/source.zip")
        assert answer.headers["Content-Disposition"].startswith("attachment")
        folder = tmp_path / name.replace("/", "-")
        zipfile.ZipFile(io.BytesIO(answer.data)).extractall(folder)
        code = shelf.CHECKING.removeprefix('python3 -c "').removesuffix('"')
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == library.load(name).digest
        again = client.get(f"/texts/{name}/source.zip", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_what_is_not_there_is_not_found(exchange: Flask) -> None:
    client = exchange.test_client()
    for path in (
        "/texts/data-provision/9.9",
        "/texts/nothing/1.0",
        "/texts/data-provision/9.9...1.0",
        "/texts/data-provision/1.0...1.0",
        "/texts/data-provision/0.1/form",
        "/texts/%2e%2e/1.0/source.zip",
        "/texts/styles/bilingual-1",
    ):
        assert client.get(path, headers=HTML).status_code == 404, path


def test_the_form_taken_untouched_is_a_pdf(exchange: Flask) -> None:
    client = exchange.test_client()
    answer = sent(client, opened(client))
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="data-provision-1.0-form.pdf"'


def test_the_form_shows_what_its_answers_ask_for(exchange: Flask) -> None:
    client = exchange.test_client()
    values = opened(client)
    values["terms.price.model"] = "tiers"
    answer = sent(client, values, refresh="1")
    assert answer.status_code == 200
    page = Browser(answer.text)
    assert "b-terms.price.tiers" not in page.hidden
    assert "b-terms.price.amount" in page.hidden
    assert page.sent["terms.price.model"] == "tiers"
    more = sent(client, values, more="price.tiers")
    assert 'name="terms.price.tiers.3.amount"' in more.text


def test_what_is_filled_in_wrongly_is_said_beside_its_field_and_above(exchange: Flask) -> None:
    client = exchange.test_client()
    values = opened(client)
    values["terms.term.days"] = "soon"
    answer = sent(client, values)
    assert answer.status_code == 422
    assert '<a href="#f-terms.term.days">' in answer.text
    assert 'value="soon"' in answer.text
    assert "Needs a whole number from 1 to" in answer.text


def test_a_character_without_a_glyph_is_named_with_its_field(exchange: Flask) -> None:
    client = exchange.test_client()
    values = opened(client)
    values["terms.use.industry"] = "气象\U0002a6d6"
    answer = sent(client, values)
    assert answer.status_code == 422
    assert '<a href="#f-terms.use.industry">' in answer.text
    assert "U+2A6D6" in answer.text


def test_forms_are_counted_by_network_address(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FORMS", 2)
    client = exchange.test_client()
    values = opened(client)
    assert [sent(client, values).status_code for _time in range(3)] == [200, 200, 429]
    assert sent(client, values, refresh="1").status_code == 200
    answer = client.post("/api/v1/texts/data-provision/1.0/form", json={"values": {}})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_shown_labels_are_in_both_languages_on_request(exchange: Flask) -> None:
    client, blank = exchange.test_client(), library.load("data-provision/1.0").blanks["use.training"]
    page = client.get(f"{FORM}?show=both", headers=HTML).text
    assert blank.label.zh in page
    assert blank.label.en in page
    assert blank.label.zh not in client.get(FORM, headers=HTML).text
    values = opened(client, f"{FORM}?show=both")
    assert blank.label.zh in sent(client, values, path=f"{FORM}?show=both", refresh="1").text


def test_programs_read_a_text_and_take_its_form(exchange: Flask) -> None:
    client = exchange.test_client()
    items = client.get("/api/v1/texts").get_json()["items"]
    assert {one["id"] for one in items} == set(library.names())
    found: dict[str, Any] = client.get("/api/v1/texts/data-provision/1.0").get_json()
    model = library.load("data-provision/1.0")
    assert [one["id"] for one in found["clauses"]] == [one.id for one in model.clauses]
    assert {one["name"]: one["default"] for one in found["blanks"]} == {
        one.name: one.default for one in model.blanks.values()
    }
    told = {one["name"]: one for one in found["blanks"]}
    assert told["price.amount"]["condition"]["en"] == "“Pricing” is “fixed price”"
    answer = client.post("/api/v1/texts/data-provision/1.0/form", json={"values": {"term.days": 30}})
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    refused = client.post("/api/v1/texts/data-provision/1.0/form", json={"values": {"term.days": "30"}})
    assert refused.status_code == 422
    assert refused.get_json()["code"] == "text.blank_refused"
    assert list(refused.get_json()["fields"]) == ["term.days"]


@pytest.mark.parametrize(
    "values",
    [[], "x", 5, {"quality": [[[[[[[]]]]]]]}, {f"b{number}": 1 for number in range(201)}, {"": None}],
)
def test_programs_send_values_of_one_shape(exchange: Flask, values: Any) -> None:
    answer = exchange.test_client().post("/api/v1/texts/data-provision/1.0/form", json={"values": values})
    assert answer.status_code == 422


def test_the_same_form_is_the_same_bytes(exchange: Flask) -> None:
    client = exchange.test_client()
    one, other = (sent(client, opened(client)).data for _time in range(2))
    assert hashlib.sha256(one).digest() == hashlib.sha256(other).digest()


def test_every_blank_of_the_form_has_its_label(exchange: Flask) -> None:
    page = exchange.test_client().get(FORM, headers=HTML).text
    model = library.load("data-provision/1.0")
    for name, label in form.labels(model).items():
        assert f'id="f-{name}"' in page
        assert label
