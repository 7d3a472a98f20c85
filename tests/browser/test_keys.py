"""A key made in the browser: it gets a certificate, signs, and never leaves."""

import base64
import io
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from playwright.sync_api import expect

from market.verify import main
from tests import people
from tests.browser import looks
from tests.browser.conftest import Come
from tests.browser.eyes import Eyes
from tests.browser.looks import Look
from tests.browser.test_second_factor import with_authenticator
from tests.browser.visitor import Visitor
from tests.flows.hall import Caller, Hall

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("look", looks.OPPOSITE, ids=str)]

RECOMMENDED = (
    "You have no passkey. With one, the record also shows that you yourself confirmed this document; "
    "we recommend it."
)
MODULE = "document.querySelector('script[type=module]').src"
SIGN = f"""async ([fingerprint, text]) => {{
    const keys = await import({MODULE});
    return keys.base64(await keys.signWithKey(fingerprint, keys.fromBase64(text)));
}}"""
OTHERWISE = (
    "This needs JavaScript, and a connection over TLS or on localhost. "
    "Otherwise make the key on your own machine:"
)
REFUSED = f"""async (fingerprint) => (await import({MODULE})).signWithKey(fingerprint, new Uint8Array(1))
    .then(() => "signed", (error) => error.message)"""
EXPORT = """async (fingerprint) => {
    const opening = indexedDB.open("qilu-keys", 1);
    await new Promise((done) => { opening.onsuccess = done; });
    const wish = opening.result.transaction("keys").objectStore("keys").get(fingerprint);
    await new Promise((done) => { wish.onsuccess = done; });
    opening.result.close();
    for (const form of ["pkcs8", "jwk"]) {
        try { await crypto.subtle.exportKey(form, wish.result.privateKey); return form; } catch { }
    }
    return "nothing";
}"""


def test_a_key_of_this_browser_signs(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    visitor = come()
    visitor.sign_in("provider@hall.example", people.PASSWORD)
    visitor.open("/signing-keys")
    if not look.scripts:
        visitor.reads(OTHERWISE)
        expect(visitor.main.locator("input[name=device]")).to_be_hidden()
        eyes.judge()
        return
    device = f"laptop {look}"
    visitor.type("Name of the device", device)
    visitor.press("Make a key")
    visitor.reads("The key has its certificate. Sign on this device, in this browser.")
    expect(visitor.main.get_by_text(visitor.say("in this browser"), exact=True).first).to_be_visible()
    [item] = [one for one in hall.provider.get("/api/v1/signing-keys")["items"] if one["device"] == device]
    _verify(visitor, item)
    assert visitor.page.evaluate(EXPORT, item["fingerprint"]) == "nothing", "the key can be taken out"
    visitor.follow(device)
    visitor.press("Revoke the key")
    visitor.reads("The key is out of use. What it signed before stays.")
    assert hall.provider.get(f"/api/v1/signing-keys/{item['id']}")["state"] == "revoked"
    eyes.judge()


def test_both_sign_a_contract_in_their_browsers(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    number = hall.ask_for(hall.free)
    if not look.scripts:
        visitor = come()
        visitor.sign_in("provider@hall.example", people.PASSWORD)
        visitor.open(f"/contracts/{number}")
        visitor.reads("No key of your organisation is in this browser.")
        eyes.judge()
        return
    for who in ("provider", "buyer"):
        visitor = come()
        visitor.sign_in(f"{who}@hall.example", people.PASSWORD)
        visitor.open("/signing-keys")
        visitor.type("Name of the device", f"browser of the {who}")
        visitor.press("Make a key")
        visitor.open(f"/contracts/{number}")
        visitor.press("Sign with this key")
        visitor.reads("Signed, with a key of your own.")
    hall.until(number, "contract.finalized")
    shown = hall.buyer.get(f"/api/v1/contracts/{number}")
    assert [(one["role"], one["holder"]) for one in shown["signatures"]] == [
        ("provider", "party"),
        ("buyer", "party"),
    ]
    eyes.judge()


def test_a_passkey_confirms_what_the_browsers_key_signs(
    look: Look, come: Come, eyes: Eyes, hall: Hall, tmp_path: Path
) -> None:
    number = hall.ask_for(hall.free)
    if not look.scripts:
        return  # the page without scripts is the one above
    for who in ("provider", "buyer"):
        visitor = come()
        authenticator = with_authenticator(visitor)
        if who == "provider":
            visitor.sign_in(_colleague(hall), people.PASSWORD)
            visitor.open("/me/second-factor")
            visitor.type("Name of the passkey", f"to sign with {look}")
            visitor.press("Add a passkey")
        else:
            visitor.sign_in("buyer@hall.example", people.PASSWORD)
        visitor.open("/signing-keys")
        visitor.type("Name of the device", f"browser of the {who} with a passkey")
        visitor.press("Make a key")
        visitor.open(f"/contracts/{number}")
        if who == "provider":
            _refused_without_a_touch(visitor, authenticator)
            assert hall.provider.get(f"/api/v1/contracts/{number}")["signatures"] == []
        else:
            visitor.reads(RECOMMENDED)
        visitor.press("Sign with this key")
        visitor.reads("Signed, with a key of your own.")
    hall.until(number, "contract.finalized")
    bundle, told = tmp_path / "bundle.zip", io.StringIO()
    bundle.write_bytes(hall.bundle(number))
    assert main(bundle, None, told) == 0
    assert "passkey of the provider" in told.getvalue()
    assert "passkey of the buyer" not in told.getvalue()
    eyes.judge()


def _colleague(hall: Hall) -> str:
    """Let somebody join the provider, whose first person goes on without a second factor; return their address."""
    email = people.application().email
    invited = hall.provider.post("/api/v1/members/invitations", {"email": email, "roles": ["provider"]})
    body = {"name": "章签署", "password": people.PASSWORD}
    Caller(hall.url, "provider").post(f"/api/v1/invitations/{invited['token']}", body)
    return email


def _refused_without_a_touch(visitor: Visitor, authenticator: dict[str, str]) -> None:
    """Let the authenticator fail to make sure who is there: nothing is signed, and the page says so."""
    for verified in (False, True):
        visitor._devtools.send("WebAuthn.setUserVerified", {**authenticator, "isUserVerified": verified})
        if not verified:
            name = visitor.say("Sign with this key")
            visitor.main.get_by_role("button", name=name, exact=True).click()
            sentence = visitor.say("Nothing was confirmed. Try again.")
            visitor.main.get_by_role("alert").filter(has_text=sentence).wait_for()


def test_another_browser_does_not_have_the_key(look: Look, come: Come, eyes: Eyes, hall: Hall) -> None:
    if look.scripts:
        visitor = come()
        visitor.sign_in("buyer@hall.example", people.PASSWORD)
        visitor.open("/signing-keys")
        refused = visitor.page.evaluate(REFUSED, "0" * 64)
        assert refused == "this key is not in this browser"


def _verify(visitor: Visitor, item: dict[str, str]) -> None:
    """Let the browser sign and check it by the certificate, as anybody may."""
    text = "要签署的字节".encode()
    raw = base64.b64decode(
        visitor.page.evaluate(SIGN, [item["fingerprint"], base64.b64encode(text).decode()])
    )
    assert len(raw) == 64
    public = x509.load_pem_x509_certificate(item["certificate"].encode()).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public.verify(der, text, ec.ECDSA(hashes.SHA256()))
