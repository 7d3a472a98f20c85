"""Two files the operator writes (C2SP tlog-policy): who must witness this log, and which logs this exchange witnesses.

``LEDGER_POLICY`` names the witnesses whose cosignatures evidence needs, each with the address where it is asked. What
the file leaves out has a default: this exchange's own log, and a quorum of any one of the witnesses. Without the file
nobody is asked and no cosignature is demanded. ``LEDGER_WITNESSED`` names the logs that this exchange cosigns; it
mirrors those that have an address.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ledger.errors import FormError, LedgerError
from ledger.note import VerifierKey, parse_signer
from ledger.policy import MAX_POLICY, NONE, Policy, parse_policy

if TYPE_CHECKING:
    from market.config import Settings

ANY: Final = "any-witness"
"""Name of the group that the default quorum asks for."""


def evidence_text(settings: "Settings", logs: Sequence[VerifierKey] = ()) -> str:
    """Return the policy that this exchange's evidence is held against, as a file for a verifier.

    Args:
        settings: name the operator's file, if there is one.
        logs: the log's keys, those in use and those that were; the one of the settings when empty.

    Raises:
        OSError: the file cannot be read.
        FormError: it is not a policy.
    """
    keys = logs or [parse_signer(settings.ledger_signing_key).verifier]
    text = _text(settings, settings.ledger_policy) if settings.ledger_policy else f"quorum {NONE}\n"
    lines = [line.split() for line in text.splitlines()]
    named = {line[1] for line in lines if line[:1] == ["log"] and len(line) > 1}
    own = "".join(f"log {key} {settings.base_url}/ledger\n" for key in keys if str(key) not in named)
    text = own + text
    if not any(line[:1] == ["quorum"] for line in lines):
        names = [line[1] for line in lines if line[:1] == ["witness"] and len(line) > 1]
        text += f"group {ANY} any {' '.join(names)}\nquorum {ANY}\n" if names else f"quorum {NONE}\n"
    return text


def evidence(settings: "Settings", logs: Sequence[VerifierKey] = ()) -> Policy:
    """Return the policy that this exchange's evidence is held against.

    Raises:
        OSError: the file cannot be read.
        FormError: it is not a policy.
    """
    return parse_policy(evidence_text(settings, logs).encode())


def witnessed(settings: "Settings") -> Policy:
    """Return the logs that this exchange witnesses, with their addresses; none when nothing is set.

    Raises:
        OSError: the file cannot be read.
        FormError: it is not a policy.
    """
    text = _text(settings, settings.ledger_witnessed) if settings.ledger_witnessed else ""
    if not any(line.split()[:1] == ["quorum"] for line in text.splitlines()):
        text += f"\nquorum {NONE}\n"
    return parse_policy(text.encode())


def faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Yield (setting, what is wrong and what to do) for the two files."""
    if settings.ledger_policy and _has_key(settings):
        yield from (("LEDGER_POLICY", fault) for fault in _evidence_faults(settings))
    if settings.ledger_witnessed:
        yield from (("LEDGER_WITNESSED", fault) for fault in _witnessed_faults(settings))


def _has_key(settings: "Settings") -> bool:
    """Tell whether the log's key can be read; what is wrong with it is said elsewhere."""
    try:
        return bool(parse_signer(settings.ledger_signing_key))
    except LedgerError:
        return False


def _read(policy_of: Callable[["Settings"], Policy], settings: "Settings") -> Policy | str:
    """Return a policy, or why its file is none."""
    try:
        return policy_of(settings)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except LedgerError as error:
        return f"is not a policy (c2sp.org/tlog-policy): {error}"


def _evidence_faults(settings: "Settings") -> Iterator[str]:
    policy = _read(evidence, settings)
    if isinstance(policy, str):
        yield policy
        return
    for name, key in policy.witnesses.items():
        if not _is_address(policy.urls.get(key, "")):
            yield f"gives witness {name!r} no http(s) address to ask it at: write witness {name} <vkey> <url>"


def _witnessed_faults(settings: "Settings") -> Iterator[str]:
    policy = _read(witnessed, settings)
    if isinstance(policy, str):
        yield policy
        return
    if not policy.logs:
        yield "names no log: write log <vkey> <url>, or unset it"
    for key in policy.logs:
        if key.name == settings.origin:
            yield "names this exchange's own log: an exchange that witnesses itself proves nothing"
        if key in policy.urls and not _is_address(policy.urls[key]):
            yield f"gives the log {key.name!r} an address that is not http(s)"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _text(settings: "Settings", name: str) -> str:
    with settings.file(name).open("rb") as file:
        data = file.read(MAX_POLICY + 1)
    try:
        return data.decode("utf-8").rstrip("\n") + "\n"
    except UnicodeDecodeError as error:
        raise FormError("policy: not UTF-8") from error
