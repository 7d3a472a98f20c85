"""Why a file cannot be measured: a code and facts in the child, raised there, explained in the parent."""

Facts = dict[str, str | int]


class Refusal(Exception):
    """The file cannot be measured.

    Args:
        code: stable identifier, one of ``explain.CODES``.
        facts: what a person needs to find the fault, for example the line.
    """

    def __init__(self, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.facts: Facts = facts
