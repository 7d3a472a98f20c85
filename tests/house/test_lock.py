"""The lock pins what pyproject.toml asks for, by hash, and names no index."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.source import ROOT

PIN = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)(?: ; .*)? \\$", re.MULTILINE)


def test_every_requirement_is_pinned_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = map(Requirement, project["dependencies"] + project["optional-dependencies"]["dev"])
    pins = dict(PIN.findall((ROOT / "requirements.lock").read_text("utf-8")))
    wrong = [
        str(one) for one in asked if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"))
    ]
    assert wrong == []


def test_the_lock_names_no_index_and_every_pin_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert not re.search(r"https?://|^--", text, re.MULTILINE)
    assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(PIN.findall(text))
