"""What the doctor asks of an exchange that was just restored: may it write again, and if not, what does it await."""

from collections.abc import Iterator

from market.app import create_app
from market.config import Settings
from market.doctor.finding import Finding
from market.governance import afterwards, guard, heads
from market.oversight import publishing


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; nothing where no restore waits for its witnesses."""
    if not afterwards.awaits_consent(settings.home) or not heads.has_witnesses(settings):
        return
    app = create_app(settings)
    with app.app_context():
        keys = publishing.keys()
        settled = guard.consented(settings.home, keys, heads.witnessed(settings, keys))
    app.extensions["engine"].dispose()
    text = "enough witnesses answer: the exchange writes again once it is started"
    yield Finding("restore", settled, text if settled else guard.RESTORED)
