"""What the Dataspace Protocol 2025-1 asks of a policy, told from its schemas in our own words.

The rules are those of ``negotiation/contract-schema.json`` and ``common/context-schema.json`` in
eclipse-dataspace-protocol-base/DataspaceProtocol (Apache-2.0), and, beyond them, that every name expands: the
protocol's context knows only ``use``, the operators and the words of structure without a prefix.
"""

from typing import Any

CONTEXT = "https://w3id.org/dspace/2025/1/context.jsonld"
OPERATORS = "eq gt gteq lteq hasPart isA isAllOf isAnyOf isNoneOf isPartOf lt term-lteq neq".split()
STRUCTURE = {
    *"@context @id @type profile assigner assignee target permission prohibition obligation".split(),
    *"action constraint duty leftOperand operator rightOperand and or".split(),
}


def faults(policy: Any) -> list[str]:
    """Return what a peer of the protocol would not take, or could not expand."""
    found = []
    context = policy.get("@context")
    if (
        not isinstance(context, list)
        or CONTEXT not in context
        or not all(isinstance(one, str) for one in context)
    ):
        found.append("@context is a list of texts with that of the protocol")
    needed = {"@id", "assigner"} | ({"assignee", "target"} if policy.get("@type") == "Agreement" else set())
    found += [f"{key} is text" for key in needed if not isinstance(policy.get(key), str)]
    if policy.get("@type") not in {"Offer", "Agreement"} or not isinstance(policy.get("profile"), str):
        found.append("@type and profile")
    if "permission" not in policy and "prohibition" not in policy:
        found.append("permits or prohibits")
    for word in ("permission", "prohibition", "obligation"):
        found += [fault for rule in policy.get(word, []) for fault in _of_rule(rule)]
    return found + list(_everywhere(policy))


def _of_rule(rule: Any) -> list[str]:
    found = (
        []
        if isinstance(rule.get("action"), str) and ":" in rule["action"]
        else ["action is one prefixed name"]
    )
    if "target" in rule:
        found.append("a rule has no target of its own")
    for constraint in rule.get("constraint", []):
        right = constraint.get("rightOperand")
        if not isinstance(right, str | dict | list) or constraint.get("operator") not in OPERATORS:
            found.append(f"constraint {constraint}")
        if ":" not in constraint.get("leftOperand", ""):
            found.append("a left operand is prefixed")
    return found + [fault for duty in rule.get("duty", []) for fault in _of_rule(duty)]


def _everywhere(value: Any) -> list[str]:
    if isinstance(value, list):
        return ([] if value else ["an empty list"]) + [fault for one in value for fault in _everywhere(one)]
    if not isinstance(value, dict):
        return []
    plain = [key for key in value if key not in STRUCTURE and not key.startswith(("cn:", "@"))]
    units = [f"{key} is lost on the way" for key in value if key.endswith("unit")]
    return (
        [f"{key} does not expand" for key in plain]
        + units
        + [fault for one in value.values() for fault in _everywhere(one)]
    )
