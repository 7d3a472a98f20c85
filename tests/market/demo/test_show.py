import io
import json
from pathlib import Path

from rich.console import Console

from market.demo.authenticators import Authenticators
from market.demo.people import PEOPLE
from market.demo.show import Show


def test_who_can_sign_in_is_shown_whole_on_a_narrow_terminal(tmp_path: Path) -> None:
    file = tmp_path / "authenticators.json"
    file.write_text(json.dumps({PEOPLE[0].email: {"secret": "Z3X7" * 8, "step": 0}}), "utf-8")
    show, written = Show(steps=1), io.StringIO()
    show.console = Console(width=80, file=written)
    passwords = {person.email: f"word-{place}-0123456" for place, person in enumerate(PEOPLE)}
    show.people("http://localhost:8080", passwords, Authenticators(file))
    for word in (*passwords, *passwords.values(), "Z3X7" * 8):
        assert word in written.getvalue()
