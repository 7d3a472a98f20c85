"""Whom a verifier trusts (C2SP tlog-policy): log keys, witness keys, and how many witnesses must agree.

The file is worth something only if it was got elsewhere than the evidence it judges.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.cosign import signed_at
from ledger.errors import FormError, ProofError
from ledger.note import (
    COSIGNATURE,
    ED25519,
    ML_DSA_COSIGNATURE,
    VerifierKey,
    open_note,
    parse_note,
    parse_verifier,
)

MAX_POLICY = 131_072
"""Bytes; C2SP asks for 32 logs, 32 witnesses and 32 groups, and an ML-DSA key takes 1,800."""
NONE = "none"

_SPACE = re.compile(r"[ \t]+")
_COUNT = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True)
class Group:
    """Witnesses or groups of which `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass
class Policy:
    """A parsed trust policy; names mean nothing outside of it.

    Attributes:
        logs: keys of the logs that are accepted; one log may stand here with several keys, old and new.
        witnesses: name in the policy to key.
        groups: name in the policy to rule.
        quorum: name of the witness or group that must have cosigned, or `NONE`.
        urls: key to the address given beside it, where one is given.
    """

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = ""
    urls: dict[VerifierKey, str] = field(default_factory=dict)

    def check(self, note: str) -> Checkpoint:
        """Return the checkpoint of a signed note that this policy accepts.

        Raises:
            FormError: It is not a signed checkpoint.
            ProofError: No trusted log signed it under its own origin, a known signature is wrong, or the quorum of
                witnesses is not reached.
        """
        checkpoint, signed = self.open(note)
        if not self.is_reached(signed):
            raise ProofError(f"the quorum {self.quorum!r} of witnesses did not cosign the checkpoint")
        return checkpoint

    def open(self, note: str) -> tuple[Checkpoint, frozenset[VerifierKey]]:
        """Return the checkpoint that a trusted log signed, and which of this policy's keys did, whatever the quorum.

        Raises:
            FormError: It is not a signed checkpoint.
            ProofError: No trusted log signed it under its own origin, or a known signature is wrong.
        """
        text, signed = open_note(note, [*self.logs, *self.witnesses.values()])
        checkpoint = parse_checkpoint(text)
        if not any(key in signed and key.name == checkpoint.origin for key in self.logs):
            raise ProofError(f"no trusted log key of {checkpoint.origin} signed the checkpoint")
        return checkpoint, signed

    def cosigners(self, note: str) -> list[tuple[VerifierKey, int]]:
        """Return the witnesses of this policy that cosigned a note, each with the time it names (seconds since 1970).

        Raises:
            FormError: It is not a note.
            ProofError: A known signature is wrong, or there is none.
        """
        _, signed = open_note(note, [*self.logs, *self.witnesses.values()])
        keys = {(key.name, key.id): key for key in self.witnesses.values() if key in signed}
        lines = {(line.name, line.id): line for line in parse_note(note)[1]}
        return [(key, signed_at(lines[place])) for place, key in keys.items()]

    def is_reached(self, signed: frozenset[VerifierKey]) -> bool:
        """Tell whether these keys together make up the quorum."""
        return self._witnessed(self.quorum, signed)

    def _witnessed(self, name: str, signed: frozenset[VerifierKey]) -> bool:
        if name == NONE:
            return True
        if group := self.groups.get(name):
            return sum(self._witnessed(member, signed) for member in group.members) >= group.threshold
        return self.witnesses[name] in signed


def parse_policy(data: bytes) -> Policy:
    """Return the policy of a file.

    Raises:
        FormError: A line is unknown, a key or name is given twice, a name is used before it is defined, or there is
            not exactly one quorum.
    """
    if len(data) > MAX_POLICY or not _is_clean(data):
        raise FormError("a policy is short and holds no control characters")
    reader = _Reader()
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        words = _SPACE.split(line.strip(" \t"))
        if words[0] and not words[0].startswith("#"):
            reader.read(words)
    if not reader.policy.quorum:
        raise FormError("policy: no quorum line (write 'quorum none' to ask for no witness)")
    return reader.policy


def _is_clean(data: bytes) -> bool:
    return all(byte in b"\t\n" or (byte >= 0x20 and byte != 0x7F) for byte in data)


class _Reader:
    """Reads line after line; a name must be defined before it is used and joins at most one group."""

    def __init__(self) -> None:
        self.policy = Policy()
        self._keys: set[bytes] = set()
        self._used: set[str] = set()
        self._lines: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }

    def read(self, words: list[str]) -> None:
        if words[0] not in self._lines:
            raise FormError(f"policy: unknown line {words[0][:40]!r}")
        self._lines[words[0]](words[1:])

    def _log(self, words: list[str]) -> None:
        if not 1 <= len(words) <= 2:
            raise FormError("policy: log <vkey> [<url>]")
        key = self._key(words[0], {ED25519})
        self.policy.logs.append(key)
        self._url(key, words[1:])

    def _witness(self, words: list[str]) -> None:
        if not 2 <= len(words) <= 3:
            raise FormError("policy: witness <name> <vkey> [<url>]")
        key = self._key(words[1], {COSIGNATURE, ML_DSA_COSIGNATURE})
        self.policy.witnesses[self._new(words[0])] = key
        self._url(key, words[2:])

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise FormError("policy: group <name> <k|any|all> <member>…")
        name, count, *members = words
        for member in members:
            if not self._defined(member) or member in self._used:
                raise FormError(f"policy: group member {member!r} is unknown or already in a group")
            self._used.add(member)
        threshold = {"any": 1, "all": len(members)}.get(count)
        if threshold is None:
            threshold = int(count) if _COUNT.fullmatch(count) else 0
        if not 1 <= threshold <= len(members):
            raise FormError(f"policy: group {name!r} asks for {count!r} of {len(members)}")
        self.policy.groups[self._new(name)] = Group(threshold, tuple(members))

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.policy.quorum:
            raise FormError("policy: exactly one line 'quorum <name>'")
        if words[0] != NONE and not self._defined(words[0]):
            raise FormError(f"policy: the quorum {words[0]!r} is not defined above it")
        self.policy.quorum = words[0]

    def _defined(self, name: str) -> bool:
        return name in self.policy.witnesses or name in self.policy.groups

    def _new(self, name: str) -> str:
        if name == NONE or self._defined(name):
            raise FormError(f"policy: the name {name!r} is taken")
        return name

    def _url(self, key: VerifierKey, words: list[str]) -> None:
        self.policy.urls.update((key, word) for word in words)

    def _key(self, text: str, algorithms: set[int]) -> VerifierKey:
        key = parse_verifier(text)
        if key.algorithm not in algorithms or key.public in self._keys:
            raise FormError(f"policy: the key of {key.name} is of the wrong kind or given twice")
        self._keys.add(key.public)
        return key
