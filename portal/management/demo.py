"""The product's demo, made with real parts: what a new installation shows on its first day.

Olga of Contoso protects three real files.  Rita, a partner at Fabrikam, opens what she was sent; Max, a colleague who
is not on the list, is refused; one document is taken back after it was opened.  Every step goes through the same
interfaces and keys as in life, over HTTP to the running service; nothing is written into tables by hand.
"""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chancery.sdk import signin
from chancery.sdk.errors import Refused
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import USER_AGENT, Session
from portal.usecases.organizations import create_organization
from portal.usecases.people import create_person_by_operator
from portal.words.actors import FIRST_START
from tenants.actor import Actor
from tenants.directory.models import Person
from tenants.directory.selectors.people import person_with_login
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.organizations.selectors import OrganizationFacts, organization_by_slug

DEMO = Actor(person_id=None, name=FIRST_START, source="first-start")

PLAN = """Project Lighthouse: plan

1. Sign the letter of intent with Fabrikam.
2. Keep the price between us until the board has agreed.
3. Announce on the first of the month.
"""
MINUTES = """Minutes of the board, for all employees

The board has approved the budget. Questions are answered at the town hall.
"""
OFFER = """Offer to Fabrikam (first draft, prices are wrong)

This version was sent by mistake.
"""


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What the first start prints: who can sign in, with which password, and which document to look at."""

    password: str
    people: tuple[tuple[str, str, str], ...]
    plan: UUID
    folder: Path


def create_demo(folder: Path) -> DemoSummary:
    """Make the demo and leave its sealed files in ``folder``; safe to make again after a start that was cut short."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    contoso = _organization("contoso", "Contoso", "ada", "Ada Ahrens")
    fabrikam = _organization("fabrikam", "Fabrikam", "rita", "Rita Reyes")
    _person(contoso, "olga", "Olga Orlov")
    _person(contoso, "max", "Max Meyer")
    password = f"{secrets.choice(_WORDS)}-{secrets.choice(_WORDS)}-{secrets.randbelow(9000) + 1000}"
    people = (
        ("ada@contoso.example", "administrator of Contoso", contoso.host),
        ("olga@contoso.example", "protects documents at Contoso", contoso.host),
        ("max@contoso.example", "a colleague who was refused", contoso.host),
        ("rita@fabrikam.example", "administrator of Fabrikam, Contoso's partner", fabrikam.host),
    )
    for address, _, _ in people:
        _set_password(address, password)
    with _device("olga") as olga, _device("rita") as rita, _device("max") as max_:
        plan = _act(folder, olga, rita, max_)
    return DemoSummary(password, people, plan, folder)


def _act(folder: Path, olga: Session, rita: Session, max_: Session) -> UUID:
    """Protect, send, open, be refused, take back."""
    to_rita = ProtectOptions(grants=("rita@fabrikam.example:VIEW,PRINT",), offline_days=7)
    plan = olga.protect(_written(folder / "Project Lighthouse.txt", PLAN), to_rita)
    everybody = olga.own_organization().templates()[-1]["id"]
    minutes = olga.protect(_written(folder / "Minutes of the board.txt", MINUTES), ProtectOptions(template=everybody))
    # Never offline: Rita's license is for one opening, so that the revocation meets her at once.
    each_time = ProtectOptions(grants=to_rita.grants, offline_days=0)
    offer = olga.protect(_written(folder / "Offer (draft).txt", OFFER), each_time)
    for reader, document in ((rita, plan), (rita, offer), (max_, minutes)):
        with reader.reading(document.path) as content:
            content.stream.read()
    _refused(max_, plan.path, folder)
    contoso = olga.own_organization()
    contoso.call(
        "POST",
        f"/api/v1/documents/{offer.cid}/revoke",
        {"reason": "Sent by mistake, prices are wrong", "confirm": "Offer (draft).txt"},
    )
    _refused(rita, offer.path, folder)
    return plan.cid


def _refused(session: Session, sealed: Path, folder: Path) -> None:
    try:
        session.open_file(sealed, folder / "never written")
    except Refused:
        return
    raise RuntimeError("The demo expects a refusal here; the installation does not work as it should.")


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _organization(slug: str, name: str, administrator: str, administrator_name: str) -> OrganizationFacts:
    known = organization_by_slug(slug)
    if known is not None:
        return known
    return create_organization(
        name=name,
        slug=slug,
        administrator=f"{administrator}@{slug}.example",
        administrator_name=administrator_name,
        mail_domain=f"{slug}.example",
        actor=DEMO,
    ).organization


def _person(organization: OrganizationFacts, local: str, name: str) -> None:
    address = f"{local}@{organization.slug}.example"
    if person_with_login(address) is None:
        create_person_by_operator(
            organization=organization, address=address, name=name, role="user", guest=False, actor=DEMO
        )


@transaction.atomic
def _set_password(address: str, password: str) -> None:
    person = Person.objects.get(id=person_with_login(address))
    person.set_password(password)
    person.save(update_fields=["password"])


@contextmanager
def _device(local: str) -> Iterator[Session]:
    """Sign a person in on a device whose keys are gone when the demo is made."""
    slug = "fabrikam" if local == "rita" else "contoso"
    person = person_with_login(f"{local}@{slug}.example")
    if person is None:
        raise RuntimeError("Somebody of the demo is missing.")
    with tempfile.TemporaryDirectory(prefix="chancery-demo-") as folder:
        http = Http(USER_AGENT)
        home = Home(Path(folder), use_key_ring=False)
        installation = signin.discover(http, settings.CHANCERY_BASE_URL)
        code = issue_enrollment_code(person_id=person, actor=DEMO)
        account = signin.enroll(home, http, installation, signin.sign_in_by_code(http, installation, code))
        with Session(home, account, http) as session:
            yield session


_WORDS = (
    "amber", "anchor", "basil", "canyon", "cedar", "comet", "copper", "delta", "ember", "falcon", "garnet", "harbor",
    "indigo", "juniper", "lantern", "maple", "meadow", "nickel", "ocean", "opal", "orchid", "pepper", "quartz", "raven",
    "river", "saffron", "silver", "summit", "timber", "velvet", "walnut", "willow",
)  # fmt: skip
