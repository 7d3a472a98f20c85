"""Cleaning a draft's file by a recipe: one step, or nothing but the reason; and what goes over to the new file."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from market import jobs, steps, storage
from market.actor import Actor
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.inspection.cleaning.parsing import parse
from market.inspection.cleaning.recipe import Recipe
from market.inspection.cleaning.service import clean_file
from market.inspection.declared.model import Declared, DeclaredColumn
from market.inspection.formats import CSV
from market.inspection.sensitive.classes import Sensitive
from market.registry import (
    appealing,
    cleaning,
    cleaning_reading,
    declaring,
    reading,
    service,
    updating,
)
from market.registry.declarations import declaration_of
from market.registry.models import Asset, Cleaning, Correction, Inspection, Origin, Revision, Update
from market.registry.states import UpdateState
from market.steps import Kind
from tests import assets, people

MESSY = "手机号,城市\n13812345678, 济南 \n13812345679,青岛\n13812345679,青岛\n".encode()
TIDY = "手机号,城市\n***********,济南\n***********,青岛\n".encode()
TRIM = {"operation": "trim", "columns": None}
MASK = {"operation": "mask", "column": "手机号"}
ONCE = {"operation": "drop_duplicates"}


def recipe(*operations: dict[str, Any], output: str = CSV) -> Recipe:
    return parse(json.dumps({"version": 1, "output": output, "operations": operations}))


def drafted(provider: Actor, content: bytes = MESSY, **changes: str) -> uuid.UUID:
    """Return a measured draft."""
    asset_id = assets.drafted(provider, content, **changes).id
    jobs.drain()
    return asset_id


def ask(provider: Actor, asset_id: uuid.UUID, wanted: Recipe, key: str | None = None) -> None:
    with transaction() as session:
        cleaning.ask(session, provider, asset_id, wanted, key)


def cleaned(provider: Actor, asset_id: uuid.UUID, *operations: dict[str, Any], output: str = CSV) -> Revision:
    """Have a file cleaned and measured; return the one that is worked on afterwards."""
    ask(provider, asset_id, recipe(*operations, output=output))
    jobs.drain()
    return working(asset_id)


def working(asset_id: uuid.UUID) -> Revision:
    with read() as session:
        return reading.revision_of(session, session.get_one(Asset, asset_id))


def rows(asset_id: uuid.UUID) -> list[Cleaning]:
    revision = working(asset_id)
    with read() as session:
        return cleaning_reading.cleanings(session, revision.id)


def refused_with(provider: Actor, asset_id: uuid.UUID) -> tuple[str | None, str | None]:
    """Return the code and the sentence of a recipe that could not be followed."""
    with read() as session:
        asset = session.get_one(Asset, asset_id)
        asked = cleaning_reading.asked(session, provider, asset, reading.revision_of(session, asset))
        return (asked.refusal, cleaning_reading.why(asked)) if asked else (None, None)


def kinds(asset_id: uuid.UUID) -> list[str]:
    handle = assets.found(asset_id).handle
    with read() as session:
        return [step.kind for step in steps.steps_of(session, handle)]


def refused(code: str, error: type[MarketError] = Conflict) -> Any:
    return pytest.raises(error, check=lambda raised: raised.code == code)


@pytest.mark.usefixtures("exchange")
def test_a_cleaned_file_takes_the_place_of_its_source_and_says_how_it_was_made(tmp_path: Path) -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    source = working(asset_id)
    wanted = recipe(TRIM, ONCE, MASK)
    made = cleaned(provider, asset_id, TRIM, ONCE, MASK)
    assert (made.ordinal, made.filename, made.media_type) == (2, "weather-cleaned.csv", CSV)
    assert storage.current().read(made.digest) == TIDY
    assert kinds(asset_id) == ["asset.drafted", "asset.inspected", "revision.cleaned", "asset.inspected"]
    (row,) = rows(asset_id)
    assert (row.source_digest, row.result_digest) == (source.digest, made.digest)
    assert (row.recipe, row.recipe_digest) == (wanted.text, wanted.digest)
    assert (row.rows, row.kept) == (3, 2)
    assert [(one["operation"], one["cells"], one["rows"]) for one in row.changes] == [
        ("trim", 1, 0), ("drop_duplicates", 0, 1), ("mask", 2, 0),
    ]  # fmt: skip
    (tmp_path / "source").write_bytes(MESSY)
    again = clean_file(tmp_path / "source", CSV, parse(row.recipe), tmp_path / "out")
    assert (again.digest, again.engine) == (row.result_digest, row.engine)


@pytest.mark.usefixtures("exchange")
def test_figures_stand_before_and_after() -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    made = cleaned(provider, asset_id, TRIM, ONCE)
    with read() as session:
        (done,) = cleaning_reading.done(session, made.id)
    assert done.before is not None
    assert done.after is not None
    assert (done.before.rows, done.before.duplicates) == (3, 1)
    assert (done.after.rows, done.after.duplicates) == (2, 0)
    assert done.before.quality.keys() == done.after.quality.keys()
    assert [change["rows"] for _sentence, change in done.operations] == [0, 1]


@pytest.mark.usefixtures("exchange")
def test_an_erased_recipe_leaves_the_digests() -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    made = cleaned(provider, asset_id, TRIM)
    subject, operator = assets.found(asset_id).provider_id, people.operator()
    with transaction() as session:
        step = steps.begin(operator, Kind.OPENING_ERASED, steps.new_handle())
        steps.erase(session, step, [subject])
    with read() as session:
        (done,) = cleaning_reading.done(session, made.id)
    shown = cleaning_reading.document(done.cleaning)
    assert (done.operations, shown["recipe"]) == ([], None)
    assert shown["result_digest"] == made.digest


@pytest.mark.usefixtures("exchange")
def test_an_asset_is_shown_once_as_alike_whichever_of_its_files_is() -> None:
    provider, rival, reviewer = assets.provider(), assets.provider(), people.operator()
    lines = [f"站{row},{row * row}.5,{row * 7919 % 1009}" for row in range(400)]
    table = "\n".join(["站,读数,序", *lines])
    asset_id = drafted(provider, f"{table}\n{lines[0]}\n".encode())
    cleaned(provider, asset_id, ONCE)
    with transaction() as session:
        service.submit(session, provider, asset_id)
    later = drafted(rival, f"{table}\n站a,1.5,3\n".encode())
    with transaction() as session:
        service.submit(session, rival, later)
    assert [one.asset.id for one in assets.detail(reviewer, later).alike] == [asset_id]


@pytest.mark.usefixtures("exchange")
def test_masking_lets_a_stopped_draft_be_handed_in() -> None:
    provider = assets.provider()
    asset_id = assets.stopped(provider)
    with refused("asset.stopped"), transaction() as session:
        service.submit(session, provider, asset_id)
    cleaned(provider, asset_id, MASK)
    with transaction() as session:
        service.submit(session, provider, asset_id)


@pytest.mark.parametrize(
    ("operation", "code", "said"),
    [
        ({"operation": "mask", "column": "年龄"}, "recipe.unknown_column", "年龄"),
        ({"operation": "cast", "column": "城市", "type": "integer"}, "recipe.unread", "城市"),
        ({"operation": "drop_columns", "columns": ["手机号", "城市"]}, "recipe.no_columns", ""),
        ({"operation": "width"}, "recipe.unchanged", ""),
    ],
)
@pytest.mark.usefixtures("exchange")
def test_a_recipe_that_does_not_fit_changes_nothing(operation: dict[str, Any], code: str, said: str) -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    source = working(asset_id)
    assert cleaned(provider, asset_id, operation).id == source.id
    found, sentence = refused_with(provider, asset_id)
    assert found == code
    assert sentence is not None
    assert said in sentence
    assert kinds(asset_id) == ["asset.drafted", "asset.inspected"]
    assert refused_with(people.operator(), asset_id) == (None, None)
    assert cleaned(provider, asset_id, ONCE, MASK).ordinal == 2  # and the next one is followed
    assert refused_with(provider, asset_id) == (None, None)


@pytest.mark.usefixtures("exchange")
def test_a_file_that_would_be_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    monkeypatch.setattr(cleaning, "book", Small)
    cleaned(provider, asset_id, TRIM)
    assert refused_with(provider, asset_id)[0] == "recipe.too_large"


class Small:
    """A rule book that lets nothing be uploaded."""

    def value(self, name: str) -> int:
        return {"upload.max_bytes": 8}[name]


@pytest.mark.usefixtures("exchange")
def test_one_recipe_waits_at_a_time_and_a_repeat_is_the_same() -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    ask(provider, asset_id, recipe(TRIM), "first")
    ask(provider, asset_id, recipe(TRIM))
    with refused("cleaning.under_way"):
        ask(provider, asset_id, recipe(ONCE))
    jobs.drain()
    ask(provider, asset_id, recipe(TRIM), "first")  # late: it was done, and is not done again
    jobs.drain()
    assert working(asset_id).ordinal == 2
    with refused("idempotency.key_reused"):
        ask(provider, asset_id, recipe(ONCE), "first")
    assert cleaned(provider, asset_id, ONCE).ordinal == 3
    assert [row.recipe for row in rows(asset_id)] == [recipe(TRIM).text, recipe(ONCE).text]


@pytest.mark.usefixtures("exchange")
def test_a_worker_that_dies_leaves_the_recipe_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    ask(provider, asset_id, recipe(TRIM))
    with read() as session:
        waiting = cleaning.request_of(session, asset_id)
        assert waiting is not None

    def dies(*_arguments: object, **_given: object) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(steps, "record", dies)
        with pytest.raises(RuntimeError):
            cleaning.on_asked(str(waiting.id))
    assert working(asset_id).ordinal == 1
    jobs.drain()
    assert working(asset_id).ordinal == 2
    cleaning.on_asked(str(waiting.id))
    assert kinds(asset_id).count("revision.cleaned") == 1


@pytest.mark.usefixtures("exchange")
def test_of_two_workers_one_records_it(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    ask(provider, asset_id, recipe(TRIM))
    follow = cleaning._followed
    seen: list[Revision] = []

    def slow(source: Revision, wanted: Recipe) -> object:
        done = follow(source, wanted)
        if not seen:
            seen.append(source)
            with read() as session:
                waiting = cleaning.request_of(session, asset_id)
            assert waiting is not None
            cleaning.on_asked(str(waiting.id))
        return done

    monkeypatch.setattr(cleaning, "_followed", slow)
    jobs.drain()
    assert seen
    assert kinds(asset_id).count("revision.cleaned") == 1


@pytest.mark.usefixtures("exchange")
def test_what_was_handed_in_meanwhile_is_not_touched() -> None:
    provider = assets.provider()
    asset_id = drafted(provider, assets.CONTENT)
    ask(provider, asset_id, recipe(ONCE))
    with transaction() as session:
        service.submit(session, provider, asset_id)
    jobs.drain()
    assert working(asset_id).ordinal == 1
    assert refused_with(provider, asset_id)[0] == "recipe.overtaken"
    with refused("asset.wrong_state"):
        ask(provider, asset_id, recipe(ONCE))


@pytest.mark.usefixtures("exchange")
def test_who_may_and_when() -> None:
    provider, operator = assets.provider(), people.operator()
    asset_id = assets.drafted(provider, MESSY).id
    with refused("asset.not_inspected"):
        ask(provider, asset_id, recipe(TRIM))
    jobs.drain()
    with refused("asset.not_found", NotFound):
        ask(assets.provider(), asset_id, recipe(TRIM))
    appealed = assets.appealed(provider)
    with pytest.raises(Forbidden):
        ask(operator, appealed, recipe(TRIM))
    with refused("cleaning.invalid", Invalid) as raised:
        cleaning.read_recipe({"version": 1, "operations": [TRIM, {"operation": "hash", "columns": ["城市"]}]})
    assert list(raised.value.fields) == ["operations.1.operation"]


@pytest.mark.usefixtures("exchange")
def test_an_update_is_renewed_with_the_cleaned_file() -> None:
    provider = assets.provider()
    asset = assets.registered(provider)
    upload = assets.uploaded(assets.CONTENT + " 潍坊 ,3,晴\n潍坊,3,晴\n".encode())
    with transaction() as session:
        updating.revise(session, provider, asset.id, changes="one city more", upload=upload)
    jobs.drain()
    made = cleaned(provider, asset.id, TRIM, ONCE)
    with read() as session:
        found = session.scalars(select(Update).join(Revision, Revision.id == Update.revision_id)
                                .order_by(Revision.ordinal)).all()  # fmt: skip
    assert [one.state for one in found] == [UpdateState.WITHDRAWN, UpdateState.DRAFT]
    assert (found[0].after_id, found[0].changes) == (found[1].after_id, found[1].changes)
    assert found[1].revision_id == made.id
    assert kinds(asset.id).count("update.withdrawn") == 0
    assert found[1].comparison is not None
    with read() as session:
        assert reading.offered_of(session, session.get_one(Asset, asset.id)).ordinal == 1


@pytest.mark.usefixtures("exchange")
def test_what_is_declared_and_corrected_goes_over_by_its_column() -> None:
    provider = assets.provider()
    asset_id = drafted(provider)
    said = Declared((DeclaredColumn("手机号", personal="mobile"), DeclaredColumn("城市", required=True)))
    with transaction() as session:
        declaring.declare(session, provider, asset_id, said, Origin.TABLE_SCHEMA)
    jobs.drain()
    made = cleaned(provider, asset_id, TRIM, {"operation": "rename", "column": "城市", "name": "地点"})
    with read() as session:
        row = declaration_of(session, made.id)
        assert row is not None
        measured = session.scalars(select(Inspection.ordinal).where(Inspection.revision_id == made.id)).all()
    assert (row.ordinal, row.origin) == (1, Origin.TABLE_SCHEMA)
    assert [(one["name"], one["personal"]) for one in json.loads(row.document)["columns"]] == [
        ("手机号", "mobile"), ("地点", None),
    ]  # fmt: skip
    assert measured == [1]  # held against it at once


@pytest.mark.parametrize(
    ("kind", "operation", "expected"),
    [
        (Sensitive.NAME, {"operation": "rename", "column": "手机号", "name": "谁"}, [("谁", Sensitive.NAME)]),
        (Sensitive.NAME, MASK, []),
        (None, {"operation": "rename", "column": "手机号", "name": "谁"}, []),
    ],
)
@pytest.mark.usefixtures("exchange")
def test_a_correction_goes_over_unless_it_would_hide_something(
    kind: Sensitive | None, operation: dict[str, Any], expected: list[tuple[str, Sensitive]]
) -> None:
    provider, reviewer = assets.provider(), people.operator()
    asset_id = assets.appealed(provider)
    with transaction() as session:
        appealing.correct(session, reviewer, asset_id, column="手机号", kind=kind, reason="looked")
    made = cleaned(provider, asset_id, operation)
    with read() as session:
        found = session.scalars(select(Correction).where(Correction.revision_id == made.id)).all()
    assert [(one.column, one.kind) for one in found] == expected
