"""What is looked for on every page: barriers (axe), the content policy, the outline, and how it fits the window."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, Response

from tests.browser.looks import Look

RULES: Final = {
    "light": {"type": "tag", "values": "wcag2a wcag2aa wcag21a wcag21aa wcag22aa best-practice".split()},
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
"""What axe looks for in each colour scheme; only colours differ between the two."""
RUN_AXE: Final = """chosen => axe.run(document, {runOnly: chosen, resultTypes: ["violations"]}).then(found => ({
  looked: found.passes.concat(found.inapplicable).map(rule => rule.id),
  violations: found.violations.map(rule => `${rule.id}: ` + rule.nodes.map(node => node.html.slice(0, 200) + " " +
    node.any.concat(node.all, node.none).map(check => check.message).join("; ")).join(" | ")),
}))"""

OUTLINE: Final = """language => {
  const faults = [], all = selector => [...document.querySelectorAll(selector)];
  if (!document.documentElement.lang.startsWith(language)) faults.push(`lang is ${document.documentElement.lang}`);
  if (!document.title.trim()) faults.push("no title");
  const tops = all("h1").map(top => top.textContent.trim());
  if (tops.length !== 1 || !tops[0]) faults.push(`h1: ${JSON.stringify(tops)}`);
  for (const one of all("[style], style, script:not([src])")) faults.push(`inline: ${one.outerHTML.slice(0, 120)}`);
  for (const one of all("*")) for (const name of one.getAttributeNames())
    if (name.startsWith("on")) faults.push(`inline handler: ${one.outerHTML.slice(0, 120)}`);
  const ids = all("[id]").map(one => one.id), twice = ids.filter((id, place) => ids.indexOf(id) !== place);
  if (twice.length) faults.push(`ids used twice: ${twice}`);
  for (const one of all("img")) if (one.complete && one.loading !== "lazy" && !one.naturalWidth)
    faults.push(`image not shown: ${one.src}`);
  return faults;
}"""

SIDEWAYS: Final = """() => {
  const wide = document.documentElement.clientWidth, reach = document.documentElement.scrollWidth;
  if (reach <= wide) return [];
  const culprits = [...document.querySelectorAll("body *")].filter(one => {
    const box = one.getBoundingClientRect();
    return box.right > wide + 1 && box.width && box.height && getComputedStyle(one).position !== "absolute";
  }).slice(0, 3).map(one => one.outerHTML.slice(0, 120));
  return [`scrolls sideways: ${reach} in ${wide}: ${culprits.join(" | ")}`];
}"""
CUT: Final = """() => {
  const faults = [];
  for (const one of document.querySelectorAll("body *")) {
    if (one.scrollWidth <= one.clientWidth + 1 && one.scrollHeight <= one.clientHeight + 2) continue;
    if (one.matches("input, select, textarea") || one.closest("thead")) continue;
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(one);
    if (style.clipPath === "none" && ["hidden", "clip"].includes(style.overflowX) && one.getClientRects().length)
      faults.push(`text cut: ${one.outerHTML.slice(0, 160)}`);
  }
  return faults;
}"""

FOCUS: Final = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  return {outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2, shown: box.width > 0,
    inside: box.bottom > 0 && box.right > 0 && box.left < innerWidth && box.top < innerHeight};
}"""
"""Whether the element that has the keyboard shows it and lies in the window."""

STRICT: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
WIDTHS: Final = (320, 640, 1280)
"""The narrowest reflow that WCAG 1.4.10 asks for, 1280 px at 200 % zoom, and a desk's screen; CSS pixels."""

_VARYING: Final = re.compile(r"[0-9A-Za-z_=-]{10,}|\d+")


@dataclass
class Eyes:
    """Look at pages in one way and keep what was wrong with them.

    Attributes:
        look: the way of looking.
        pages: how many were looked at.
        axed: how many of these axe examined; one that differs from an earlier one in numbers alone is not again.
        faults: what was wrong, with the address.
    """

    look: Look
    pages: int = 0
    axed: int = 0
    faults: list[str] = field(default_factory=list)
    violations: int = 0
    _known: set[tuple[str, str]] = field(default_factory=set)

    def examine(
        self, page: Page, answer: Response | None, said: list[str], scripts: Callable[[bool], None]
    ) -> None:
        """Look at the page that stands in a window.

        Args:
            page: the window.
            answer: how the server answered; None for a page that was not fetched.
            said: complaints of the browser's console; emptied.
            scripts: allows scripts, or forbids them again; axe is one.
        """
        self.pages += 1
        found = [
            *self._headers(answer),
            *page.evaluate(OUTLINE, self.look.language),
            *self._console(answer, said),
        ]
        found += [*page.evaluate(SIDEWAYS), *page.evaluate(CUT)]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": self.look.window["height"]})
            found += [f"at {width} px: {fault}" for fault in page.evaluate(SIDEWAYS)]
        page.set_viewport_size(self.look.window)
        found += self._axe(page, scripts)
        self.faults += [f"{page.url} ({self.look}): {fault}" for fault in found]

    def judge(self) -> None:
        """Fail if anything was wrong with any page so far."""
        found, self.faults = self.faults, []
        assert not found, "\n".join(found)

    def _axe(self, page: Page, scripts: Callable[[bool], None]) -> list[str]:
        found: list[str] = []
        for scheme in self._schemes(page):
            shape = _VARYING.sub("", page.content())
            if (scheme, shape) in self._known:
                continue
            self._known.add((scheme, shape))
            self.axed += 1
            scripts(True)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.evaluate(AXE_SCRIPT)
            result: dict[str, list[str]] = page.evaluate(RUN_AXE, RULES[scheme])
            page.emulate_media(color_scheme="light")
            scripts(self.look.scripts)
            looked = {*result["looked"], *(one.split(":")[0] for one in result["violations"])}
            assert looked >= ({"color-contrast", "target-size"} if scheme == "light" else {"color-contrast"})
            self.violations += len(result["violations"])
            found += [f"axe, {scheme}: {violation}" for violation in result["violations"]]
        return found

    def _schemes(self, page: Page) -> list[Any]:
        """Return the colour schemes that the page has."""
        ground = "() => getComputedStyle(document.documentElement).backgroundColor"
        shown = page.evaluate(ground)
        page.emulate_media(color_scheme="dark")
        dark = page.evaluate(ground)
        page.emulate_media(color_scheme="light")
        return ["light"] if dark == shown else ["light", "dark"]

    def _headers(self, answer: Response | None) -> list[str]:
        if answer is None:
            return []
        headers = answer.headers
        policy = headers.get("content-security-policy", "")
        found = [f"policy lacks {rule}" for rule in STRICT if rule not in policy]
        found += [f"policy has {word}" for word in ("unsafe", "*") if word in policy]
        if headers.get("x-content-type-options") != "nosniff":
            found.append("no nosniff")
        if answer.status >= 400:
            text = answer.text()
            again = (
                "<form" in text[text.index("<main") : text.index("</main>")]
            )  # the form, with what to correct
            if not again and headers["x-request-id"] not in text:
                found.append("the error page does not say its request id")
        return found

    def _console(self, answer: Response | None, said: list[str]) -> list[str]:
        """Return what the console complained about, the page's own status excepted.

        A page that a script fetched has no answer here: a form that comes back to be corrected is 422.
        """
        status = 422 if answer is None else answer.status
        own = f"status of {status}" if status >= 400 else "\0"
        found = [f"console: {line}" for line in said if own not in line]
        said.clear()
        return found
