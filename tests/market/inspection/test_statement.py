"""A signed inspection as a file: what it shows by itself, and every way to change it that is noticed."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from contracts import cms, signing
from contracts.vocabulary import Role
from market.inspection import known, measure, statement
from market.inspection.content import RULE
from market.inspection.declared.model import Declared, DeclaredColumn
from market.inspection.report import canonical, digest
from market.inspection.statement import StatementError
from tests import attestations, signers
from tests.attestations import Report

KEY = signers.key()
_NAME = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "泉城检测")])
DER = (
    x509.CertificateBuilder()
    .subject_name(_NAME)
    .issuer_name(_NAME)
    .public_key(KEY.public_key())
    .serial_number(1)
    .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=9000))
    .sign(KEY, hashes.SHA256())
    .public_bytes(Encoding.DER)
)


@pytest.fixture(scope="module")
def report() -> Report:
    return attestations.measured()


def signed(text: str) -> bytes:
    return statement.sign(text, DER, [], lambda data: KEY.sign(data, ec.ECDSA(hashes.SHA256())))


def packed(report: Report, **said: Any) -> bytes:
    text = canonical(report)
    words = canonical(json.loads(statement.write(text, {"polars": "1"}, "91370100MA3TEST001")) | said)
    return statement.pack(words, text, signed(words))


def code_of(content: bytes) -> str:
    with pytest.raises(StatementError) as refused:
        statement.unpack(content)
    return refused.value.code


def test_a_file_is_read_as_it_was_written(report: Report) -> None:
    read = statement.unpack(packed(report))
    assert json.loads(read.report) == report
    assert read.report_digest == digest(canonical(report))
    assert read.file_digest == report["file"]["digest"]
    assert read.certificate == DER
    assert read.digest == hashlib.sha256(read.statement.encode()).hexdigest()


def test_the_same_report_is_the_same_statement(report: Report) -> None:
    one, other = statement.unpack(packed(report)), statement.unpack(packed(report))
    assert one.signature != other.signature, "ECDSA signs otherwise each time"
    assert one.digest == other.digest


def test_what_the_inspector_makes_is_known(report: Report) -> None:
    assert (2, measure.METHOD, RULE) in known.METHODS
    assert known.knows(report)
    assert known.knows(attestations.odd(report))


@pytest.mark.parametrize("declared", [None, Declared((DeclaredColumn("手机号", personal="mobile"),))])
def test_what_it_finds_and_what_is_declared_is_known(declared: Declared | None) -> None:
    rows = (f"138{place:08},{place % 3},password={place}" for place in range(60))
    report = attestations.measured("\n".join(["手机号,组,secret_key", *rows, ""]).encode(), declared)
    assert report["sensitive"]["columns"]
    assert report["sensitive"]["negative"]
    assert known.knows(report)


def test_an_edited_report_is_noticed(report: Report) -> None:
    document = json.loads(packed(report))
    document["report"] = attestations.odd(report)
    assert code_of(canonical(document).encode()) == "attestation.digest_mismatch"


def test_an_edited_statement_is_noticed(report: Report) -> None:
    document = json.loads(packed(report))
    document["report"] = attestations.odd(report)
    document["statement"]["report_digest"] = digest(canonical(document["report"]))
    assert code_of(canonical(document).encode()) == "attestation.signature_invalid"


def test_a_statement_of_another_file_is_noticed(report: Report) -> None:
    assert code_of(packed(report, file_digest="0" * 64)) == "attestation.digest_mismatch"


def test_a_signature_of_a_contract_is_none_of_an_inspection(report: Report) -> None:
    words = signing.statement(
        "A" * 11, Role.PROVIDER, terms="0" * 64, document=report["file"]["digest"], template="0" * 64
    )
    replayed = {
        "statement": json.loads(words),
        "report": report,
        "signature": base64.b64encode(signed(words)).decode(),
    }
    assert code_of(canonical(replayed).encode()) == "attestation.wrong_purpose"
    document = json.loads(packed(report))
    pdf = b"%PDF-1.7"  # what a contract's signature is over
    summed = hashlib.sha256(pdf).digest()
    to_sign = cms.attributes(summed, DER)
    over_pdf = cms.build(
        summed, DER, [], cms.settle(DER, to_sign, KEY.sign(to_sign, ec.ECDSA(hashes.SHA256())))
    )
    document["signature"] = base64.b64encode(over_pdf).decode()
    assert code_of(canonical(document).encode()) == "attestation.signature_invalid"


def test_no_bit_of_the_signature_can_change(report: Report) -> None:
    document = json.loads(packed(report))
    der = base64.b64decode(document["signature"])
    for place in range(0, len(der), 37):
        broken = bytes([*der[:place], der[place] ^ 1, *der[place + 1 :]])
        document["signature"] = base64.b64encode(broken).decode()
        assert code_of(canonical(document).encode()) == "attestation.signature_invalid"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"[1]", b"\xff", b'{"report":{},"report":{},"signature":"","statement":{}}',
        b'{"report":{},"signature":"!","statement":{}}', b'{"report":[],"signature":"","statement":{}}',
        b"[" * 100_000, b" " * (statement.MOST_BYTES + 2),
    ],
    ids=["empty", "no members", "a list", "no text", "a name twice", "no base64", "no report", "deep", "long"],
)  # fmt: skip
def test_other_files_are_malformed(content: bytes) -> None:
    assert code_of(content) == "attestation.malformed"


def test_a_statement_has_its_members_and_no_others(report: Report) -> None:
    assert code_of(packed(report, more="x")) == "attestation.malformed"
    assert code_of(packed(report, engine={"polars": 1})) == "attestation.malformed"
    assert code_of(packed(report, engine={"polars": "1" * 101})) == "attestation.malformed"
    assert code_of(packed(report, credit_code=None)) == "attestation.malformed"


def _figure(**changes: Any) -> Any:
    def changed(report: Report) -> Report:
        quality = [
            one | changes if (one["code"], one["column"]) == ("0201", None) else one
            for one in report["quality"]
        ]
        return report | {"quality": quality}

    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda report: report | {"version": 3},
        lambda report: report | {"method": "qilu-inspection-9"},
        lambda report: report | {"more": 1},
        lambda report: {name: value for name, value in report.items() if name != "grade"},
        lambda report: report | {"rows": -1},
        lambda report: report | {"rows": True},
        lambda report: report | {"columns": []},
        lambda report: report | {"columns": [*report["columns"], report["columns"][0]]},
        lambda report: report | {"grade": report["grade"] | {"letter": "A", "score": "1.0000"}},
        lambda report: report | {"quality": []},
        lambda report: report | {"quality": [*report["quality"], report["quality"][-1]]},
        _figure(numerator=13),
        _figure(denominator=0, numerator=0),
        _figure(column="no such column"),
        _figure(code="9999"),
        _figure(by="third party"),
        lambda report: report | {"file": report["file"] | {"digest": "0" * 63}},
        lambda report: report | {"content_digest": "<script>"},
    ],
)
def test_a_report_of_another_form_is_unknown(report: Report, change: attestations.Change) -> None:
    assert code_of(packed(change(report))) == "attestation.report_unknown"
