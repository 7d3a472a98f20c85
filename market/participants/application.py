"""What an organisation says of itself when it applies, with its first person."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from contracts.errors import IdentifierError
from contracts.identifiers import parse_credit_code
from market.actor import Role
from market.errors import Invalid
from market.i18n import gettext as _

TRADING = frozenset({Role.PROVIDER, Role.BUYER})
"""Roles that an applicant may ask for; nobody may hold one beside a role of the operator's staff."""


@dataclass(frozen=True)
class Application:
    """What an organisation says of itself, with its first person.

    Attributes:
        name_zh: registered Chinese name.
        name_en: name in English.
        credit_code: 统一社会信用代码, 18 characters.
        established_on: ISO day of establishment, not in the future (China Standard Time).
        email: address that the first person signs in by; also the organisation's contact.
        person: name of the first person.
        phone: telephone number of the contact.
        roles: what it wants to do, a part of :data:`TRADING`.
    """

    name_zh: str
    name_en: str
    credit_code: str
    established_on: date
    email: str
    person: str
    phone: str
    roles: frozenset[Role]


def parsed_code(text: str) -> str:
    """Return a credit code as it is kept.

    Raises:
        Invalid: mistyped.
    """
    try:
        return parse_credit_code(text)
    except IdentifierError as error:
        sentence = (
            _("The check character is wrong: the code was mistyped.")
            if error.code == "credit_code.check"
            else _("A unified social credit code has 18 digits and capital letters.")
        )
        raise Invalid(error.code, sentence, fields={"credit_code": [sentence]}) from error


def given_by(application: Application, code: str) -> dict[str, Any]:
    """Return an application as input of a step."""
    return {
        **asdict(application),
        "credit_code": code,
        "established_on": application.established_on.isoformat(),
        "roles": sorted(role.value for role in application.roles),
    }


def impersonal(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out what concerns a person: a digest without salt stays for ever and short values can be guessed."""
    return {name: value for name, value in given.items() if name not in {"email", "person", "phone"}}
