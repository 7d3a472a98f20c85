"""A small model text with a blank of every type, as a folder of texts of its own."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from contracts import blanks, library
from contracts.library import Model
from contracts.terms import Terms
from tests.contracts.first import sample

HERE = Path(__file__).with_name("texts") / "trial"

PROMISE: dict[str, Any] = {
    "indicator": "rows", "operator": "gteq", "value": "1461", "field": None, "method": "full", "remedy": "reduce",
}  # fmt: skip
FULL: dict[str, Any] = {
    "price.model": "fixed",
    "price.amount": {"amount": 1_280_050, "currency": "CNY"},
    "price.milestones": [
        {"label": "首期", "share": "0.4", "days": 7},
        {"label": "末期", "share": "0.6", "days": 30},
    ],
    "quality": [PROMISE, {**PROMISE, "indicator": "uniqueness", "value": "1", "field": "date"}],
    "use.recipients": [{"name": "海岱农业", "credit_code": sample.TERMS.buyer.credit_code}],
    "trial.colours": ["red", "blue"],
    "trial.note": "易碎 # not a heading",
    "trial.digest": "ab" * 32,
    "trial.kept": True,
}
"""Every blank that can be filled beside the defaults, filled."""


def folder(place: Path) -> Path:
    """Return a folder of texts that holds the trial text and the style."""
    shutil.copytree(library.FOLDER / "styles", place / "styles")
    shutil.copytree(HERE, place / "trial/1.0")
    (place / "released.toml").write_text("", "utf-8")
    return place


def text(place: Path) -> Model:
    """Return the trial text."""
    return library.read("trial/1.0", folder(place))


def terms(model: Model, **changes: Any) -> Terms:
    """Return terms under the trial text; ``changes`` are values by blank, ``_`` for the dot, None to leave out."""
    over = {name.replace("_", "."): value for name, value in changes.items()}
    values = blanks.defaults(model, {**FULL, **over})
    return Terms(
        model=model.id,
        number=sample.TERMS.number,
        date=date(2026, 11, 30),
        operator=sample.TERMS.operator,
        provider=sample.TERMS.provider,
        buyer=sample.TERMS.buyer,
        data=sample.TERMS.subject,
        values={name: value for name, value in values.items() if value is not None},
        rules_version=2,
    )
