"""Policies are equal by meaning, and nothing unknown is ever read past."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import odrl
from contracts.errors import PolicyError
from contracts.first.policy import compile_policy as compile_first
from contracts.policy import compile_policy, same
from tests.contracts import grounds as some
from tests.contracts.first.sample import TERMS
from tests.contracts.grounds import GROUNDS, paths, put, respelled

POLICY = compile_policy(GROUNDS)


def constrained(*constraints: Any) -> bytes:
    """Return a policy whose one permission has these constraints."""
    body = json.loads(POLICY)
    rule = {"action": "odrl:extract", "cn:article": 5, "constraint": list(constraints)}
    return json.dumps(body | {"permission": [rule]}).encode()


def without(*keys: str) -> bytes:
    """Return the policy less these keys."""
    return json.dumps({key: value for key, value in json.loads(POLICY).items() if key not in keys}).encode()


def purpose(*words: str, operator: str = "isAnyOf", article: int = 5) -> dict[str, Any]:
    names = [{"@id": f"cn:{word}"} for word in words]
    return {"leftOperand": "odrl:purpose", "operator": operator, "rightOperand": names, "cn:article": article}


@given(some.grounds, st.integers(0, 10**6))
def test_order_and_spelling_make_no_difference(grounds: Any, seed: int) -> None:
    chance = random.Random(seed)
    policy = compile_policy(grounds)
    assert same(respelled(policy, chance), respelled(policy, chance))
    assert same(policy, respelled(policy, chance))


@given(some.grounds, some.grounds)
def test_other_bytes_mean_something_else(one: Any, other: Any) -> None:
    first, second = compile_policy(one), compile_policy(other)
    assert same(first, second) == (first == second)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([purpose("research")], [purpose("research", operator="eq")], True),
        ([purpose("research", operator="neq")], [purpose("research", operator="isNoneOf")], True),
        ([purpose("research", "education")], [purpose("education", "research", "education")], True),
        ([{"or": [purpose("research")], "cn:article": 5}], [purpose("research")], True),
        ([{"and": [purpose("research"), purpose("education")], "cn:article": 9}],
         [purpose("education"), purpose("research")], True),
        ([{"or": [purpose("research"), purpose("education")], "cn:article": 5}],
         [{"or": [purpose("education"), purpose("research")], "cn:article": 5}], True),
        ([{"or": [purpose("research"), {"or": [purpose("education")], "cn:article": 1}], "cn:article": 5}],
         [{"or": [purpose("education"), purpose("research")], "cn:article": 5}], True),
        ([{"or": [purpose("research"), purpose("education")], "cn:article": 5}],
         [{"and": [purpose("education"), purpose("research")], "cn:article": 5}], False),
        ([purpose("research")], [purpose("research", operator="isNoneOf")], False),
        ([purpose("research")], [purpose("research", article=6)], False),
        ([purpose("research")], [purpose("research", "education")], False),
    ],
)  # fmt: skip
def test_equality_by_meaning(one: list[Any], other: list[Any], equal: bool) -> None:
    assert same(constrained(*one), constrained(*other)) is equal


NAMES = {"action", "leftOperand", "operator", "@type", "profile"}


PLACES = list(paths(json.loads(POLICY)))


def refused(path: tuple[Any, ...], value: Any) -> None:
    """Hold that the policy is refused with this value in this place."""
    body = json.loads(POLICY)
    put(body, path, value)
    with pytest.raises(PolicyError):
        odrl.parse(json.dumps(body).encode())
        pytest.fail(f"{value!r} at {path} was read")


@pytest.mark.parametrize(
    "word", ["odrl:play", "cn:unheard", "use", "", None, 7, ["odrl:reproduce", "odrl:derive"]]
)
def test_an_unknown_word_refuses(word: Any) -> None:
    for path, _ in PLACES:
        if path[-1] in NAMES:
            refused(path, word)


@pytest.mark.parametrize("key", ["odrl:unit", "refinement", "cn:more", "target", "odrl:remedy", "xone"])
def test_an_unknown_key_refuses(key: str) -> None:
    for path, value in PLACES:
        if isinstance(value, dict):
            refused(path, value | {key: "urn:x:y"})


@pytest.mark.parametrize("article", [0, -1, 5.0, "5", True, None, 1000])
def test_an_article_is_a_number(article: Any) -> None:
    for path, _ in PLACES:
        if path[-1] == "cn:article":
            refused(path, article)


@pytest.mark.parametrize(
    "constraint",
    [
        purpose("war"),
        purpose("research", "education", operator="eq"),
        purpose("research", operator="isPartOf"),
        purpose("research", operator="isAllOf"),
        purpose("research") | {"rightOperand": []},
        purpose("research") | {"rightOperand": 5},
        purpose("research") | {"rightOperand": {"@id": "cn:research", "cn:name": "研究"}},
        {"or": [], "cn:article": 5},
        {"xone": [purpose("research")], "cn:article": 5},
        {"or": [purpose("research")], "and": [purpose("research")], "cn:article": 5},
        {"or": [purpose("research")]},
        purpose("research") | {"leftOperand": "cn:priceModel", "operator": "eq"},
        purpose("research") | {"leftOperand": "odrl:recipient"},
        {"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": 5, "cn:article": 5},
        {"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": "5", "cn:article": 5},
        {"leftOperand": "odrl:count", "operator": "gteq", "rightOperand": {"@value": "5", "@type": "xsd:integer"},
         "cn:article": 5},
        *(
            {"leftOperand": "odrl:count", "operator": "lteq", "rightOperand": {"@value": value, "@type": kind},
             "cn:article": 5}
            for value, kind in [("-5", "xsd:integer"), ("05", "xsd:integer"), ("5", "xsd:decimal"), (5, "xsd:integer")]
        ),
        *(
            {"leftOperand": "odrl:elapsedTime", "operator": "lteq",
             "rightOperand": {"@value": value, "@type": "xsd:duration"}, "cn:article": 5}
            for value in ["P1Y", "PT1H", "P0D", "-P1D", "P1.5D", "1"]
        ),
        *(
            {"leftOperand": "odrl:dateTime", "operator": "lt", "rightOperand": {"@value": value, "@type": kind},
             "cn:article": 5}
            for value, kind in [
                ("2018-01-01", "xsd:date"), ("2018-02-30Z", "xsd:date"), ("2018-01-01T00:00:00", "xsd:dateTime"),
                ("2018-01-01T00:00:00+99:00", "xsd:dateTime"), ("2018-01-01Z", "xsd:dateTime"),
                ("0001-01-01+08:00", "xsd:date"), ("9999-12-31Z", "xsd:date"),
            ]
        ),
    ],
    ids=str,
)  # fmt: skip
def test_a_constraint_of_another_shape_refuses(constraint: Any) -> None:
    with pytest.raises(PolicyError):
        odrl.parse(constrained(constraint))


@pytest.mark.parametrize(
    "context",
    [
        None,
        [],
        "https://w3id.org/dspace/2025/1/context.jsonld",
        ["urn:qilu:policy:1"],
        [{"cn": "urn:evil#"}],
        ["urn:qilu:policy:2", {"odrl": "urn:evil#"}],
        ["urn:qilu:policy:2", "https://example.org/context"],
        ["urn:qilu:policy:2", ["urn:qilu:policy:2"]],
    ],
)
def test_a_context_cannot_change_what_names_mean(context: Any) -> None:
    with pytest.raises(PolicyError):
        odrl.parse(json.dumps(json.loads(POLICY) | {"@context": context}).encode())


@pytest.mark.parametrize(
    "policy",
    [
        b"",
        b"\xff",
        b"NaN",
        b"[" * 100_000,
        POLICY.replace(b'"cn:unlisted":5', b'"cn:unlisted":5,"cn:unlisted":5'),
        POLICY.replace(b'"@id":"urn:qilu', b'"uid":"urn:x:y","@id":"urn:qilu'),
        without("permission", "prohibition"),
        *(without(key) for key in "@context @id @type profile assigner assignee target cn:model cn:unlisted".split()),
        *(json.dumps(json.loads(POLICY) | {word: []}).encode() for word in ["permission", "prohibition", "obligation"]),
    ],
)  # fmt: skip
def test_what_is_no_whole_policy_refuses(policy: bytes) -> None:
    with pytest.raises(PolicyError):
        odrl.parse(policy)


def test_policies_of_0_1_are_told_apart() -> None:
    first = compile_first(TERMS, {"use": 8, "delivery": 6})
    assert odrl.is_profiled(POLICY)
    assert not any(odrl.is_profiled(policy) for policy in (first, b"", b"[]", b'"profile"', POLICY + b" "))
    with pytest.raises(PolicyError):
        odrl.parse(first)
