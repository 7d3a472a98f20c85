"""The form of a model text: from its blanks to fields, and from what was sent back to values.

:func:`fields` and :func:`read` are each other's inverse: what the fields show is what is read when they are sent back
as they are.  What cannot be read as a value of its blank is kept as it was typed, so that the blank's own check
refuses it beside its field.  A blank that is not asked for under the other values is drawn hidden and never read.

Every field's name begins with :data:`PREFIX`, so that a page may have fields of its own in the same form.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from contracts import blanks
from contracts.conditions import parse
from contracts.errors import MoneyError, TermsError
from contracts.library import Bilingual, Blank, Clause, Model
from contracts.money import Money
from contracts.wording import blanks_of
from market.i18n import gettext as _
from market.i18n import in_language
from market.texts import tables

PREFIX: Final = "terms."
MORE: Final = "more"
"""Name of the buttons that ask for more rows; their value is the blank's name."""
REFRESH: Final = "refresh"
"""Name of the button that shows which blanks are asked for now."""
_RADIOS: Final = 5
"""Most options that stand side by side; longer lists fold."""
_LINE: Final = 200
"""Most characters that are written on one line."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_BREAKS: Final = re.compile(r"\s*[\r\n]+\s*")


class Sent(Protocol):
    """What was sent: werkzeug's ``MultiDict`` is one."""

    def __contains__(self, name: object, /) -> bool:
        """Tell whether anything was sent under this name."""

    def getlist(self, name: str, /) -> list[str]:
        """Return everything that was sent under this name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One blank as a field.

    Attributes:
        name: the name it is sent under; its id on the page is ``f-`` and the name.
        blank: its label, help and source in both languages.
        widget: ``radio`` ``select`` ``checkboxes`` ``line`` ``lines`` ``number`` ``decimal`` ``money`` ``date`` or
            ``table``.
        value: what it shows: text, a list of words, or rows of texts.
        options: words that may be chosen, with their readings.
        columns: of a table.
        note: what may be written, in the reader's language.
        fault: what is wrong with it, in the reader's language.
        asked: whether the blank is asked for under the values shown; else the field is drawn hidden.
        decides: whether other blanks are asked for or not by what is chosen here.
    """

    name: str
    blank: Blank
    widget: str
    value: Any
    options: tuple[tuple[str, Bilingual], ...] = ()
    columns: tuple[tables.Column, ...] = ()
    note: str = ""
    fault: str = ""
    asked: bool = True
    decides: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The fields of one article or schedule.

    Attributes:
        id: of the clause; nothing for blanks that no clause uses.
        number: of the article or schedule, from 1.
        schedule: whether it is a schedule.
    """

    id: str
    number: int
    schedule: bool
    title: Bilingual
    fields: tuple[Field, ...]

    @property
    def asked(self) -> bool:
        """Whether any of its blanks is asked for now."""
        return any(field.asked for field in self.fields)


def read(model: Model, form: Sent, known: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Return the values that a sent form holds, by blank; wrong ones as they were typed.

    Only blanks that are asked for under the values read are returned, and only those that were filled in.

    Args:
        model: the text.
        form: what was sent.
        known: values of blanks that the page asks for by fields of its own; they are not read here.
    """
    values = {
        blank.name: value
        for blank in negotiable(model)
        if blank.name not in known and (value := _value(model, blank, form)) is not None
    }
    for blank in negotiable(model):  # in their order, as a reader comes to them
        if blank.name in values and not parse(blank.when).holds({**known, **values}):
            del values[blank.name]
    final = {**known, **values}
    return {name: value for name, value in values.items() if parse(model.blanks[name].when).holds(final)}


def faults(model: Model, values: Mapping[str, Any], complete: bool = True) -> dict[str, list[str]]:
    """Return what is wrong with the values, as sentences by field name, in the reader's language.

    Args:
        model: the text.
        values: as :func:`read` returns them.
        complete: whether everything that is asked for must be filled in; else only what was filled in counts.
    """
    found = {name: [sentence(error)] for name, error in blanks.faults(model, values).items()}
    # What was no UTF-8 has become the replacement character before anybody could look at it.
    lost = [name for name, value in values.items() if "\ufffd" in str(value)]
    found |= {name: [_("Remove characters that cannot be shown.")] for name in lost}
    return {PREFIX + name: said for name, said in found.items() if complete or name in values}


def sentence(error: TermsError) -> str:
    """Return a complaint about a blank as a sentence in the reader's language."""
    english = f"{error.en[:1].upper()}{error.en[1:]}."
    return in_language({"zh": f"{error.zh}。", "en": english})


def labels(model: Model) -> dict[str, str]:
    """Return what each field is called, for the summary of faults above the form."""
    return {PREFIX + blank.name: in_language(pair(blank.label)) for blank in negotiable(model)}


def fields(
    model: Model,
    values: Mapping[str, Any],
    faults: Mapping[str, list[str]] | None = None,
    more: str = "",
    without: Collection[str] = (),
) -> list[Group]:
    """Return the fields of a form by the article that uses them, filled with the values.

    Args:
        model: a text from 1.0 on.
        values: values by blank, right or wrong; what a hidden field shows is the text's default.
        faults: sentences by field name, as :func:`faults` returns them.
        more: the blank whose table gets more empty rows.
        without: blanks that the page asks for by fields of its own.
    """
    asked = {blank.name for blank in blanks.asked(model, values)}
    deciding = {test.blank for blank in model.blanks.values() for test in parse(blank.when).tests}

    def drawn(blank: Blank) -> Field:
        name = PREFIX + blank.name
        value = values.get(blank.name) if blank.name in asked else blank.default
        return Field(
            name=name,
            blank=blank,
            widget=widget(model, blank),
            value=_shown(model, blank, value, more),
            options=_options(model, blank),
            columns=tables.columns(model, blank.type) if blank.type in blanks.TABLES else (),
            note=_note(blank),
            fault=" ".join((faults or {}).get(name, ())),
            asked=blank.name in asked,
            decides=blank.name in deciding,
        )

    groups = [
        Group(
            clause.id,
            number,
            schedule,
            clause.title,
            tuple(drawn(blank) for blank in found if blank.name not in without),
        )
        for clause, number, schedule, found in _grouped(model)
    ]
    return [group for group in groups if group.fields]


def negotiable(model: Model) -> list[Blank]:
    """Return the blanks that people fill in, whether asked for now or not."""
    return [blank for blank in model.blanks.values() if not blank.given]


def pair(both: Bilingual) -> dict[str, str]:
    """Return a wording by language."""
    return {"zh": both.zh, "en": both.en}


def widget(model: Model, blank: Blank) -> str:
    """Return what a blank is filled in with."""
    match blank.type:
        case "choice":
            return "radio" if len(model.words[blank.options]) <= _RADIOS else "select"
        case "yes_no":
            return "radio"
        case "choices":
            return "checkboxes"
        case "text":
            return "line" if blank.limit <= _LINE else "lines"
        case "whole" | "days":
            return "number"
        case "share" | "decimal":
            return "decimal"
        case "money" | "date":
            return blank.type
        case "digest":
            return "line"
    return "table"


def _value(model: Model, blank: Blank, form: Sent) -> Any:
    """Return what was sent for a blank; None where nothing was, or nothing was filled in."""
    name = PREFIX + blank.name
    if blank.type in blanks.TABLES:
        return tables.read(blank.type, name, form) or None
    if name not in form:
        return None
    texts = [_clean(text) for text in form.getlist(name)]
    if blank.type == "choices":
        return _chosen(model, blank, [text for text in texts if text])
    text = texts[-1]
    if not text:
        return None
    match blank.type:
        case "yes_no":
            return {"yes": True, "no": False}.get(text, text)
        case "whole" | "days":
            return whole(text)
        case "money":
            return yuan(text)
        case "share" | "decimal" | "date" | "digest":
            return unicodedata.normalize("NFKC", text)
    return text


def _chosen(model: Model, blank: Blank, words: list[str]) -> list[str] | None:
    """Return ticked words in the order of their group; unknown ones stay at the end, to be refused."""
    if not words and (blank.optional or blank.least):
        return None
    offered = list(model.words[blank.options])
    return [word for word in offered if word in words] + sorted(set(words) - set(offered))


def _clean(text: str) -> str:
    """Return text in NFC with outer blanks cut and line ends joined, since no blank has several lines."""
    return _BREAKS.sub(" ", unicodedata.normalize("NFC", text).strip())


def whole(text: str) -> int | str:
    """Return a typed whole number; what is none stays text. Full-width digits count as digits."""
    plain = unicodedata.normalize("NFKC", text)
    return int(plain) if _WHOLE.fullmatch(plain) else text


def yuan(text: str) -> dict[str, Any] | str:
    """Return an amount typed in yuan as money in fen; what is none stays text."""
    try:
        money = Money.parse(unicodedata.normalize("NFKC", text))
    except MoneyError:
        return text
    return {"amount": money.amount, "currency": money.currency}


def _shown(model: Model, blank: Blank, value: Any, more: str) -> Any:
    """Return what a field shows for a value, right or wrong."""
    if blank.type in blanks.TABLES:
        return tables.rows(model, blank.type, value, blank.name == more)
    if blank.type == "choices":
        return [str(word) for word in value] if isinstance(value, list) else []
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if blank.type == "money" and isinstance(value, Mapping):
        return Money(**value).figures()
    return str(value)


def _options(model: Model, blank: Blank) -> tuple[tuple[str, Bilingual], ...]:
    if blank.type == "yes_no":
        return tuple((word, model.word("label", word)) for word in ("yes", "no"))
    return tuple(model.words[blank.options].items()) if blank.options else ()


def _note(blank: Blank) -> str:
    match blank.type:
        case "days":
            return _("In days, from %(low)s to %(high)s.", low=blank.low, high=blank.high)
        case "whole":
            return _("A whole number from %(low)s to %(high)s.", low=blank.low, high=blank.high)
        case "text":
            return _("At most %(count)s characters.", count=blank.limit)
        case "share":
            return _("Between 0 and 1: 0.06 is 6 per cent.")
        case "decimal":
            return _("A decimal such as 0.0005.")
        case "money":
            return _("In yuan, such as 1280.50.")
        case "digest":
            return _("64 hexadecimal digits in lower case.")
        case "milestones" | "organisations" | "quality" | "tiers":
            return _("A row left empty does not count.") + tables.note(blank.type)
    return ""


def _grouped(model: Model) -> Iterator[tuple[Clause, int, bool, list[Blank]]]:
    """Yield each article and schedule with the blanks that it is the first to use, as its number."""
    left = {blank.name: blank for blank in negotiable(model)}
    for clauses, schedule in ((model.clauses, False), (model.schedules, True)):
        for number, clause in enumerate(clauses, start=1):
            used = _uses(clause)
            # A blank that decides about one of these is asked for beside it.
            used |= {test.blank for name in used & left.keys() for test in parse(left[name].when).tests}
            if found := [left.pop(name) for name in list(left) if name in used]:
                yield clause, number, schedule, found
    if left:
        yield Clause("", Bilingual("其他", "Other"), ()), 0, False, list(left.values())


def _uses(clause: Clause) -> set[str]:
    """Return the blanks that a clause is filled from or asks about."""
    found: set[str] = set()
    for part in clause.parts:
        found |= {test.blank for test in parse(part.when).tests}
        found |= {part.table, *part.facts}
        found |= set(blanks_of(part.text.zh)) if part.text is not None else set()
    return found
