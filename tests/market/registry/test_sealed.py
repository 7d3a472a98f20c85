"""The sealed report: what it says and carries, whose seal it bears, and that it is made once."""

import hashlib
import subprocess
import unicodedata
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from contracts.certificates import Authorities
from contracts.checks import Outcome
from contracts.examining import Expected, ExpectedSigner, attached, examine
from contracts.pades import Sealer
from market.config import Settings
from market.db import Base, read
from market.governance import backup
from market.keys import authority
from market.registry import reading, sealed
from market.registry.models import Asset, SealedReport
from market.registry.sealed import Sealable
from tests import assets, people
from tests.browsing import signed_in
from tests.conftest import Clock
from tests.waiting import SECONDS

LONG = "n" * 190
HEADER = f"气温 °C,emoji 😀,مرحبا,#panic(1) *b*,{LONG}"
DATA = "\n".join([HEADER, *(f"{place}.5,晴,b,c,{place % 3}" for place in range(30)), ""]).encode()


@pytest.fixture(autouse=True)
def _published(exchange: Flask) -> None:
    authority.publish()


def measured(exchange: Flask, content: bytes = DATA) -> tuple[uuid.UUID, FlaskClient]:
    """Return a measured asset, and its provider's browser."""
    provider = assets.provider()
    return assets.submitted(provider, content), signed_in(exchange, provider)


def of(asset_id: uuid.UUID) -> Sealable:
    with read() as session:
        return sealed.sealable(session, reading.revision_of(session, session.get_one(Asset, asset_id)).id)


def fetched(client: FlaskClient, asset_id: uuid.UUID) -> bytes:
    answer = client.get(f"/assets/{asset_id}/inspection.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf"), answer.text
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{asset_id}-inspection.pdf"'
    content: bytes = answer.data
    return content


def kept() -> int:
    with read() as session:
        return session.scalar(select(func.count()).select_from(SealedReport)) or 0


def words(pdf: bytes, folder: Path) -> str:
    """Return the words of a PDF as poppler reads them, without blanks, hyphens and line breaks."""
    (folder / "report.pdf").write_bytes(pdf)
    done = subprocess.run(
        ["pdftotext", "-raw", str(folder / "report.pdf"), "-"],
        capture_output=True, check=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    return squeezed(done.stdout)


def squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(
        dict.fromkeys(map(ord, "-\u200b\f"))
    )


def test_it_says_in_both_languages_what_was_measured(exchange: Flask, tmp_path: Path) -> None:
    asset_id, client = measured(exchange)
    one = of(asset_id)
    said = words(fetched(client, asset_id), tmp_path)
    report = one.measured.report
    for text in (
        "数据检测报告", "Inspection report", "山东天气", one.measured.digest, report["file"]["digest"],
        report["content_digest"], one.measured.entry, report["grade"]["score"], "2026-11-22 19:00:00 UTC+8",
        "0201", "cells are filled", "150 / 150", "counted exactly", "精确计数",
        "not assessable: free text has no format", "无法评估", "decimal number", "权重",
        *(f"{name} {version}" for name, version in one.measured.engine.items()),
        "检测时间", "1 · 气温 °C", "2 · emoji \\u{1F600}", "3 · \\u{645}\\u{631}\\u{62D}", "4 · #panic(1) *b*",
        f"5 · {LONG}",
    ):  # fmt: skip
        assert squeezed(text) in said, text


def test_it_names_the_declaration_that_the_file_was_held_against(exchange: Flask, tmp_path: Path) -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    assets.declared(provider, asset_id)
    declared = of(asset_id).measured.report["declared"]
    assert declared["digest"] in words(fetched(signed_in(exchange, provider), asset_id), tmp_path)


def test_the_seal_holds_and_a_change_breaks_it(exchange: Flask, clock: Clock) -> None:
    asset_id, client = measured(exchange)
    one = of(asset_id)
    file, document = fetched(client, asset_id), sealed.rendered(one.measured)
    assert file.startswith(document), "the same inspection gives the same document"
    assert document == sealed.rendered(one.measured)
    with read() as session:
        certificate, _key = authority.signer(session, authority.SEAL)
        roots = authority.roots(session)
        known = Authorities(roots, authority.chain(session), authority.crls(session))
    statement = sealed.statement(one.id, one.measured.digest, hashlib.sha256(document).hexdigest())
    signer = ExpectedSigner(Sealer.EXCHANGE, statement, certificate.public_bytes(Encoding.DER), clock())
    expected = Expected(
        digest=hashlib.sha256(file).hexdigest(),
        rendered=hashlib.sha256(document).hexdigest(),
        size=len(document),
        order=[Sealer.EXCHANGE],
        signers=[signer],
        authorities=known,
        stampers=roots,
        attachments={"report.json": one.measured.text.encode()},
    )
    checks = examine(file, expected)
    assert {check.outcome for check in checks} == {Outcome.PASSED}, checks
    assert [check.name for check in checks if "time stamp" in check.name] == ["time stamp of the exchange"]
    assert hashlib.sha256(attached(file)["report.json"]).hexdigest() == one.measured.digest
    place = len(document) // 2
    changed = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
    failed = {check.name for check in examine(changed, expected) if check.outcome is Outcome.FAILED}
    assert {"file", "rendered text"} < failed
    other = replace(expected, signers=[replace(signer, statement=statement.replace("v1", "v2"))])
    assert any(check.outcome is Outcome.FAILED for check in examine(file, other))


def test_it_is_made_once_whoever_asks_and_however_often(exchange: Flask) -> None:
    asset_id, client = measured(exchange)
    cookies = [client, signed_in(exchange, people.operator()), client]
    with ThreadPoolExecutor(len(cookies)) as pool:
        found = set(pool.map(lambda one: fetched(one, asset_id), cookies))
    found.add(fetched(client, asset_id))
    assert len(found) == kept() == 1
    with read() as session:
        assert hashlib.sha256(found.pop()).hexdigest() in backup.named(session, [Base.metadata])


def test_a_correction_makes_another_and_leaves_the_first(exchange: Flask, tmp_path: Path) -> None:
    provider = assets.provider()
    asset_id = assets.appealed(provider)
    client = signed_in(exchange, provider)
    before = fetched(client, asset_id)
    assets.corrected(asset_id)
    after = fetched(client, asset_id)
    assert "mobilenumber" in words(before, tmp_path)
    assert "mobilenumber" not in words(after, tmp_path)
    assert kept() == 2


def test_without_a_stamp_nothing_is_kept(exchange: Flask, settings: Settings) -> None:
    asset_id, client = measured(exchange)
    root = Path(settings.home) / "root.pem"
    with read() as session:
        certificate, _key = authority.signer(session, authority.ROOT)
    root.write_bytes(certificate.public_bytes(Encoding.PEM))
    exchange.extensions["settings"] = replace(
        settings, contract_tsa="http://localhost:9/", contract_tsa_certificates=str(root)
    )
    answer = client.get(f"/assets/{asset_id}/inspection.pdf", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert kept() == 0
    exchange.extensions["settings"] = settings
    fetched(client, asset_id)


def test_what_cannot_be_set_is_said(exchange: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset_id, client = measured(exchange)
    broken = tmp_path / "broken.typ"
    broken.write_text("#panic()")
    monkeypatch.setattr(sealed, "LAYOUT", broken)
    assert client.get(f"/assets/{asset_id}/inspection.pdf").status_code == 503
    assert kept() == 0


def test_only_who_may_see_the_inspection_gets_it(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    waiting = assets.drafted(provider, b"a,b\n1,2\n").id
    owner, stranger = signed_in(exchange, provider), signed_in(exchange, assets.provider())
    assert stranger.get(f"/assets/{asset_id}/inspection.pdf").status_code == 404
    assert owner.get(f"/assets/{waiting}/inspection.pdf").status_code == 409
    assert kept() == 0
    assert f"/assets/{asset_id}/inspection.pdf" in owner.get(f"/assets/{asset_id}/inspection").text


def test_a_listing_gives_it_to_everybody(exchange: Flask) -> None:
    number = assets.listed(assets.provider())
    public = exchange.test_client()
    assert f"/listings/{number}/inspection.pdf" in public.get(f"/listings/{number}/inspection").text
    answer = public.get(f"/listings/{number}/inspection.pdf")
    assert (answer.status_code, answer.data[:5]) == (200, b"%PDF-")
    assert public.get("/listings/0000000000A/inspection.pdf").status_code == 404


def test_a_wide_table_is_cut_and_says_so(exchange: Flask, tmp_path: Path) -> None:
    names = [f"column {place} {'长' * 30}" for place in range(301)]
    data = "\n".join([",".join(names), *(",".join([str(row)] * 301) for row in range(2)), ""]).encode()
    asset_id, _client = measured(exchange, data)
    one = of(asset_id)
    said = words(sealed.rendered(one.measured), tmp_path)
    assert squeezed("300 · column 299") in said
    assert squeezed("column 300") not in said
    assert squeezed("The file has 301 columns. The first 300 stand here") in said


def test_no_character_of_a_name_keeps_it_from_being_set(exchange: Flask) -> None:
    every = "".join(chr(point) for point in range(0x20, 0x11000) if chr(point).isprintable())
    asset_id, _client = measured(exchange)
    report = sealed.rendered(replace(of(asset_id).measured, title=every[::7]))
    assert report.startswith(b"%PDF-")
