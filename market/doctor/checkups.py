"""What the doctor asks of the exchange's own checkups: does fsck run every day, and what did it find last."""

from collections.abc import Iterator

from market import db
from market.app import create_app
from market.config import Settings
from market.doctor.finding import Finding
from market.oversight import checks


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found."""
    app = create_app(settings)
    with app.app_context(), db.read() as session:
        state = checks.state(session)
    app.extensions["engine"].dispose()
    yield _finding(state, "qilu serve" if settings.is_sqlite else "qilu worker")


def _finding(state: checks.State, program: str) -> Finding:
    hours = state.age.total_seconds() / 3600
    if state.is_late:
        return Finding("fsck", False, f"has not run for {hours / 24:.0f} days: is `{program}` running?")
    if state.last is None:
        return Finding("fsck", True, f"has not run yet; `{program}` runs it every day")
    if state.last.faults:
        found = f"{state.last.faults} faults {hours:.0f} h ago, the first: {state.last.findings[0]}"
        return Finding("fsck", False, f"{found}; run `qilu ledger fsck`")
    return Finding("fsck", True, f"found no fault {hours:.0f} h ago")
