"""What a browser would send for a drawn form."""

from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict


class Browser(HTMLParser):
    """Reads a form as a browser does: what it would send back untouched, and what is hidden."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: MultiDict[str, str] = MultiDict()
        self.ids: list[str] = []
        self.hidden: set[str] = set()
        self.described: set[str] = set()
        self.labels: set[str] = set()
        self._select = self._area = ""
        self._first: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take a field in."""
        found: dict[str, Any] = dict(attributes)
        self.ids += [found["id"]] if "id" in found else []
        self.described |= set(str(found.get("aria-describedby", "")).split())
        if "hidden" in found and "data-part" in found:
            self.hidden.add(found["data-part"])
        if tag == "label" and "for" in found:
            self.labels.add(found["for"])
        if tag == "input" and (found.get("type") not in ("radio", "checkbox") or "checked" in found):
            self.sent.add(found["name"], found.get("value") or "")
        elif tag == "textarea":
            self._area = found["name"]
            self.sent.add(self._area, "")
        elif tag == "select":
            self._select, self._first = found["name"], None
        elif tag == "option" and self._select and (self._first is None or "selected" in found):
            self._first = found["value"]

    def handle_data(self, data: str) -> None:
        """Take the text of a text area in."""
        if self._area:
            self.sent[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        """Close a field."""
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self.sent.add(self._select, self._first or "")
            self._select = ""
