"""Grounds that can be compiled: one of everything, and any (for hypothesis)."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from contracts.policy import Grounds
from contracts.vocabulary import Action, Purpose
from tests.contracts.first.sample import TERMS, number, party

OTHER = party("泰山种业有限公司", "Taishan Seeds Ltd", "91999999MA0000004").credit_code
ARTICLES = {"use": 5, "rights": 4, "compliance": 7, "delivery": 9, "price": 10, "results": 14, "term": 16}

GROUNDS = Grounds(
    kind="Agreement",
    number=number("7KQ2M9XW4C"),
    model="data-provision/1.0",
    assigner=TERMS.provider.credit_code,
    assignee=TERMS.buyer.credit_code,
    target="5a" * 32,
    articles=ARTICLES,
    values={
        "use.purposes": ["internal-analysis", "research"],
        "use.permitted": ["reproduce", "extract", "derive", "present"],
        "use.prohibited": ["distribute", "sell", "reidentify"],
        "use.training": "internal",
        "use.publication": "aggregates",
        "use.recipients": [{"name": "泰山种业有限公司", "credit_code": OTHER}],
        "use.territory": "mainland",
        "use.derivatives": "buyer",
        "use.industry": "农业",
        "use.attribution": True,
        "rights.sublicense": False,
        "rights.transferable": False,
        "compliance.export": "none",
        "term.days": 365,
        "term.from": "2026-11-22",
        "term.until": "2027-11-21",
        "term.deletion": True,
        "term.deletion_days": 30,
        "term.certificate": True,
        "delivery.mode": "download",
        "delivery.downloads": 5,
        "price.model": "fixed",
    },
)
"""One of everything that a contract can say of the use of data."""

OFFER = replace(GROUNDS, kind="Offer", assignee=None)

_organisation = st.builds(
    lambda serial, name: {
        "name": name,
        "credit_code": party("一", "One", f"91999999MA{serial:07d}").credit_code,
    },
    st.integers(10, 99),
    st.sampled_from(["甲有限公司", "乙有限公司"]),
)

values = st.fixed_dictionaries(
    {},
    optional={
        "use.purposes": st.lists(st.sampled_from([word.value for word in Purpose]), min_size=1),
        "use.permitted": st.lists(st.sampled_from(["reproduce", "extract", "derive", "distribute"])),
        "use.prohibited": st.lists(st.sampled_from(["sell", "reidentify"])),
        "use.training": st.sampled_from(["none", "internal", "release"]),
        "use.publication": st.sampled_from(["none", "results", "aggregates"]),
        "use.recipients": st.lists(_organisation, unique_by=lambda one: one["credit_code"], max_size=3),
        "use.territory": st.sampled_from(["mainland", "anywhere"]),
        "use.derivatives": st.sampled_from(["buyer", "provider", "shared"]),
        "use.industry": st.sampled_from(["农业", "金融, 保险", "cn:x", ""]),
        "use.attribution": st.booleans(),
        "rights.sublicense": st.booleans(),
        "rights.transferable": st.booleans(),
        "compliance.export": st.sampled_from(["none", "assessed", "contract", "certified"]),
        "term.days": st.integers(1, 36_500),
        "term.from": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat),
        "term.until": st.dates(date(2030, 1, 1), date(2040, 1, 1)).map(date.isoformat),
        "term.deletion": st.booleans(),
        "term.deletion_days": st.integers(1, 365),
        "term.certificate": st.booleans(),
        "delivery.mode": st.sampled_from(["download", "api", "query", "sandbox", "stream", "media"]),
        "delivery.downloads": st.integers(1, 10_000),
        "price.model": st.sampled_from(["fixed", "usage", "subscription", "tiers", "free"]),
        "payment.days": st.integers(0, 9),
    },
)
articles = st.fixed_dictionaries(
    {"use": st.integers(1, 9)}, optional={name: st.integers(1, 40) for name in ARTICLES if name != "use"}
)
grounds = st.builds(
    lambda base, found, numbers: replace(base, values=found, articles=numbers),
    st.sampled_from([GROUNDS, OFFER]),
    values,
    articles,
)
actions = st.sampled_from([word.value for word in Action])


def respelled(policy: bytes, chance: random.Random) -> bytes:
    """Return a policy that says the same in another order and another spelling."""
    body = _turned(json.loads(policy), chance)
    if chance.random() < 0.5:
        body["uid"] = body.pop("@id")
    if chance.random() < 0.5:
        body["@context"] = [{"cn": "urn:qilu:policy:2#"}, "http://www.w3.org/ns/odrl.jsonld"]
    if chance.random() < 0.5:
        body["profile"] = [body["profile"]]
    return json.dumps(body, ensure_ascii=chance.random() < 0.5, indent=1).encode()


def _turned(value: Any, chance: random.Random) -> Any:
    if isinstance(value, list):
        items = [_turned(item, chance) for item in value]
        return chance.sample(items, len(items)) + ([items[0]] if chance.random() < 0.1 else [])
    if not isinstance(value, dict):
        return value
    found = {key: _turned(item, chance) for key, item in value.items()}
    for key in ("action", "leftOperand"):
        if key in found and chance.random() < 0.5:
            found[key] = _whole(found[key]) if chance.random() < 0.5 else {"@id": found[key]}
    if found.get("operator") == "eq" and chance.random() < 0.5:
        found |= {"operator": "isAnyOf", "rightOperand": [found["rightOperand"]]}
    if "constraint" in found and chance.random() < 0.5:
        half = len(found["constraint"]) // 2
        grouped = {"and": found["constraint"][half:], "cn:article": 999}
        found["constraint"] = [*found["constraint"][:half], grouped]
    if "leftOperand" in found and chance.random() < 0.2:
        return {chance.choice(["and", "or"]): [found], "cn:article": 999}
    if chance.random() < 0.2:
        found = {_whole(key) if key.startswith("cn:a") else key: item for key, item in found.items()}
    return dict(chance.sample(list(found.items()), len(found)))


def _whole(name: str) -> str:
    prefix, _, rest = name.partition(":")
    return {"odrl": "http://www.w3.org/ns/odrl/2/", "cn": "urn:qilu:policy:2#"}[prefix] + rest


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield every place in a JSON value, with what stands there."""
    if at:
        yield at, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*at, key))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Put a value in a place and return what stood there."""
    for step in path[:-1]:
        body = body[step]
    old, body[path[-1]] = body[path[-1]], value
    return old
