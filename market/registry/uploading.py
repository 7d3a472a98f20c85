"""From a request's file to stored bytes, before any transaction."""

import re
from collections.abc import Iterator
from typing import IO, Any

from marshmallow import ValidationError
from werkzeug.datastructures import FileStorage

from market import storage
from market.errors import Invalid, TooLarge
from market.fields import clean
from market.i18n import _, size
from market.inspection.formats import COMPRESSED, MEDIA_TYPES, media_type_of
from market.registry.service import Upload
from market.rules import book
from market.storage.blob import CHUNK, OverCap

_LONGEST_NAME = 200
_PATH = re.compile(r".*[/\\]")


def store(file: FileStorage | None) -> Upload:
    """Store an uploaded file under its digest, streamed and capped by the rule book.

    Args:
        file: what the form carried, if anything; its name is cleaned and stripped of any path.

    Raises:
        Invalid: there is no file, it is empty, or its name is too long or has none of the accepted endings.
        ValidationError: characters that cannot be shown stand in its name.
        TooLarge: it is over the rule book's ``upload.max_bytes``.
    """
    if file is None or not file.filename:
        raise Invalid("file.missing", _("Choose a file."), fields={"file": [_("Choose a file.")]})
    filename = _named(file.filename)
    media_type = media_type_of(filename)
    if media_type is None:
        endings = _(", ").join(MEDIA_TYPES)
        sentence = _("Send a file whose name ends in one of: %(endings)s.", endings=endings)
        raise Invalid("file.wrong_name", sentence, fields={"file": [sentence]})
    cap = book().value("upload.max_bytes")
    try:
        blob = storage.current().put_stream(_chunks(file.stream), cap)
    except OverCap as error:
        raise TooLarge("file.too_large", _("The file is larger than %(most)s.", most=size(cap))) from error
    if blob.size == 0:
        sentence = _("The file is empty.")
        raise Invalid("file.empty", sentence, fields={"file": [sentence]})
    return Upload(blob, filename, media_type)


def accepted() -> dict[str, Any]:
    """Return what the field of a form says: ``most``, the largest size in bytes, and the ``endings`` of names."""
    return {"most": book().value("upload.max_bytes"), "endings": ",".join((*MEDIA_TYPES, *COMPRESSED))}


def _named(sent: str) -> str:
    try:
        filename = clean(_PATH.sub("", sent))
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error
    if len(filename) > _LONGEST_NAME:
        sentence = _("The file's name has more than %(most)s characters. Rename it.", most=_LONGEST_NAME)
        raise Invalid("file.wrong_name", sentence, fields={"file": [sentence]})
    return filename


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk
