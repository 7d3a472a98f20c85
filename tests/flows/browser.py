"""A browser without JavaScript: it follows links, fills in the forms of a page and presses their buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import requests


@dataclass
class Form:
    """A form of a page.

    Attributes:
        action: where it is sent.
        values: what its inputs hold.
    """

    action: str
    values: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """The forms that are shown: what waits in a hidden ``div`` is for scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._hidden: list[bool] = []
        self._within = ""
        """Name of the text area or choice that is being read."""

    def handle_endtag(self, tag: str) -> None:
        if tag == "div":
            self._hidden.pop()
        if tag == "textarea" and self._within:
            values = self.forms[-1].values
            values[self._within] = values[self._within].removeprefix("\n").replace("\n", "\r\n")
        if tag in {"textarea", "select"}:
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within and self.lasttag == "textarea":
            self.forms[-1].values[self._within] += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "div":
            self._hidden.append("hidden" in given)
        if any(self._hidden):
            return
        if tag == "form" and given.get("method") == "post":
            self.forms.append(Form(given.get("action", "")))
        chosen = given.get("type") not in {"radio", "checkbox"} or "checked" in given
        if tag == "input" and self.forms and given.get("name") and chosen:
            self.forms[-1].values[given["name"]] = given.get("value", "")
        if tag in {"textarea", "select"} and self.forms and given.get("name"):
            self._within = given["name"]
        if tag == "textarea" and self._within:
            self.forms[-1].values[self._within] = ""
        if (
            tag == "option"
            and self._within
            and ("selected" in given or self._within not in self.forms[-1].values)
        ):
            self.forms[-1].values[self._within] = given.get("value", "")


class Browser:
    """Somebody's browser at one exchange.

    Args:
        url: base address.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.headers["Accept"] = "text/html"
        self.page = requests.Response()

    def open(self, path: str) -> str:
        """Go to a page and return its text."""
        self.page = self._session.get(urljoin(self._url, path), timeout=60)
        assert self.page.status_code == 200, f"{path}: {self.page.status_code}\n{self.page.text}"
        return self.page.text

    def press(self, action: str, expect: int = 200, **typed: str) -> str:
        """Fill in the form of the present page that goes to an address ending so, and send it.

        Args:
            action: how the address ends.
            expect: the status of the page that answers.
            typed: what is filled in.
        """
        return self._send(self._form(action), expect, typed)

    def send(self, action: str, file: Path, expect: int = 200, **typed: str) -> str:
        """Do the same with a form that has a field for a file, in which one is chosen."""
        form = self._form(action)
        del form.values["file"]
        return self._send(form, expect, typed, {"file": (file.name, file.read_bytes())})

    def _form(self, action: str) -> Form:
        parser = _Forms()
        parser.feed(self.page.text)
        found = [form for form in parser.forms if form.action.endswith(action)]
        assert len(found) == 1, f"{action} among {[form.action for form in parser.forms]} of {self.page.url}"
        return found[0]

    def _send(
        self,
        form: Form,
        expect: int,
        typed: dict[str, str],
        files: dict[str, tuple[str, bytes]] | None = None,
    ) -> str:
        where = urljoin(self.page.url, form.action)
        self.page = self._session.post(where, data={**form.values, **typed}, files=files, timeout=60)
        assert self.page.status_code == expect, f"{where}: {self.page.status_code}\n{self.page.text}"
        return self.page.text

    def download(self, path: str) -> bytes:
        """Fetch a file."""
        answer = self._session.get(urljoin(self._url, path), timeout=60)
        assert answer.status_code == 200
        return answer.content
