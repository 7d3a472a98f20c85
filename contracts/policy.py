"""The use policy of contracts from 1.0 on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import canonical


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a policy is compiled from."""

    kind: str
    number: str
    model: str
    assigner: str
    assignee: str | None
    target: str
    articles: Mapping[str, int]
    values: Mapping[str, Any]


def compile_policy(grounds: Grounds) -> bytes:
    """Return the canonical bytes of the policy."""
    return canonical.encode({"number": grounds.number})
