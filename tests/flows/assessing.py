"""An accredited body that acts over HTTP: it joins, is accredited, measures, signs and attaches."""

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from market.inspection import statement
from market.inspection.report import canonical
from tests import attestations, signers
from tests.flows.hall import Caller, Hall

EMAIL = "assessor@hall.example"


def assessor(hall: Hall) -> Caller:
    """Return the administrator of a fresh body that the operator accredited, who is its assessor too."""
    person = hall._join("buyer", EMAIL)
    me = person.get("/api/v1/me")
    organisation = f"/api/v1/organisations/{me['organisation']['id']}"
    decision = {"accreditation": "give", "reason": "accredited laboratory"}
    assert hall.operator.post(f"{organisation}/accreditation", decision)["accredited_at"]
    roles = {"roles": ["admin", "assessor"]}
    assert person.ask("PUT", f"/api/v1/members/{me['user_id']}/roles", roles).status == 200
    return person


def attach(person: Caller, number: str, content: bytes) -> tuple[int, str]:
    """Send the file of a signed inspection; return the status, and the code of a refusal."""
    answer = person._session.post(
        f"{person._url}/api/v1/certificates/{number}/attestations",
        files={"file": ("data.csv.attestation.json", content)},
        timeout=60,
    )
    return answer.status_code, str(answer.json().get("code", ""))


def signed(person: Caller, content: bytes) -> bytes:
    """Return a signed inspection of a file in which one figure is another than the exchange's."""
    key = signers.key()
    made = person.post("/api/v1/signing-keys", {"csr": signers.csr(key), "device": "laboratory"})
    own, *above = (
        x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.DER)
        for text in (made["certificate"], *made["chain"])
    )
    report = canonical(attestations.odd(attestations.measured(content)))
    code = person.get("/api/v1/me")["organisation"]["credit_code"]
    said = statement.write(report, {"polars": "1.0"}, code)
    signature = statement.sign(said, own, above, lambda data: key.sign(data, ec.ECDSA(hashes.SHA256())))
    return statement.pack(said, report, signature)


def registration(hall: Hall, listing: str) -> str:
    """Return the registration number of what a listing offers."""
    return str(hall.provider.get(f"/api/v1/listings/{listing}")["asset_number"])
