r"""Patterns that mean the same everywhere: a small part of regular expressions.

A pattern is held against a whole cell. What is allowed runs in time linear in the text in the engines that
match it; look-around, back references and flags are refused. ``\d \w \s`` are written out as ASCII, because
engines disagree about what else they hold. Repetition is bounded, since a machine is built for every copy.
"""

import re

LONGEST = 200
_COPIES = 256
_CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r" \t\n\r\f\v"}
_ESCAPABLE = frozenset(r"\.+*?()[]{}|^$-/tnr")
_COUNT = re.compile(r"\{([0-9]{1,3})(?:,([0-9]{0,3}))?\}")


def portable(pattern: str) -> str:
    """Return a pattern written so that every engine reads it alike.

    Raises:
        ValueError: it uses what is not allowed, or is no pattern.
    """
    if not pattern or len(pattern) > LONGEST or not pattern.isprintable():
        raise ValueError(pattern)
    written, place, within, copies = "", 0, False, 1
    while place < len(pattern):
        character, following = pattern[place], pattern[place + 1 : place + 2]
        taken = 1
        if character == "\\":
            character, taken = _escaped(following, within=within), 2
        elif within:
            within = character != "]"
            if character == "[" or (character in "&~-" and following == character):
                raise ValueError(pattern)
        elif character == "[":
            within = True
        elif character == "(" and following == "?" and pattern[place + 2 : place + 3] != ":":
            raise ValueError(pattern)
        elif character == "{":
            character, most = _count(pattern, place)
            taken, copies = len(character), copies * max(1, most)
        elif character == "}":
            raise ValueError(pattern)
        written += character
        place += taken
    if copies > _COPIES:
        raise ValueError(pattern)
    _compiles(written)
    return written


def _escaped(following: str, *, within: bool) -> str:
    if following in _CLASSES:
        return _CLASSES[following] if within else f"[{_CLASSES[following]}]"
    if following.lower() in _CLASSES and not within:
        return f"[^{_CLASSES[following.lower()]}]"
    if following and following in _ESCAPABLE:
        return "\\" + following
    raise ValueError(following)


def _count(pattern: str, place: int) -> tuple[str, int]:
    """Return a repetition as written and how many copies it may ask for."""
    found = _COUNT.match(pattern, place)
    if found is None:
        raise ValueError(pattern)
    return found[0], int(found[2] or found[1])


def _compiles(pattern: str) -> None:
    if re.search(r"(^|[^\\])[*+?}]\+", pattern):  # possessive to some engines, repeated to others
        raise ValueError(pattern)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(pattern) from error
