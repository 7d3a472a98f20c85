"""Passwords: argon2id, at least twelve characters, and not one that everybody tries first."""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from market.errors import Invalid
from market.i18n import gettext as _

SHORTEST: Final = 12
"""Characters (OWASP ASVS 5.0, V6.2.1 asks for 8 and recommends 15; the house takes 12)."""

_HASHER: Final = PasswordHasher()
_NOBODY: Final = _HASHER.hash("a password that nobody has")
LOST: Final = "lost"
"""Stands for the hash of a password that no backup has: nothing matches it, and its person can set a new one."""
_COMMON: Final = (
    "password", "passw0rd", "p@ssword", "p@ssw0rd", "qwerty", "qwertyuiop", "asdfghjkl", "1qaz2wsx", "zxcvbnm",
    "letmein", "iloveyou", "welcome", "admin", "administrator", "root", "changeme", "secret", "woaini",
    "5201314", "1314520", "abc123", "a123456", "123456", "12345678", "123456789", "1234567890", "123123",
    "111111", "000000", "666666", "888888", "112233", "147258369", "0987654321", "mima", "qilu",
)  # fmt: skip
"""Words of the passwords that lists of leaks are full of; repeating or joining them does not help."""


def hashed(password: str) -> str:
    """Return the argon2id hash of an acceptable password. Slow on purpose: never call it in a transaction.

    Raises:
        Invalid: too short, or made of common words; nothing of the password is in the message.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < SHORTEST:
        raise _refusal(_("At least %(count)s characters.", count=SHORTEST))
    if len(set(text)) < 5 or _is_common(text.casefold()):
        raise _refusal(
            _("This is one of the passwords that attackers try first. Use several unrelated words.")
        )
    return _HASHER.hash(text)


def matches(stored: str | None, password: str) -> bool:
    """Tell whether a password fits; takes as long when there is no such person, or their password is lost."""
    known = stored if stored != LOST else None
    try:
        fits = _HASHER.verify(known or _NOBODY, unicodedata.normalize("NFKC", password))
    except (VerificationError, InvalidHashError):
        return False
    return fits and known is not None


def _is_common(text: str) -> bool:
    """Tell whether nothing is left once common words, digits and signs are taken away."""
    for word in sorted(_COMMON, key=len, reverse=True):
        text = text.replace(word, "")
    return not any(character.isalpha() for character in text)


def _refusal(sentence: str) -> Invalid:
    return Invalid("password.weak", sentence, fields={"password": [sentence]})
