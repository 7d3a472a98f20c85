"""A session step by step: what stands on the page, and what a test runs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """One step of a session.

    Attributes:
        id: anchor of the step on its page.
        who: who takes it: words of :data:`WHO`'s keys, in the data's own English.
        title: in both languages.
        text: what it does, in both languages.
        curl: the command as typed into a shell.
        python: the same in Python; empty in a session that has none.
        operation: method and path of the route whose answer is shown; empty when none is.
        status: HTTP status of that answer.
        answer: what comes back, shortened.
    """

    id: str
    who: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    curl: str
    python: str = ""
    operation: str = ""
    status: int = 0
    answer: str = ""


@cache
def session(name: str) -> tuple[Step, ...]:
    """Return the steps of a session: those of its file, or of the files of its folder in their order.

    Args:
        name: ``trade``, ``verify``, ``operations`` or ``witnesses``.
    """
    parts = sorted((FOLDER / name).glob("*.toml")) or [FOLDER / f"{name}.toml"]
    return tuple(Step(**step) for part in parts for step in tomllib.loads(part.read_text("utf-8"))["steps"])


def script(name: str, language: str) -> str:
    """Return a whole session as one file.

    Args:
        name: of the session.
        language: ``curl`` or ``python``.
    """
    parts = [getattr(step, language) for step in session(name)]
    return "\n".join(part for part in parts if part)
