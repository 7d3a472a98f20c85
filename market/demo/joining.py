"""How the demo's people come in: the exchange is founded, organisations apply and are verified."""

from dataclasses import dataclass

from market.demo.authenticators import Authenticators
from market.demo.client import Body, DemoError, Person, wait_for
from market.demo.people import AUDITOR, BUYER, EXCHANGE, FARM, OPERATOR, PROVIDER, WEATHER_STUDIO, Character
from market.demo.processes import Processes
from market.demo.show import Show

PHONE = "+86 531 0000 0000"


@dataclass(frozen=True)
class Cast:
    """Everybody, signed in."""

    operator: Person
    auditor: Person
    provider: Person
    buyer: Person


class Door:
    """Lets people in, each exactly once however often the demo runs.

    Args:
        url: base address of the exchange.
        show: where it is told.
        processes: runs the command that founds the exchange.
        passwords: by e-mail address.
        apps: the staff's authenticator apps.
    """

    def __init__(
        self, url: str, show: Show, processes: Processes, passwords: dict[str, str], apps: Authenticators
    ) -> None:
        self._url = url
        self._show = show
        self._processes = processes
        self._passwords = passwords
        self._apps = apps

    def let_in(self) -> Cast:
        """Bring everybody in who is not in yet, and sign all of them in.

        Raises:
            DemoError: the exchange refuses somebody.
        """
        operator = self._known(OPERATOR) or self._found()
        auditor = self._known(AUDITOR) or self._invite(operator)
        provider = self._known(PROVIDER) or self._apply(PROVIDER, WEATHER_STUDIO, "provider")
        buyer = self._known(BUYER) or self._apply(BUYER, FARM, "buyer")
        for person in (provider, buyer):
            self._verify(operator, person)
        return Cast(operator, auditor, provider, buyer)

    def _known(self, character: Character) -> Person | None:
        """Sign in somebody who joined in an earlier run."""
        try:
            return self._sign_in(character)
        except DemoError as error:
            if error.code == "sign_in.wrong":
                return None
            raise

    def _sign_in(self, character: Character) -> Person:
        email, password = character.email, self._passwords[character.email]
        person = Person(self._url, character.role)
        try:
            return person.sign_in(email, password, character.scopes, self._apps.code(email))
        except DemoError as error:
            if error.code != "second_factor.not_enrolled":
                raise
        person.enrol(email, password, self._apps)
        self._show.act(character.role, "sets up an authenticator app as second factor")
        return person.sign_in(email, password, character.scopes, self._apps.code(email))

    def _found(self) -> Person:
        self._show.now("founding the exchange")
        options = [
            *_options(EXCHANGE),
            "--person",
            OPERATOR.name,
            "--email",
            OPERATOR.email,
            "--phone",
            PHONE,
        ]
        password = {"QILU_PASSWORD": self._passwords[OPERATOR.email]}
        self._processes.run("found", "user", "create-operator", *options, give=password)
        self._show.act("operator", "founds the exchange (qilu user create-operator)", "exchange.founded")
        return self._sign_in(OPERATOR)

    def _invite(self, operator: Person) -> Person:
        invited = operator.post(
            "/api/v1/members/invitations", {"email": AUDITOR.email, "roles": ["auditor"]}, create=True
        )
        self._show.act("operator", "invites an auditor", self._show.entry(operator, invited))
        joining = {"name": AUDITOR.name, "password": self._passwords[AUDITOR.email]}
        joined = Person(self._url, AUDITOR.role).post(f"/api/v1/invitations/{invited['token']}", joining)
        self._show.act("auditor", "joins", self._show.entry(operator, joined))
        return self._sign_in(AUDITOR)

    def _apply(self, character: Character, organisation: Body, role: str) -> Person:
        application = {
            **organisation, "person": character.name, "email": character.email, "phone": PHONE,
            "password": self._passwords[character.email], "roles": [role],
        }  # fmt: skip
        stranger = Person(self._url, character.role)
        applied = stranger.post("/api/v1/organisations", application, create=True)
        self._show.act(role, f"applies: {organisation['name_en']}", self._show.entry(stranger, applied))
        return self._sign_in(character)

    def _verify(self, operator: Person, person: Person) -> None:
        organisation = person.get("/api/v1/me")["organisation"]
        if organisation["state"] != "APPLIED":
            return
        decision = {"decision": "verify", "reason": "演示：材料齐全 · demo: documents complete"}
        decided = operator.post(f"/api/v1/organisations/{organisation['id']}/decision", decision)
        self._show.act("operator", f"verifies {organisation['name_en']}", self._show.entry(operator, decided))

        def verified() -> bool | None:
            return person.get("/api/v1/me")["organisation"]["state"] == "VERIFIED" or None

        wait_for(verified, "the verification of an organisation")


def _options(organisation: Body) -> list[str]:
    """Return the facts of an organisation as options of the command line."""
    return [
        part for name, value in organisation.items() for part in (f"--{name.replace('_', '-')}", str(value))
    ]
