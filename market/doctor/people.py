"""What the doctor asks of an exchange that was founded: can its staff act, and can parties have keys of their own."""

from collections.abc import Iterator

from market import db
from market.app import create_app
from market.config import Settings
from market.doctor.finding import Finding
from market.keys import authority
from market.participants import factors
from market.participants import service as participants


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; nothing before the exchange is founded, and no person's address."""
    app = create_app(settings)
    with app.app_context(), db.read() as session:
        founded = participants.operator(session) is not None
        bare = factors.staff_without(session)
        certified = authority.issuer_row(session) is not None
    app.extensions["engine"].dispose()
    if founded:
        yield _staff(bare, settings.base_url.rstrip("/"))
        yield _authority(settings, certified=certified)


def _staff(bare: list[str], base: str) -> Finding:
    if not bare:
        return Finding("second factor", True, "every operator, reviewer and auditor has one")
    text = (
        f"{len(bare)} of the staff (operators, reviewers, auditors) have none and can do nothing before: "
        f"{', '.join(bare[:5])}{' …' if len(bare) > 5 else ''}; each signs in and sets one up at "
        f"{base}/me/second-factor, or leaves the organisation at {base}/members"
    )
    return Finding("second factor", False, text)


def _authority(settings: Settings, *, certified: bool) -> Finding:
    if certified:
        return Finding("authority", True, "issues certificates for the parties' own keys")
    program = "qilu serve" if settings.is_sqlite else "qilu worker"
    text = (
        "this exchange has no certification authority, so that no party can sign by a key of its own: "
        f"founded just now, `{program}` makes one; founded by an older version, run `qilu keys authority`"
    )
    return Finding("authority", False, text)
