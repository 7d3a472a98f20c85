"""The description against the routes, the schemas and the traps that descriptions fall into."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import ValidationError

from market.actor import Scope
from market.openapi.document import METHODS
from market.openapi.examples import EXAMPLES
from market.openapi.operations import OPERATIONS
from market.participants.schemas import ApplyIn, TokenIn
from tests import assets, people
from tests.house.reference import application

Json = Mapping[str, Any]

IGNORED = {"If-None-Match", "Range", "If-Range"}
"""HTTP's own headers: what is not understood in them is ignored, whatever its length, and none of it is kept."""


@pytest.fixture(scope="module")
def app() -> Flask:
    return application()


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def spec(client: FlaskClient) -> Json:
    found: Json = client.get("/api/openapi.json").get_json()
    return found


def operations(spec: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, {**item[method], "above": item.get("parameters", [])}


def every(value: Any) -> Iterator[Json]:
    if isinstance(value, Mapping):
        yield value
    for child in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from every(child)


def routes(app: Flask) -> set[tuple[str, str]]:
    """Return (method, address) of every route for programs, written as descriptions write it."""
    return {
        (method, re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", str(rule)))
        for rule in app.url_map.iter_rules()
        if str(rule).startswith(("/api/v1", "/webhooks/"))
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_it_lists_the_routes_and_nothing_else(app: Flask, spec: Json) -> None:
    described = {(method, path) for method, path, _said in operations(spec)}
    assert described == routes(app)
    assert {f"{method} {path}" for method, path in described} == set(OPERATIONS)


def test_it_is_a_valid_description_of_3_1(spec: Json) -> None:
    import jsonschema_rs

    assert spec["openapi"].startswith("3.1.")
    for schema in spec["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    names = [said["operationId"] for _method, _path, said in operations(spec)]
    assert len(set(names)) == len(names)
    assert spec["servers"]
    assert spec["info"]["description"]


def test_every_operation_is_said_in_full(spec: Json) -> None:
    tags = {tag["name"] for tag in spec["tags"]}
    for method, path, said in operations(spec):
        assert said["summary"].endswith("."), (method, path)
        assert len(said["tags"]) == 1, (method, path)
        assert set(said["tags"]) <= tags, (method, path)
        placed = {one["name"] for one in (*said["above"], *said.get("parameters", [])) if one["in"] == "path"}
        assert placed == set(re.findall(r"{(\w+)}", path)), (method, path)
        assert "default" not in said["responses"], (method, path)
        for status, answer in said["responses"].items():
            if status >= "400":
                assert answer["$ref"] == f"#/components/responses/Problem{status}", (method, path)


def test_security_is_said_of_each_operation_with_its_scopes(spec: Json) -> None:
    words = {scope.value for scope in Scope}
    for method, path, said in operations(spec):
        for way in said["security"]:
            assert set(way.get("bearer", ())) <= words, (method, path)
        closed = bool(said["security"]) and {} not in said["security"]
        assert closed == bool({"401", "403"} <= set(said["responses"])), (method, path)


def test_trap_10_a_closed_operation_asks_for_a_token(client: FlaskClient, spec: Json) -> None:
    place = "018f6a2e-5d0b-7c3a-9a52-3f6c1d2e4b70"
    for method, path, said in operations(spec):
        if not said["security"] or {} in said["security"]:
            continue
        address = re.sub(r"{(\w*id)}", place, path).replace("{act}", "suspension").replace("{place}", "1")
        address = re.sub(r"{(seq|ordinal)}", "1", address)
        body = EXAMPLES.get(said["operationId"])
        if "multipart/form-data" in said.get("requestBody", {}).get("content", {}):
            continue  # tested with its file in tests/openapi/test_fuzz.py
        answer = client.open(re.sub(r"{\w+}", "0123456789A", address), method=method, json=body)
        assert answer.status_code == 401, (method, path, answer.text)


def test_trap_1_money_is_an_integer_of_minor_units(spec: Json) -> None:
    assert not [one for one in every(spec) if one.get("type") == "number"]


def test_trap_2_times_carry_their_offset(spec: Json) -> None:
    from datetime import UTC, datetime

    from market.fields import Timestamp

    shown = Timestamp()._serialize(datetime(2026, 11, 22, tzinfo=UTC), "at", None)
    assert shown == "2026-11-22T00:00:00.000Z"
    moments = [one for one in every(spec) if one.get("format") == "date-time"]
    assert moments
    assert all(one["type"] in ("string", ["string", "null"]) for one in moments)


def test_trap_3_every_integer_that_comes_in_is_bounded(client: FlaskClient, spec: Json) -> None:
    for _method, _path, said in operations(spec):
        for schema in inward(spec, said):
            if "integer" in str(schema.get("type")):
                assert schema["maximum"] < 2**53, schema
    assert client.get("/api/v1/contracts/0123456789A/pages/" + "9" * 40 + ".svg").status_code in {401, 404}


def test_trap_4_what_is_not_there_is_no_server_error(exchange: Flask) -> None:
    provider = people.bearer(assets.provider())
    body = {**EXAMPLES["draftListing"], "asset": "018f6a2e-5d0b-7c3a-9a52-3f6c1d2e4b70"}
    answer = exchange.test_client().post("/api/v1/listings", json=body, headers=provider)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "asset.not_found"


def test_trap_5_null_is_taken_where_it_is_said(spec: Json) -> None:
    for schema in (TokenIn(), ApplyIn()):
        for name, field in schema.fields.items():
            try:
                schema.load({name: None}, partial=True)
                taken = True
            except ValidationError as error:
                taken = name not in (error.messages if isinstance(error.messages, dict) else {})
            assert taken == field.allow_none, name


def test_trap_6_text_that_comes_in_is_bounded(spec: Json) -> None:
    for method, path, said in operations(spec):
        for schema in inward(spec, said):
            if schema.get("type") == "string" and not {"enum", "format", "pattern"} & set(schema):
                assert schema["maxLength"] >= 1, (method, path, schema)


def test_trap_7_pages_stand_in_the_body(spec: Json) -> None:
    for name, schema in spec["components"]["schemas"].items():
        properties = schema.get("properties", {})
        if "next" in properties and "items" in properties:
            assert properties["next"]["type"] == ["string", "null"], name
            assert {"items", "next"} <= set(schema["required"]), name
    assert "X-Pagination" not in json.dumps(spec)


def test_trap_8_no_schema_is_a_nameless_variant(spec: Json) -> None:
    assert not [name for name in spec["components"]["schemas"] if name[-1].isdigit()]


def test_trap_9_other_methods_are_refused_with_allow(client: FlaskClient, spec: Json) -> None:
    for path, item in spec["paths"].items():
        known = {method.upper() for method in METHODS if method in item}
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
            address = re.sub(r"{(\w*id)}", "018f6a2e-5d0b-7c3a-9a52-3f6c1d2e4b70", path)
            address = re.sub(r"{(place|size|old|seq|ordinal)}", "1", address.replace("{act}", "suspension"))
            answer = client.open(re.sub(r"{\w+}", "0123456789A", address), method=method)
            assert answer.status_code == 405, (method, path)
            assert known <= set(answer.headers["Allow"].split(", ")), (method, path)


def test_answers_are_complete_and_closed(spec: Json) -> None:
    for name, schema in spec["components"]["schemas"].items():
        if name.endswith("Out"):
            assert set(schema["required"]) == set(schema["properties"]), name
            assert schema["additionalProperties"] is False, name


def test_every_body_has_an_example_that_the_exchange_takes(app: Flask, spec: Json) -> None:
    import jsonschema_rs

    for _method, _path, said in operations(spec):
        for content in said.get("requestBody", {}).get("content", {}).values():
            if "multipart" in str(said["requestBody"]):
                if "properties" in content["schema"]:  # texts beside the file
                    assert set(content["example"]) <= set(content["schema"]["properties"])
                continue
            shape = {"components": spec["components"], **content["schema"]}
            jsonschema_rs.validator_for(shape).validate(content["example"])
    assert set(EXAMPLES) <= {one.id for one in OPERATIONS.values()}


def test_the_same_bytes_come_from_every_process_and_304_after(client: FlaskClient) -> None:
    first, second = (
        client.get("/api/openapi.json"),
        application().test_client().get("/api/openapi.json?lang=zh"),
    )
    assert first.data == second.data
    tag = first.headers["ETag"]
    assert client.get("/api/openapi.json", headers={"If-None-Match": tag}).status_code == 304


def inward(spec: Json, said: Json) -> Iterator[Json]:
    """Yield every schema of what an operation takes."""
    stated = [one["schema"] for one in said.get("parameters", []) if one["name"] not in IGNORED]
    for content in said.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "$ref" in schema:
            schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        stated.append(schema)
    for one in stated:
        yield from every(one)
