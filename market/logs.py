"""Logs: one JSON object a line on standard error, and no secret in any of them.

Code that logs says only what may be read; :func:`mask` stands behind it as the last line of defence, for what
an exception, a library or a hurried ``log.info`` might carry along: tokens, keys, cookies, passwords, secrets in
addresses, electronic mail addresses, and the values of a row that a database quotes. A traceback shows files and
lines, never local variables. What libraries write by the standard library's ``logging`` comes out the same way.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.types import Processor

HIDDEN: Final = "***"

_SUSPECT: Final = re.compile(
    r"qilu_|sk_|rk_|pk_|whsec|private|bearer|basic|cookie|authori|passw|secret|token|key|csrf|signature"
    r"|://|@|detail|row contains|parameters|invitation",
    re.IGNORECASE,
)
"""Most lines hold none of these words and need no closer look."""

_SECRETS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
        ),
        HIDDEN,
    ),
    (re.compile(r"PRIVATE\+KEY\+[^\s\"',]+"), HIDDEN),
    (re.compile(r"\b(qilu_)[0-9A-Za-z]{16,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\b((?:sk|rk|pk)_(?:live|test)_|whsec_)[0-9A-Za-z_]+"), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"\b((?:set-)?cookie|(?:proxy-)?authorization|stripe-signature)([\"']?\s*[:=\s]\s*)[^\r\n]*",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"\b(bearer|basic)\s+[^\s\"',;]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"([\w-]*(?:password|passwd|passphrase|secret|token|api_?key|signing_key|csrf|qilu_session|qilu_form)[\w-]*)"
            r"([\"']?\s*[:=]\s*)(?:\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(://[^/\s:@]*:)[^/\s]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(/(?:invitations|password)/)[^/\s\"'?]{16,}"), rf"\1{HIDDEN}"),
    (re.compile(r"[\w.+-]+@(?:[\w-]+\.)+\w+"), HIDDEN),
    (re.compile(r"^(DETAIL:)[^\n]*|(row contains )\(.*\)", re.MULTILINE), rf"\1\2{HIDDEN}"),
    (re.compile(r"(\[parameters: )[^\n]*"), rf"\1{HIDDEN}]"),
)

_PRIVATE_NAMES: Final = re.compile(
    r"password|passwd|passphrase|secret|token|authorization|cookie|csrf|api_?key|signing_key|e_?mail|phone",
    re.IGNORECASE,
)
"""A field of such a name is hidden whatever it holds."""


def text_without_secrets(text: str) -> str:
    """Return a text with everything hidden that looks like a secret or an electronic mail address."""
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secrets in every field of a line, however deep (a structlog processor)."""
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: str, value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if _PRIVATE_NAMES.search(name):
        return HIDDEN
    if isinstance(value, dict):
        return {str(inner): _masked(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", one) for one in value]
    return text_without_secrets(value if isinstance(value, str) else str(value))


def _processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        mask,
    ]


def as_json() -> None:
    """Write everything as JSON lines on standard error: ours from information level, libraries' from warning."""
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*_processors(), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_processors(), renderer],
        )
    )
    logging.captureWarnings(True)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
