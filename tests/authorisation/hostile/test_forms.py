"""What a form may not be: every page refuses it, says so, and keeps nothing of it."""

import io
import re
from html import unescape
from typing import Any

import pytest

from tests.authorisation.asking import address, filled, send
from tests.authorisation.hostile.attacks import BIDI, NUL, is_refused, keeps, owner, submit
from tests.authorisation.rows import Row
from tests.authorisation.table import ROWS
from tests.authorisation.world import HTML, World

FORMS = [row for row in ROWS if row.method == "POST" and not row.is_api and row.sent]
BAD = {"NUL": NUL, "direction mark": BIDI, "escape": "a\x1b[31m", "long": "x" * 20_000}
UPLOAD = next(row for row in FORMS if row.endpoint == "registry.draft")
NAMES = (
    "../../etc/passwd.csv",
    "..\\..\\boot.csv",
    "/etc/cron.d/job.csv",
    "C:\\x.csv",
    ".csv",
    "=cmd|' /C calc'!A0.csv",
)


@pytest.mark.parametrize("row", FORMS, ids=str)
def test_no_field_takes_what_cannot_be_shown(world: World, row: Row) -> None:
    good = {**filled(row.sent, world.own), "file": None}
    answers = {}
    for name in set(row.sent) - {"password", "present", "file"}:
        for what, value in BAD.items():
            values: dict[str, Any] = {**good, name: value}
            if row.sends_file:
                values["file"] = (io.BytesIO(b"a,b\n1,2\n"), "a.csv")
            else:
                del values["file"]
            answers[f"{name}: {what}"] = submit(world, row, values)
    assert {what: answer.status for what, answer in answers.items() if not is_refused(answer)} == {}
    keeps(world)


@pytest.mark.parametrize("row", FORMS, ids=str)
def test_the_links_of_a_refused_form_lead_somewhere(world: World, row: Row) -> None:
    """Such a page stands at an address that may take forms alone; its language switch must not lead there."""
    page = submit(world, row, {})
    headers = {"Accept": HTML, "Cookie": owner(world, row).cookies}
    assert page.status_code >= 400
    links = {unescape(link) for link in re.findall(r'href="(/[^"#]*)', page.text)}
    assert any("lang=" in link for link in links)
    answers = {link: send(world, "GET", link, headers).status_code for link in links}
    assert {link: status for link, status in answers.items() if status >= 400} == {}
    world.back()  # one of them may be the file itself, whose bytes are counted


@pytest.mark.parametrize("row", FORMS, ids=str)
def test_no_page_takes_what_is_no_form(world: World, row: Row) -> None:
    human = owner(world, row)
    where, headers = address(world, row, world.own), {"Accept": HTML, "Cookie": human.cookies}
    part = b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + human.csrf.encode()
    many = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % place for place in range(1001)
    )
    bodies = {
        "no boundary": ("multipart/form-data", part),
        "cut short": ("multipart/form-data; boundary=x", part),
        "endless boundary": ("multipart/form-data; boundary=" + "y" * 9000, part),
        "a thousand parts": ("multipart/form-data; boundary=x", many + part + b"\r\n--x--\r\n"),
        "JSON": ("application/json", b'{"csrf_token": "' + human.csrf.encode() + b'"}'),
        "10 MB": ("application/x-www-form-urlencoded", b"reason=" + b"x" * 10 * 1024 * 1024),
        "only the token": ("application/x-www-form-urlencoded", b"csrf_token=" + human.csrf.encode()),
    }
    for what, (kind, body) in bodies.items():
        answer = send(world, "POST", where, headers, data=body, content_type=kind)
        assert is_refused(answer), (what, answer.status, answer.text[:2000])
    keeps(world)


@pytest.mark.parametrize("name", NAMES)
def test_a_file_s_name_leads_nowhere(world: World, name: str) -> None:
    """The name is a label: no path in it survives, and it leaves as a plain attachment's name."""
    values = {**filled(UPLOAD.sent, world.own), "file": (io.BytesIO(b"a,b\n1,2\n"), name)}
    answer = submit(world, UPLOAD, values)
    try:
        if answer.status_code == 303:
            shown = send(
                world, "GET", "/api/v1" + answer.headers["Location"], owner(world, UPLOAD).bearer()
            ).json
            kept = shown["file"]["filename"]
            assert not {"/", "\\"} & set(kept)
            assert kept.endswith(".csv")
        else:
            assert is_refused(answer)
    finally:
        world.back()


@pytest.mark.parametrize(
    "name", ["a\x00.csv", "a\r\nSet-Cookie: b=c.csv", f"{BIDI}.csv", "x" * 5000 + ".csv", "a.exe"]
)
def test_a_file_s_name_that_cannot_be_shown_is_refused(world: World, name: str) -> None:
    values = {**filled(UPLOAD.sent, world.own), "file": (io.BytesIO(b"a,b\n1,2\n"), name)}
    assert is_refused(submit(world, UPLOAD, values))
    keeps(world)


def test_bytes_that_are_no_text_are_refused(world: World) -> None:
    row = next(row for row in FORMS if row.endpoint == "contracting.decline")
    human = owner(world, row)
    headers = {"Accept": HTML, "Cookie": human.cookies}
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    body = (part.format("csrf_token") + human.csrf + "\r\n" + part.format("reason")).encode()
    body += b"not wanted\xff\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    answer = send(world, "POST", address(world, row, world.own), headers, data=body, content_type=kind)
    assert is_refused(answer)
    keeps(world)
