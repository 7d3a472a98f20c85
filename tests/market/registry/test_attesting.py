"""Attaching an inspection by a third party: who may, over what, and how it stands beside the exchange's own."""

import json
from dataclasses import replace

import pytest
from flask import Flask

from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict, Forbidden, Invalid, MarketError, NotFound
from market.keys import certificates
from market.keys.models import Reason
from market.registry import inspected, reading
from market.registry.models import Asset
from market.registry.states import RegistrationEvent
from market.steps import steps_of
from market.trades import suspension
from tests import assets, attestations, people
from tests.attestations import Body


def registered(provider: Actor | None = None, content: bytes = assets.CONTENT) -> tuple[Asset, str]:
    asset = assets.registered(provider or assets.provider(), content)
    assert asset.number
    return asset, asset.number


def shown(asset: Asset) -> inspected.Inspected:
    with read() as session:
        return inspected.inspected(session, reading.offered_of(session, asset).id)


def code_of(body: Body, number: str, content: bytes) -> str:
    with pytest.raises(MarketError) as refused:
        attestations.attach(body, number, content)
    return refused.value.code


@pytest.mark.usefixtures("exchange")
def test_the_same_figures_stand_beside_ours() -> None:
    (asset, number), body = registered(), attestations.body()
    row, step = attestations.attach(body, number, body.file(attestations.measured()))
    found = shown(asset)
    assert [one.id for one in found.beside] == [row.id]
    (one,) = found.beside
    assert (one.differing, one.odd, one.held_alike) == (0, [], True)
    assert one.report_digest == found.digest
    assert one.entry_id == step.entry_id
    with read() as session:
        assert steps_of(session, asset.handle)[-1].kind == "inspection.attested"


@pytest.mark.usefixtures("exchange")
def test_other_figures_are_marked_and_change_nothing_of_ours() -> None:
    (asset, number), body = registered(), attestations.body()
    before = shown(asset)
    attestations.attach(body, number, body.file(attestations.odd(attestations.measured())))
    after = shown(asset)
    assert (after.report, after.digest) == (before.report, before.digest)
    (one,) = after.beside
    differing = [(pair.code, pair.column) for pair in one.figures if pair.differs]
    assert differing == [("0201", None)]
    assert [total.name for total in one.totals if total.differs] == ["grade"]
    assert one.document()["differs"] == [
        {"what": "grade", "column": None},
        {"what": "0201", "column": None},
    ]


@pytest.mark.usefixtures("exchange")
def test_the_graph_names_who_measured() -> None:
    (asset, number), body = registered(), attestations.body()
    alone = json.loads(shown(asset).linked("https://x.example/i"))["@graph"]
    attestations.attach(body, number, body.file(attestations.odd(attestations.measured())))
    graph = json.loads(shown(asset).linked("https://x.example/i"))["@graph"]
    assert len({node["@id"] for node in graph}) == len(graph)
    (agent,) = [node for node in graph if "prov:Organization" in node.get("@type", [])]
    assert agent["dcterms:identifier"] == body.credit_code
    values = {
        node["prov:wasGeneratedBy"]["@id"]: node["qilu:numerator"]
        for node in graph
        if node.get("dqv:isMeasurementOf") == {"@id": "qilu:0201"}
        and node["dqv:computedOn"] == {"@id": "https://x.example/i#file"}
    }
    assert sorted(values.values()) == [7, 8]
    assert [node for node in graph if node["@id"] in {one["@id"] for one in alone[1:]}] == alone[1:]


@pytest.mark.usefixtures("exchange")
def test_the_same_statement_again_is_the_same_answer() -> None:
    (asset, number), body = registered(), attestations.body()
    report = attestations.measured()
    first, step = attestations.attach(body, number, body.file(report))
    again, same = attestations.attach(body, number, body.file(report))
    assert (again.id, same.id) == (first.id, step.id)
    with read() as session:
        assert [one.kind for one in steps_of(session, asset.handle)].count("inspection.attested") == 1


@pytest.mark.usefixtures("exchange")
def test_the_newest_of_each_body_is_shown() -> None:
    (asset, number), body, other = registered(), attestations.body(), attestations.body()
    report = attestations.measured()
    attestations.attach(body, number, body.file(attestations.odd(report)))
    last, _step = attestations.attach(other, number, other.file(report))
    newest, _step = attestations.attach(body, number, body.file(report))
    assert [one.id for one in shown(asset).beside] == [newest.id, last.id]


@pytest.mark.usefixtures("exchange")
def test_a_statement_about_another_file_is_refused() -> None:
    (_asset, number), body = registered(), attestations.body()
    other = attestations.measured(assets.CONTENT + "潍坊,3,雪\n".encode())
    assert code_of(body, number, body.file(other)) == "attestation.other_file"


@pytest.mark.usefixtures("exchange")
def test_other_columns_of_the_same_file_are_refused() -> None:
    (_asset, number), body = registered(), attestations.body()
    report = attestations.measured()
    renamed = json.loads(json.dumps(report, ensure_ascii=False).replace("备注", "remarks"))
    assert code_of(body, number, body.file(renamed)) == "attestation.other_columns"


@pytest.mark.usefixtures("exchange")
def test_another_organisations_key_is_refused() -> None:
    (_asset, number), body, other = registered(), attestations.body(), attestations.body()
    stolen = other.file(attestations.measured())
    assert code_of(body, number, stolen) == "attestation.certificate_foreign"
    posing = other.file(attestations.measured(), credit_code=body.credit_code)
    assert code_of(body, number, posing) == "attestation.certificate_foreign"
    assert code_of(other, number, posing) == "attestation.certificate_foreign"


@pytest.mark.usefixtures("exchange")
def test_a_revoked_key_is_refused_and_what_it_signed_before_stays() -> None:
    (asset, number), body = registered(), attestations.body()
    report = attestations.measured()
    first, _step = attestations.attach(body, number, body.file(report))
    with transaction() as session:
        certificates.revoke(session, body.actor, body.certificate.id, Reason.COMPROMISED)
    late = body.file(attestations.odd(report))
    assert code_of(body, number, late) == "certificate.revoked"
    assert attestations.attach(body, number, body.file(report))[0].id == first.id
    assert [one.id for one in shown(asset).beside] == [first.id]


def test_a_certificate_that_ran_out_is_refused(exchange: Flask) -> None:
    (_asset, number), body = registered(), attestations.body()
    exchange.extensions["clock"].advance(days=366)
    assert code_of(body, number, body.file(attestations.measured())) == "certificate.expired"


@pytest.mark.usefixtures("exchange")
def test_a_provider_does_not_attest_its_own_data() -> None:
    provider = people.verified(Role.PROVIDER)
    body = attestations.body(provider)
    _asset, number = registered(provider)
    assert code_of(body, number, body.file(attestations.measured())) == "relation.wrong"


@pytest.mark.usefixtures("exchange")
def test_the_operator_and_whoever_is_no_assessor_are_refused() -> None:
    (_asset, number), body = registered(), attestations.body()
    content = body.file(attestations.measured())
    for actor in (people.operator(), people.verified(), body.chief):
        with pytest.raises(Forbidden) as refused:
            attestations.attach(replace(body, actor=actor), number, content)
        assert refused.value.code == "role.missing"


@pytest.mark.usefixtures("exchange")
def test_a_body_that_is_accredited_no_longer_is_refused() -> None:
    (_asset, number), body = registered(), attestations.body()
    attestations.accredit(body.actor, give=False, reason="its papers ran out")
    assert code_of(body, number, body.file(attestations.measured())) == "organisation.not_accredited"


@pytest.mark.usefixtures("exchange")
def test_what_is_not_in_force_takes_no_inspection() -> None:
    (asset, number), body = registered(), attestations.body()
    chief = people.operator()
    with transaction() as session:
        suspension.decide_asset(session, chief, asset.id, RegistrationEvent.SUSPEND, "in doubt")
    with pytest.raises(Conflict) as refused:
        attestations.attach(body, number, body.file(attestations.measured()))
    assert refused.value.code == "asset.not_registered"
    with pytest.raises(NotFound):
        attestations.attach(body, "A" * 11, body.file(attestations.measured()))


@pytest.mark.usefixtures("exchange")
def test_what_the_file_shows_by_itself_is_told_in_the_readers_words() -> None:
    body = attestations.body()
    document = json.loads(body.file(attestations.measured()))
    document["report"] = attestations.odd(document["report"])
    edited = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(Invalid) as refused:
        attestations.attach(body, "A" * 11, edited)
    assert refused.value.code == "attestation.digest_mismatch"
    assert refused.value.fields == {"file": [refused.value.message]}
