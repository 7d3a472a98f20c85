"""What one sees of the demo: who acts, what happened, which ledger entry."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from market.demo.authenticators import Authenticators
from market.demo.client import Body, Person
from market.demo.people import PEOPLE

COLOURS = {
    "operator": "magenta", "auditor": "yellow", "provider": "green", "buyer": "cyan", "exchange": "white",
}  # fmt: skip


class Show:
    """A progress bar with a line for every act above it.

    Args:
        steps: how many acts are expected.
    """

    def __init__(self, steps: int) -> None:
        self.console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=steps)

    def __enter__(self) -> "Show":
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Leave the lines, take the bar away."""
        self._progress.stop()

    def now(self, what: str) -> None:
        """Say what is being done."""
        self._progress.update(self._task, description=what)

    def act(self, who: str, what: str, entry: str = "") -> None:
        """Write one line and count it.

        Args:
            who: a role, or "exchange" for what it does by itself.
            what: what happened.
            entry: the ledger entry it made, ``kind #index``; empty when it made none.
        """
        colour = COLOURS.get(who, "white")
        self.console.print(f"  [{colour}]{who:<9}[/] {what:<58} [dim]{entry}[/]", soft_wrap=True)
        self._progress.advance(self._task)

    def entry(self, person: Person, answer: Body) -> str:
        """Return the ledger entry that an answer names, as ``kind #index``."""
        return self.written(person.get(f"/api/v1/entries/{answer['entry_id']}"))

    @staticmethod
    def written(entry: Body) -> str:
        """Write an entry as ``kind #index``; PostgreSQL gives the index a moment later."""
        return entry["kind"] if entry["index"] is None else f"{entry['kind']} #{entry['index']}"

    def say(self, text: str) -> None:
        """Write a line that is no act."""
        self.console.print(text, soft_wrap=True)

    def people(self, url: str, passwords: dict[str, str], apps: Authenticators) -> None:
        """Show where the exchange is and who can sign in, whole in 80 columns; the staff's keys go into an app."""
        table = Table(title=f"{url}", title_justify="left", show_edge=False, pad_edge=False)
        for name in ("role", "person", "e-mail", "password"):
            table.add_column(name, overflow="fold")
        for person in PEOPLE:
            colour = COLOURS[person.role]
            table.add_row(f"[{colour}]{person.role}[/]", person.name, person.email, passwords[person.email])
        self.console.print(table)
        for person in PEOPLE:
            if secret := apps.secret(person.email):
                self.say(f"authenticator key of the {person.role}: {secret}")
