"""Everything the ledger can refuse."""


class LedgerError(Exception):
    """Base of this room's errors; the message is for an operator or an auditor."""


class FormError(LedgerError):
    """The text or bytes do not have the one accepted form: reject them, do not repair them."""


class TooLargeError(LedgerError):
    """The leaf exceeds 65,535 bytes, the limit of a C2SP entry bundle: commit to a digest instead."""


class ProofError(LedgerError):
    """The evidence is well formed but does not prove the claim: treat the claim as false."""


class NotLoggedError(LedgerError):
    """There is no such entry, or no index has been given to it yet: ask again later or check the id."""


class PublishError(LedgerError):
    """The database contradicts what was already signed: serve read-only and investigate, never sign."""


class DamagedError(LedgerError):
    """What is stored does not agree with itself or with what was signed: run fsck, which names the place."""


class ClockError(LedgerError):
    """The clock stands before the last signed head: nothing was signed; set it right, or wait until it has passed."""
