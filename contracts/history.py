"""The schedule that says where a contract comes from: what it amends, what it renews, and how its term is counted."""

from typing import Any

from contracts.library import Bilingual, Model
from contracts.terms import CHINA, Amended, Renewed, Terms
from contracts.wording import calendar, label, numeral, row, same


def table(model: Model, terms: Terms) -> dict[str, Any]:
    """Return the rows of the schedule; of an original contract the sentence that says so."""
    rows = [
        *(_renewed(model, terms.renews) if terms.renews else ()),
        *(_amended(model, terms.amends) if terms.amends else ()),
    ]
    return {"kind": "facts", "rows": rows} if rows else _paragraph(model.word("label", "original"))


def _amended(model: Model, amends: Amended) -> list[dict[str, Any]]:
    """Return which contract is amended, which clauses of it, and from when days are counted."""
    return [
        row(label(model, "parent"), same(amends.number), "amends.number"),
        *_digests(model, "amends", amends),
        row(label(model, "changed"), _named(model, amends.clauses), "amends.clauses"),
        row(label(model, "counting"), model.word("label", "counting_amended"), "amends"),
    ]


def _renewed(model: Model, renews: Renewed) -> list[dict[str, Any]]:
    """Return which contract is renewed, when its term ends, and when that of this one begins."""
    return [
        row(label(model, "renewed"), same(renews.number), "renews.number"),
        *_digests(model, "renews", renews),
        row(label(model, "renewed_until"), _moment(renews), "renews.until"),
        row(label(model, "counting"), model.word("label", "counting_renewed"), "renews"),
    ]


def _digests(model: Model, name: str, one: Amended | Renewed) -> list[dict[str, Any]]:
    file = same(f"SHA-256 {one.document_digest}")
    return [
        row(label(model, "terms_sha256"), same(one.terms_digest), f"{name}.terms_digest", mono=True),
        row(label(model, "signature_place"), file, f"{name}.document_digest", mono=True),
    ]


def _moment(renews: Renewed) -> Bilingual:
    """Return the end of a term to the millisecond, in China Standard Time."""
    there = renews.ends_at.astimezone(CHINA)
    day, hour = calendar(there.date()), there.time().isoformat("milliseconds")
    return Bilingual(f"{day.zh} {hour}（北京时间）", f"{day.en}, {hour} (China Standard Time)")


def _named(model: Model, clauses: tuple[str, ...]) -> Bilingual:
    """Return the numbers and titles of clauses, one after the other."""
    articles, annexes = model.articles(), model.annexes()
    titles = {clause.id: clause.title for clause in (*model.clauses, *model.schedules)}
    zh = [
        f"第{numeral(articles[one])}条 {titles[one].zh}"
        if one in articles
        else f"附件{numeral(annexes[one])} {titles[one].zh}"
        for one in clauses
    ]
    en = [
        f"Article {articles[one]} {titles[one].en}"
        if one in articles
        else f"Schedule {annexes[one]} {titles[one].en}"
        for one in clauses
    ]
    return Bilingual("；".join(zh), "; ".join(en))


def _paragraph(both: Bilingual) -> dict[str, Any]:
    return {"kind": "text", "zh": [{"text": both.zh}], "en": [{"text": both.en}]}
