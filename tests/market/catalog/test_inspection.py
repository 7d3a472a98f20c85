"""The inspection of a listing as everybody sees it: page, JSON, JSON-LD, and the same on the command line."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask

from market import jobs
from market.actor import Actor
from market.cli import qilu
from market.db import transaction
from market.inspection import dqv, grading
from market.inspection.report import canonical, digest
from market.registry import appealing, service
from market.registry.models import Decision
from tests import assets, people
from tests.browsing import signed_in

LANGUAGES = ("zh", "en")


def content() -> tuple[bytes, list[str]]:
    """Return a file with mobile numbers, and these."""
    numbers = [f"138{secrets.randbelow(10**8):08}" for _row in range(12)]
    rows = [f"{'晴' if place % 2 else '雨'},{place}.5,{number}" for place, number in enumerate(numbers)]
    return "\n".join(["天气,气温,手机号", *rows, ""]).encode(), numbers


def listed(provider: Actor, data: bytes) -> str:
    """Return the number of a listing of data that the operator released."""
    asset_id = assets.drafted(provider, data).id
    jobs.drain()
    with transaction() as session:
        appealing.appeal(session, provider, asset_id, "our own numbers")
    operator = people.operator()
    with transaction() as session:
        appealing.decide(session, operator, asset_id, decision=Decision.RELEASE, reason="with consent")
    with transaction() as session:
        service.submit(session, provider, asset_id)
    with transaction() as session:
        service.review(session, operator, asset_id, approve=True, reason="source is plausible")
    jobs.drain()
    return assets.listed(provider, assets.found(asset_id))


def test_everybody_sees_the_inspection_and_nobody_sensitive_values(exchange: Flask, tmp_path: Path) -> None:
    data, numbers = content()
    provider = assets.provider()
    number = listed(provider, data)
    public = exchange.test_client()
    assert f"/listings/{number}/inspection" in public.get(f"/listings/{number}").text
    answer = public.get(f"/api/v1/listings/{number}/inspection")
    said = answer.get_json()
    linked = public.get(f"/listings/{number}/inspection.jsonld")
    for language in LANGUAGES:
        page = public.get(f"/listings/{number}/inspection?lang={language}")
        assert page.status_code == 200
        assert "style=" not in page.text
        assert page.text.count("<svg role=") == 1
        assert said["report_digest"] in page.text
        for text in (page.text, answer.text, linked.text):
            assert not any(one in text for one in numbers)
        assert "****" in page.text
    assert digest(canonical(said["report"])) == said["report_digest"]
    weather, _temperature, mobile = said["preview"]["columns"]
    assert weather["frequent"] == [{"value": "晴", "count": 6}, {"value": "雨", "count": 6}]
    assert (mobile["seen"], mobile["class"], mobile["minimum"], mobile["frequent"]) == (
        "masked",
        "mobile",
        None,
        [],
    )
    assert linked.mimetype == "application/ld+json"
    checked_by_the_command_line(tmp_path, data, said["report_digest"])


def checked_by_the_command_line(tmp_path: Path, data: bytes, expected: str) -> None:
    file = tmp_path / "delivered.csv"
    file.write_bytes(data)
    runner = CliRunner()
    plain = runner.invoke(qilu, ["inspect", str(file)])
    assert plain.exit_code == 0, plain.output
    assert expected in plain.stdout
    whole = json.loads(runner.invoke(qilu, ["inspect", str(file), "--json"]).stdout)
    assert whole["report_digest"] == expected


def test_the_owner_sees_it_before_it_is_listed(exchange: Flask) -> None:
    provider = assets.provider()
    asset_id = assets.submitted(provider)
    owner, stranger = signed_in(exchange, provider), signed_in(exchange, assets.provider())
    assert owner.get(f"/assets/{asset_id}/inspection").status_code == 200
    assert f"/assets/{asset_id}/inspection" in owner.get(f"/assets/{asset_id}").text
    assert stranger.get(f"/assets/{asset_id}/inspection").status_code == 404
    waiting = assets.drafted(provider, b"a,b\n1,2\n").id
    assert owner.get(f"/assets/{waiting}/inspection").status_code == 409


def test_every_figure_is_a_measurement() -> None:
    report: dict[str, Any] = {
        "file": {"digest": "ab" * 32, "size": 12, "media_type": "text/csv"},
        "content_digest": "cd" * 32, "content_rule": "qilu-content-2", "rows": 3, "method": "qilu-inspection-2",
        "columns": [{"name": "a b"}, {"name": "气温"}],
        "quality": [
            grading.figure("0201", "气温", 1, 3), grading.figure("0303", None, 3, 3),
            grading.unassessed("0302", "no_format"),
        ],
    }  # fmt: skip
    address = "https://exchange.example/listings/N/inspection"
    measuring = dqv.Measuring(address, "ef" * 32, datetime(2026, 1, 2, tzinfo=UTC), {"polars": "2.1"}, "en")
    graph = {node["@id"]: node for node in dqv.document(report, measuring)["@graph"]}
    measured = [node for node in graph.values() if node.get("@type") == "dqv:QualityMeasurement"]
    assert [node["dqv:value"]["@value"] for node in measured] == ["0.333333333", "1.000000000"]
    assert [graph[node["dqv:computedOn"]["@id"]].get("dcterms:title") for node in measured] == ["气温", None]
    for node in measured:
        metric = graph[node["dqv:isMeasurementOf"]["@id"]]
        assert metric["dqv:inDimension"]["@type"] == "dqv:Dimension"
        assert graph[node["prov:wasGeneratedBy"]["@id"]]["@type"] == "prov:Activity"
