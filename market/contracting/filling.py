"""The form of a counter-offer, whole or of one clause, made of the model text's fields and filled with the terms.

A form of one clause sends only the fields of that clause; the others count as sent as they stand. Fields and what is
read from them are each other's inverse (:mod:`market.texts.form`), so nothing but that clause can change.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from contracts import versions
from contracts.document import SETTLED
from contracts.library import Model
from market.texts import form
from market.texts.form import Field, Group


def settled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that an amendment cannot change: price and payment."""
    return {name: value for name, value in values.items() if name.startswith(SETTLED)}


def unasked(model: Model) -> frozenset[str]:
    """Return the blanks that the form of an amendment does not ask for."""
    return frozenset(name for name in model.blanks if name.startswith(SETTLED))


def of_clause(
    model: Model,
    clause: str,
    values: Mapping[str, Any],
    faults: Mapping[str, list[str]] | None = None,
    more: str = "",
) -> list[Group]:
    """Return the fields that a clause depends on, as one group; none when it has no blank.

    Args:
        model: the text.
        clause: id of the article or schedule.
        values: what stands in the blanks.
        faults: sentences by field name.
        more: the blank whose table gets more rows.
    """
    own = versions.blanks_in(model, versions.clause_of(model, clause))
    groups = form.fields(model, values, faults, more)
    found = tuple(field for group in groups for field in group.fields if field.blank.name in own)
    if not found:
        return []
    schedules = {one.id for one in model.schedules}
    numbers = model.annexes() if clause in schedules else model.articles()
    title = versions.clause_of(model, clause).title
    return [Group(clause, numbers[clause], clause in schedules, title, found)]


def suggested(
    model: Model, clause: str, values: Mapping[str, Any], sent: MultiDict[str, str]
) -> dict[str, Any]:
    """Return what a sent form of one clause changes: blank -> value, None for what was taken out."""
    groups = form.fields(model, values)
    own = versions.blanks_in(model, versions.clause_of(model, clause))
    whole = MultiDict[str, str]()
    for group in groups:
        for field in group.fields:
            if field.blank.name not in own:
                _as_sent(whole, field)
    for name, texts in sent.lists():
        if any(_belongs(name, form.PREFIX + blank) for blank in own):
            whole.setlist(name, texts)
    read = form.read(model, whole)
    names = [name for name in {**values, **read} if name in own and read.get(name) != values.get(name)]
    return {name: read.get(name) for name in names}


def _belongs(name: str, field: str) -> bool:
    return name == field or name.startswith(f"{field}.")


def _as_sent(form_data: MultiDict[str, str], field: Field) -> None:
    """Add what a browser sends for a field that nobody touched."""
    if not field.asked:
        return
    if field.widget == "table":
        for number, row in enumerate(field.value):
            for column, text in zip(field.columns, row, strict=True):
                form_data.add(f"{field.name}.{number}.{column.name}", text)
    elif field.widget == "checkboxes":
        form_data.setlist(field.name, ["", *field.value])
    else:
        form_data.add(field.name, field.value)
