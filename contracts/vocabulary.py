"""The closed lists a contract's terms are written with.

Their values stand in signed terms for ever: add, never rename.  Their readings in Chinese and English are legal
wording and stand in each model's ``model.toml``.
"""

from enum import StrEnum


class Role(StrEnum):
    """The two parties; each signs once."""

    PROVIDER = "provider"
    BUYER = "buyer"


class Indicator(StrEnum):
    """What is promised of the data and measured by the exchange (modelled on GB/T 36344-2018)."""

    ROWS = "rows"
    COLUMNS = "columns"
    COMPLETENESS = "completeness"
    UNIQUENESS = "uniqueness"

    @property
    def is_ratio(self) -> bool:
        """Whether values are shares from 0 to 1; otherwise they are whole numbers."""
        return self in {Indicator.COMPLETENESS, Indicator.UNIQUENESS}


class Operator(StrEnum):
    """How a measured value is held against the promised one; the names are ODRL's."""

    AT_LEAST = "gteq"
    AT_MOST = "lteq"
    EQUAL = "eq"


class Action(StrEnum):
    """What may be done with the data.  Names are ODRL's where it has one; ``train`` and ``reidentify`` are ours."""

    REPRODUCE = "reproduce"
    EXTRACT = "extract"
    DERIVE = "derive"
    TRAIN = "train"
    PRESENT = "present"
    DISTRIBUTE = "distribute"
    SELL = "sell"
    REIDENTIFY = "reidentify"


class Purpose(StrEnum):
    """What the data may be used for."""

    INTERNAL_ANALYSIS = "internal-analysis"
    RESEARCH = "research"
    PRODUCT_DEVELOPMENT = "product-development"
    PUBLIC_SERVICE = "public-service"
    EDUCATION = "education"
    ANY_LAWFUL = "any-lawful-purpose"


class DeliveryMode(StrEnum):
    """How the bytes reach the buyer."""

    DOWNLOAD = "download"


class Method(StrEnum):
    """How a promise is held against the data."""

    FULL = "full"
    SAMPLE = "sample"
    ASSESSOR = "assessor"


class Remedy(StrEnum):
    """What follows when a promise is broken."""

    CORRECT = "correct"
    REDUCE = "reduce"
    RESCIND = "rescind"
