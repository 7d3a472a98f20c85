"""Parameters as Stripe reads them: form-encoded, nested names in brackets, arrays with an index."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urlencode

Scalar: TypeAlias = str | int | bool
Value: TypeAlias = Scalar | Mapping[str, "Value"] | Sequence["Value"] | None


def encode(params: Mapping[str, Value]) -> str:
    """Return the body (or query) of a request, the same bytes that Stripe's own SDK sends.

    None is left out, booleans are ``true`` and ``false``, nested names are ``a[b]`` and ``a[0]``;
    everything but the brackets is percent-encoded UTF-8.
    """
    pairs = [pair for name, value in params.items() for pair in _flat(name, value)]
    return urlencode(pairs).replace("%5B", "[").replace("%5D", "]")


def _flat(name: str, value: Value) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, bool):
        yield name, "true" if value else "false"
    elif isinstance(value, str | int):
        yield name, str(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{name}[{key}]", inner)
    else:
        for index, inner in enumerate(value):
            yield from _flat(f"{name}[{index}]", inner)
