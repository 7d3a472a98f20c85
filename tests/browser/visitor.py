"""Somebody at a screen: opens pages, reads, presses and types, and looks closely at every page on the way."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    TimeoutError,
    expect,
)

from market.demo.client import wait_for
from tests.browser.eyes import Eyes
from tests.browser.words import Words
from tests.waiting import SECONDS

PATIENCE: Final = 1000 * SECONDS
"""Milliseconds to wait for anything; a busy machine may be slow, but does not fail by it."""


class Visitor:
    """One person with a browser of their own (cookies are not shared).

    Args:
        chromium: the running browser.
        url: address of the exchange.
        eyes: how pages are looked at.
    """

    def __init__(self, chromium: Browser, url: str, eyes: Eyes) -> None:
        self.url = url
        self.eyes = eyes
        self.say = Words(eyes.look.language)
        self.context: BrowserContext = chromium.new_context(
            base_url=url, locale=eyes.look.locale, viewport=eyes.look.window, reduced_motion="reduce"
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self._console: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._console.append(str(error)))
        self._devtools = self.context.new_cdp_session(self.page)
        self._scripts(eyes.look.scripts)

    # Going about

    def open(self, path: str) -> Response:
        """Go to an address and look at the page."""
        answer = self.page.goto(path, wait_until="load")
        assert answer is not None
        self._look(answer)
        return answer

    def press(self, english: str, within: Locator | None = None) -> Response | None:
        """Press the button of that name and look at the page that follows."""
        name = self.say(english)
        return self.going(lambda: (within or self.main).get_by_role("button", name=name, exact=True).click())

    def follow(self, name: str, within: Locator | None = None) -> Response | None:
        """Follow the link of that name and look at the page that follows."""
        return self.going(self.link(name, within).click)

    def menu(self, english: str) -> Response | None:
        """Choose from the main menu."""
        bar = self.page.get_by_role("navigation", name=self.say("Main"))
        return self.follow(self.say(english), bar)

    def going(self, act: Callable[[], None]) -> Response | None:
        """Do something that leads to another page; look at that page.

        A form with a file is sent by a script, where there are scripts, and has no answer of its own.
        """
        try:
            with self.page.expect_navigation(wait_until="load", timeout=PATIENCE) as gone:
                act()
        except TimeoutError as error:
            stopped = self.page.eval_on_selector_all(":invalid", "all => all.map(one => one.name)")
            raise AssertionError(f"still at {self.page.url}; fields that stop the form: {stopped}") from error
        answer = gone.value
        self._look(answer)
        return answer

    def download(self, name: str, folder: Path) -> Path:
        """Follow a link to a file and return where the file was put."""
        with self.page.expect_download(timeout=PATIENCE) as coming:
            self.link(name).click()
        target = folder / coming.value.suggested_filename
        coming.value.save_as(target)
        return target

    def link(self, name: str, within: Locator | None = None) -> Locator:
        """Return the first link of that name; some look and sound like buttons."""
        place = within or self.main
        link = place.get_by_role("link", name=name, exact=True)
        return link.or_(place.locator("a").and_(place.get_by_role("button", name=name, exact=True))).first

    # Filling in

    def type(self, english: str, text: str) -> None:
        """Type into the field of that name."""
        self.labelled(english).fill(text)

    def choose(self, english: str, option: str) -> None:
        """Choose from the list of that name."""
        self.labelled(english).select_option(label=self.say(option))

    def tick(self, english: str, within: str | None = None) -> None:
        """Tick the box or the round mark of that name, in the group of that name."""
        place = self.main.get_by_role("group", name=self.say(within)) if within else self.main
        place.get_by_label(self.say(english), exact=True).check()

    def labelled(self, english: str) -> Locator:
        """Return the field of that name, optional or not."""
        name, optional = re.escape(self.say(english)), re.escape(self.say("(optional)"))
        return self.main.get_by_label(re.compile(rf"^\s*{name}\s*({optional})?\s*$")).first

    # Reading

    @property
    def main(self) -> Locator:
        """The content of the page, without header and footer."""
        return self.page.get_by_role("main")

    def reads(self, english: str, **blanks: object) -> None:
        """Check that the page says a sentence."""
        expect(self.main).to_contain_text(self.say(english, **blanks))

    def await_change(self, english: str) -> None:
        """Look at the page again and again until it no longer says a sentence."""

        def changed() -> bool | None:
            self.page.reload(wait_until="load")
            return self.say(english) not in self.main.inner_text() or None

        wait_for(changed, f"the end of {english!r}", seconds=PATIENCE / 1000)
        self.open(self.page.url)

    def sign_in(self, email: str, password: str, code: Callable[[str], str | None] | None = None) -> None:
        """Sign in on the page for it, with a code of an authenticator app where there is one.

        Args:
            email: whose account.
            password: its password.
            code: gives a code by the address, None for who has no app; asked when one is typed, since it goes stale.
        """
        self.open("/sign-in")
        self.type("Email address", email)
        self.type("Password", password)
        self.press("Sign in")
        if code is not None and (given := code(email)) is not None:
            self.type("One-time code", given)
            self.press("Continue")
        assert "/sign-in" not in self.page.url

    def leave(self) -> None:
        """Close the browser."""
        self.context.close()

    def _look(self, answer: Response | None) -> None:
        if self.page.url.startswith(self.url):
            self.eyes.examine(self.page, answer, self._console, self._scripts)
        self._console.clear()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._console.append(message.text)

    def _scripts(self, allowed: bool) -> None:
        """Allow or forbid scripts, as a browser's own setting does."""
        self._devtools.send("Emulation.setScriptExecutionDisabled", {"value": not allowed})
