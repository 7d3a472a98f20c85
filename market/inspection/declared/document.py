"""A file in which somebody declares a table, in whichever of the three forms it is written."""

from enum import StrEnum

from market.inspection.declared import foreign, odcs, tableschema
from market.inspection.declared.faults import Fault, Invalid
from market.inspection.declared.foreign import Taken
from market.inspection.declared.model import SIZE, from_json


class Form(StrEnum):
    """The forms that are read."""

    OWN = "own"
    """JSON as the exchange's own interface gives and takes it (:mod:`market.inspection.declared.model`)."""
    TABLE_SCHEMA = "table_schema"
    """Frictionless Table Schema or a Data Package, in JSON."""
    ODCS = "odcs"
    """Open Data Contract Standard 3, in YAML or JSON."""


def read(data: bytes) -> tuple[Taken, Form]:
    """Read a declaration in any of the forms, told apart by the words that each alone has.

    Args:
        data: the file, in UTF-8; more than :data:`SIZE` bytes are not read.

    Raises:
        Invalid: it is in none of the forms, or too much of it is wrong.
    """
    if len(data) > SIZE:
        raise Invalid(Fault("", "declared.size", {"most": SIZE}))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(Fault("", "declared.encoding")) from error
    form = _form(text)
    if form is Form.OWN:
        return Taken(from_json(text), ()), form
    return (tableschema.read(text) if form is Form.TABLE_SCHEMA else odcs.read(text)), form


def _form(text: str) -> Form:
    """Tell the form by the names at the top; what is no JSON object can only be YAML."""
    if not text.lstrip().startswith("{"):
        return Form.ODCS
    names = foreign.parsed(text, SIZE).keys()
    if "columns" in names:
        return Form.OWN
    return Form.ODCS if {"kind", "apiVersion"} & names else Form.TABLE_SCHEMA
