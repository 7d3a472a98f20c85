"""What the documentation says is what there is, in both languages."""

import json
import re
import tomllib

import pytest
from flask import Flask

from market import problems
from market.actor import Role, Scope
from market.guide import kinds, machines, pages, reference, steps
from market.openapi import ProblemSchema
from market.steps import Kind
from tests import people

ADDRESSES = ("/docs", *(href for href, _title, _line in pages.CONTENTS))


def page(app: Flask, address: str, language: str = "en") -> str:
    answer = app.test_client().get(f"{address}?lang={language}", headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_speaks_its_language(assembled: Flask, address: str, language: str) -> None:
    text = page(assembled, address, language)
    assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}"' in text
    main = re.sub(
        r"<pre.*?</pre>|<code.*?</code>|<[^>]+>", " ", text.split("<main", 1)[1].split("</main>")[0]
    )
    chinese = len(re.findall(r"[\u4e00-\u9fff]", main))
    assert chinese > 30 if language == "zh" else chinese == 0


@pytest.mark.parametrize("address", ADDRESSES)
def test_anchors_are_unique_and_every_link_inside_leads_to_one(assembled: Flask, address: str) -> None:
    text = page(assembled, address)
    anchors = re.findall(r'\sid="([^"]+)"', text)
    assert sorted(set(anchors)) == sorted(anchors)
    assert set(re.findall(r'href="#([^"]+)"', text)) - set(anchors) == set()
    assert set(re.findall(r'aria-labelledby="([^"]+)"', text)) - set(anchors) == set()


def test_links_between_the_pages_lead_to_anchors(assembled: Flask) -> None:
    named = re.findall(r'href="(/docs/[a-z]+)#([^"]+)"', page(assembled, "/docs/trade"))
    assert named
    for address, anchor in named:
        assert f'id="{anchor}"' in page(assembled, address)


def test_the_reference_has_every_operation_of_the_document(assembled: Flask) -> None:
    spec = assembled.test_client().get("/api/openapi.json").json
    text = page(assembled, "/docs/api")
    anchors = set()
    for path, item in spec["paths"].items():
        for method in set(item) & set(reference.METHODS):
            with assembled.app_context():
                found = [
                    one
                    for group in reference.current().groups
                    for one in group.operations
                    if (one.method.lower(), one.path) == (method, path)
                ]
            assert len(found) == 1
            anchors.add(found[0].anchor)
            assert f'id="{found[0].anchor}"' in text
    stated = [method for item in spec["paths"].values() for method in item if method in reference.METHODS]
    assert len(anchors) == len(stated)


def test_every_sentence_of_the_api_has_its_chinese_and_no_other(assembled: Flask) -> None:
    with assembled.app_context():
        wanted = reference.sentences(reference.document())
    known = tomllib.loads((steps.FOLDER / "chinese.toml").read_text("utf-8"))
    chinese = re.compile(r"[\u4e00-\u9fff]")
    assert {sentence for sentence in wanted if not chinese.search(sentence)} - set(known) == set()
    assert set(known) - wanted == set()
    assert [line for line in known.values() if not chinese.search(line)] == []


def test_every_kind_is_explained_and_no_other() -> None:
    assert set(kinds.meanings()) == {kind.value for kind in Kind}
    assert {meaning for said in kinds.meanings().values() for meaning in said} == {"en", "zh"}


def test_every_object_of_a_kind_has_a_word() -> None:
    assert {kind.value.split(".")[0] for kind in Kind} == set(pages.OBJECTS)


def test_every_code_stands_on_the_page_where_its_type_leads(assembled: Flask) -> None:
    text = page(assembled, "/docs/problems")
    codes = [problem.code for problem in problems.catalogue()]
    assert [code for code in codes if f'<tr id="{code}">' not in text] == []


def test_the_example_of_a_problem_is_what_the_exchange_says(exchange: Flask) -> None:
    schema = ProblemSchema()
    reader = people.bearer(people.verified(Role.BUYER), Scope.READ) | {"Accept-Language": "en"}
    told = exchange.test_client().post("/api/v1/contracts", json={"listing": "7Q2M8K4TNX3"}, headers=reader)
    with exchange.test_request_context(headers={"Accept-Language": "en"}):
        shown = json.loads(pages.example())
    assert (told.json | {"request_id": ""}) == shown
    needed = {field.data_key or name for name, field in schema.fields.items() if field.required}
    assert needed <= set(shown)
    assert shown["code"] in {problem.code for problem in problems.catalogue()}


def test_every_machine_is_drawn_with_every_state_and_transition(assembled: Flask) -> None:
    text = page(assembled, "/docs/states")
    for machine in machines.machines():
        section = text.split(f'<section class="machine" id="{machine.name}"', 1)[1].split("</section>", 1)[0]
        drawn = re.findall(r'<text class="name"[^>]*>([A-Z_]+)</text>', section)
        assert drawn == list(machine.states)
        rows = re.findall(r"<tr><td[^>]*><code>([A-Z_]+)</code>.*?<code>([A-Z_]+)</code>", section)
        assert rows == [(before, after) for before, _event, after in machine.transitions]
        assert {event for _before, event, _after in machine.transitions} <= set(machine.events)


def test_every_event_that_has_a_word_happens_somewhere() -> None:
    words = tomllib.loads((steps.FOLDER / "machines.toml").read_text("utf-8"))
    happening = {event for machine in machines.machines() for _state, event, _after in machine.transitions}
    assert set(words.pop("events")) <= happening
    assert set(words) == set(machines.TABLES)


def test_every_machine_of_the_product_is_shown() -> None:
    """Every table of transitions in the source is one of those drawn."""
    from tests.house.source import ROOT

    written = [
        name
        for room in ("contracts", "market")
        for path in (ROOT / room).rglob("*.py")
        for name in re.findall(r"^(\w*TRANSITIONS)\b.*=", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(written) == len(machines.TABLES)


def test_nothing_of_a_drawing_overlaps() -> None:
    for machine in machines.machines():
        drawing = machine.drawing
        assert drawing.width <= 328, f"{machine.name} is wider than a telephone"
        for upper, lower in zip(drawing.boxes, drawing.boxes[1:], strict=False):
            assert upper.bottom + machines.GAP == lower.y
        for one in drawing.lanes:
            for other in drawing.lanes:
                if one is not other and one.x == other.x:
                    assert one.bottom < other.top or other.bottom < one.top, machine.name
        heights = [lane.enters for lane in drawing.lanes] + [y for lane in drawing.lanes for y in lane.leaves]
        assert len(heights) == len(set(heights)), f"two lines of {machine.name} at one height"


def test_every_step_has_both_languages_and_both_sessions() -> None:
    for name in ("trade", "verify", "operations"):
        for step in steps.session(name):
            assert set(step.title) == set(step.text) == {"zh", "en"}
            assert set(step.who.split(", ")) <= set(pages.WHO)
            assert step.curl.strip()
            assert bool(step.python.strip()) == (name == "trade"), step.id
