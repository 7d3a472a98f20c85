"""Acts that reach further than their room are taken through the room that reaches: no way around it."""

import ast

from tests.house.source import modules

FAR_REACHING = {
    "market.participants.service.decide": "market/trades/suspension.py",
    "market.participants.service.put": "market/trades/suspension.py",
}
"""What only closes an organisation's door -> the one module that closes its grants in the same step."""


def test_an_organisation_is_suspended_only_where_its_grants_follow() -> None:
    found = [
        (path, name)
        for path, tree in modules().items()
        for name in _reached(tree)
        if name in FAR_REACHING and path != FAR_REACHING[name]
    ]
    assert found == []


def test_the_rule_would_see_every_way_to_reach_it() -> None:
    ways = (
        "from market.participants import service\nservice.decide(1)",
        "from market.participants import service as p\np.decide(1)",
        "from market.participants.service import decide\ndecide(1)",
        "from market.participants.service import decide as end\nact = end",
        "import market.participants.service\nmarket.participants.service.decide(1)",
        "import market.participants.service as p\nact = p.decide",
        "from market import participants\nparticipants.service.decide(1)",
    )
    for way in ways:
        assert "market.participants.service.decide" in set(_reached(ast.parse(way))), way
    assert "market.participants.service.decide" in set(_reached(modules()["market/trades/suspension.py"]))


def _reached(tree: ast.AST) -> list[str]:
    """Return the full dotted names of everything that a module imports or takes out of what it imported."""
    names: dict[str, str] = {}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                found.append(f"{node.module}.{alias.name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            first, _dot, rest = dotted.partition(".")
            if first in names:
                found.append(f"{names[first]}.{rest}")
    return found
