"""The released model texts, as they stand on the shelf: their versions, what they are for, and their files."""

import io
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from contracts import library
from contracts.errors import LibraryError
from contracts.library import Model
from market.errors import NotFound
from market.i18n import gettext as _

FOLDER: Path = library.FOLDER
"""Where the texts lie."""
FILES: Final = ("clauses.toml", "layout.typ", "model.toml", "words.toml")
"""What a text is made of, and its digest is over."""
CHECKING: Final = """python3 -c "import hashlib, json, pathlib
of = lambda data: hashlib.sha256(data).hexdigest()
files = {file.name: of(file.read_bytes()) for file in sorted(pathlib.Path('.').iterdir())}
print(of(json.dumps(files, separators=(',', ':')).encode()))\""""
"""Prints the digest of a text in the folder where its files lie alone."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The only time that the file of a download says, so that it is always the same bytes."""


@dataclass(frozen=True, slots=True)
class Title:
    """One version of a text on the shelf.

    Attributes:
        name: of the text, the same in all its versions.
        newest: whether no later version of it was released.
        earlier: its other versions, the nearest first.
    """

    name: str
    version: str
    newest: bool
    earlier: tuple[str, ...]
    model: Model


def titles() -> list[Title]:
    """Return every released version of every text, by name, the newest version first."""
    found: list[Title] = []
    names = library.names(FOLDER)
    for name in sorted({one.split("/")[0] for one in names}):
        versions = sorted((one.split("/")[1] for one in names if one.startswith(f"{name}/")), key=_order)[
            ::-1
        ]
        for place, version in enumerate(versions):
            model = library.load(f"{name}/{version}", FOLDER)
            found.append(Title(name, version, place == 0, tuple(versions[place + 1 :]), model))
    return found


def title(name: str, version: str) -> Title:
    """Return one version of a text.

    Raises:
        NotFound: there is none.
    """
    for one in titles():
        if (one.name, one.version) == (name, version):
            return one
    raise NotFound("text.not_found", _("There is no such model text. /texts lists all of them."))


def form_of(name: str, version: str) -> Title:
    """Return a version of a text that has a form.

    Raises:
        NotFound: there is none, or it is of the first shape, whose blanks say too little to be asked for.
    """
    found = title(name, version)
    if found.model.first:
        raise NotFound("text.no_form", _("This version of the model text has no form; take the newest one."))
    return found


@lru_cache(maxsize=32)
def archive(name: str, folder: Path) -> bytes:
    """Return the files of a text as a ZIP archive, the same bytes every time.

    Args:
        name: its id, ``<name>/<version>``.
        folder: where the texts lie.

    Raises:
        LibraryError: the text is not there.
    """
    places = library.files(name, folder)
    if sorted(places) != list(FILES):
        raise LibraryError(f"{name} is made of other files", "model.malformed")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for one in FILES:
            file.writestr(zipfile.ZipInfo(one, _EPOCH), places[one], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
