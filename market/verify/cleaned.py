"""How files were cleaned: each file that a recipe made names its source, and the recipe is the one that is shown.

That the recipe makes the one file of the other is for whoever has the source to see: ``qilu clean`` runs it again.
"""

import hashlib
from typing import Any, Final

from ledger import canonical
from ledger.evidence import OPENINGS
from market.verify.evidence import Evidence, Image
from market.verify.report import Report, require

KIND: Final = "revision.cleaned"
RECIPE: Final = "cleaning.recipe"


def check(report: Report, evidence: Evidence) -> None:
    """Hold every cleaning that is shown against the files and the recipe that its entry shows.

    Args:
        report: where the lines go.
        evidence: a bundle whose log half holds.

    Raises:
        CheckFailed: a cleaning names other files than its asset has, or another recipe.
    """
    cleanings = evidence.rows("cleaning")
    entries = [index for index, entry in evidence.entries.items() if entry.kind == KIND]
    require([one.index for one in cleanings] == entries, "each cleaning has one entry of its own")
    recipes = _recipes(evidence)
    for one in cleanings:
        _check_files(evidence, one)
        text = recipes.get(str(one.entry.id))
        if text is not None:  # it can be erased
            digest = hashlib.sha256(text.encode()).hexdigest()
            require(digest == one.row["recipe_digest"], "a recipe is not the one that its cleaning names")
    if cleanings:
        report.ok(
            "cleaned", f"{len(cleanings)} files were made by a recipe, each of an earlier file of its asset"
        )


def _check_files(evidence: Evidence, cleaning: Image) -> None:
    row = cleaning.row
    made = evidence.rows("revision", id=row["revision_id"], digest=row["result_digest"])
    require(
        [one.index for one in made] == [cleaning.index], "a cleaning names another file than its entry shows"
    )
    source = evidence.rows("revision", id=row["source_id"], digest=row["source_digest"])
    earlier = [
        one for one in source if one.index < cleaning.index and one.entry.handle == cleaning.entry.handle
    ]
    require(earlier, "a cleaning names a source that its asset did not have before")


def _recipes(evidence: Evidence) -> dict[str, str]:
    """Return the recipes that are shown, by the id of their entry."""
    found: Any = canonical.decode(evidence.files[OPENINGS])
    return {item["entry"]: item["value"] for item in found if item["field"] == RECIPE}
