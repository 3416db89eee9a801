"""An organization in which everything is called as long as it may be, and its pages as files without a server."""

import io
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route

from chancery.policy.labels import Effect
from chancery.policy.policy import Grant, Policy, Principal
from chancery.policy.rights import LEVELS
from chancery.sdk.errors import Refused
from chancery.sdk.options import ProtectOptions
from portal.usecases.applications import create_application
from portal.usecases.caller import Caller, caller_at
from portal.usecases.domain_lookup import MOST_LETTERS
from portal.usecases.organizations import create_organization
from portal.usecases.previews.ask import ask_about_group
from protection.selectors.organization import keys
from protection.services.create_template import create_template
from protection.services.publish_template import publish_template
from protection.services.save_label import LabelDraft, create_label
from protection.services.template_draft import TemplateDraft
from tenants.context import in_schema
from tenants.directory.domain_checks import DomainCheck, LookupResult
from tenants.directory.members import Member
from tenants.directory.models import Device, Person
from tenants.directory.services.add_address import add_address
from tenants.directory.services.ask_address_code import ask_address_code
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.record_domain_check import record_domain_check
from tests.cast import ACTOR, Cast
from tests.isolation.endpoints import Site
from tests.portal.identity.browser import BASE, host_of

DOMAIN: Final = ".".join(("m" * 60, "a" * 60, "i" * 58, "example"))
ADDRESS: Final = f"{'l' * 64}@{DOMAIN}"
PERSON: Final = "Maximiliana-Alexandrina" * 4 + "von Ahr"
NAME: Final = "N" * 200
TITLE: Final = f"{'T' * 251}.txt"
REASON: Final = "becauseofthis" * 38
FIFTY: Final = 50


@dataclass(frozen=True, slots=True)
class Look:
    """One page that somebody looks at, perhaps after they have sent a form."""

    path: str
    form: tuple[tuple[str, str], ...] = ()
    who: str = "ada"
    host: str = host_of("contoso")

    @property
    def address(self) -> str:
        """Where a browser finds it; what a form leads to has an address of its own here."""
        return f"http://{self.host}{self.path}" + (f"?{urlencode(self.form)}" if self.form else "")


@dataclass
class Longest:
    """The organization, and the pages that are looked at."""

    site: Site
    looks: list[Look]

    def answers(self) -> dict[str, bytes]:
        """Return each page by its address; asked beforehand, since Django asks no database while Playwright runs."""
        found = {}
        for look in self.looks:
            browser = self.site.browser(look.host, self.site.cast.players[look.who])
            answer = browser.post(look.path, dict(look.form), follow=True) if look.form else browser.get(look.path)
            assert answer.status_code == 200, f"{look.address} answers {answer.status_code}"
            found[look.address] = answer.content
        return found


@contextmanager
def opened(chromium: Chromium, answers: dict[str, bytes]) -> Iterator[Page]:
    """Return a browser's page to which these answers and the static files are all there is in the network."""
    page = chromium.new_page()

    def answer(route: Route) -> None:
        url = route.request.url
        path = urlsplit(url).path
        if path.startswith(settings.STATIC_URL):
            file = finders.find(path.removeprefix(settings.STATIC_URL))
            if file is not None:
                kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
                return route.fulfill(body=Path(file).read_bytes(), content_type=kind)
        if url in answers:
            return route.fulfill(body=answers[url], content_type="text/html; charset=utf-8")
        return route.fulfill(status=404)

    page.route("**/*", answer)
    yield page
    page.close()


def longest(cast: Cast, folder: Path) -> Longest:
    """Make one of everything at Contoso, as long as the service takes it, and fifty documents."""
    founded = create_organization(
        name=NAME, slug="contoso", administrator=ADDRESS, administrator_name=PERSON, mail_domain=DOMAIN, actor=ACTOR
    )
    contoso = cast.organizations["contoso"] = founded.organization
    cast.enroll("ada", founded.administrator.id, ADDRESS)
    _first, named, *_others, asker = (
        create_person(organization_id=contoso.id, address=f"{letter}{ADDRESS[1:]}", name=PERSON, actor=ACTOR)
        for letter in "012m"
    )
    cast.enroll("max", asker.id, asker.email)
    claim_domain(organization_id=contoso.id, domain=f"x{DOMAIN[1:]}", actor=ACTOR)
    held = DomainCheck(LookupResult.OTHER, "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:53535", ("w" * MOST_LETTERS,) * 5)
    record_domain_check(organization_id=contoso.id, domain=f"x{DOMAIN[1:]}", check=held, person_id=cast.ada.id)
    for person, letter in ((named.id, "3"), (cast.ada.id, "y")):
        add_address(organization_id=contoso.id, person_id=person, address=f"{letter}{ADDRESS[1:]}", actor=ACTOR)
    ask_address_code(person_id=cast.ada.id, address=f"z{ADDRESS[1:]}")
    group = create_group(
        organization_id=contoso.id,
        address=f"g{ADDRESS[1:]}",
        name=NAME,
        members=[Member(address=ADDRESS), Member(address=f"s{ADDRESS[1:]}")],
        actor=ACTOR,
    )
    Device.objects.filter(person_id=cast.ada.id).update(name=NAME)
    objects = {"group": group.id, **_documents(cast, folder), **_administered(cast, group.id)}
    return Longest(Site(cast, {}), [*_looks(objects), *_own_looks(cast)])


def _documents(cast: Cast, folder: Path) -> dict[str, UUID]:
    """Protect fifty files; of one somebody is refused and asks for access, and it is taken back."""
    source, cids = folder / TITLE, []
    source.write_text("the plan", encoding="utf-8")
    grants = tuple(f"{number}{ADDRESS[1:]}:VIEW" for number in range(3))
    for target in (targets := [folder / f"{number}.sealed" for number in range(FIFTY)]):
        cids.append(cast.ada.session.protect(source, ProtectOptions(grants=grants), target=target).cid)
    with suppress(Refused):
        cast.max.session.open_stream(targets[-1], io.BytesIO())
    place, cid = cast.max.session.organization_of(targets[-1])
    request = place.call("POST", f"/api/v1/documents/{cid}/access-requests", {"note": REASON})["id"]
    own = cast.ada.session.own_organization()
    own.call("POST", f"/api/v1/documents/{cid}/revoke", {"reason": REASON, "confirm": TITLE})
    return {"cid": UUID(str(cid)), "other": UUID(str(cids[0])), "request": UUID(str(request))}


def _administered(cast: Cast, group: UUID) -> dict[str, UUID | str]:
    """Make a template, a label, an application and a preview."""
    contoso = cast.organizations["contoso"]
    with in_schema(contoso.schema_name):
        caller = caller_at(contoso, Person.objects.get(id=cast.ada.id), ip="", source="test")
        template, spare = _template(caller), _template(caller)
        draft = LabelDraft({"en": NAME[:100]}, 10, Effect.PROTECT, template, {"en": REASON[:200]})
        label = create_label(actor=caller.actor, draft=draft, publish=True)
        made = create_application(caller=caller, name=NAME, roles=["connector", "directory", "reporter"])
        preview = ask_about_group(
            caller=caller, organization_id=contoso.id, group_id=group, remove=[Member(address=ADDRESS)]
        ).id
        key = keys()[0].id
    objects = {"template": template, "spare": spare, "label": label, "preview": preview, "key": key}
    return {**objects, "application": made.credentials.client_id}


def _template(caller: Caller) -> UUID:
    grants = tuple(Grant(Principal.parse(f"{number}{ADDRESS[1:]}"), LEVELS["viewer"]) for number in range(2))
    draft = TemplateDraft(names={"en": NAME[:100]}, policy=Policy(grants=grants), descriptions={"en": REASON[:200]})
    template = create_template(actor=caller.actor, draft=draft)
    publish_template(actor=caller.actor, template=template)
    return template


def _looks(made: dict[str, UUID | str]) -> Iterator[Look]:
    """Return every page of the organization that shows something of it, and every question before an act."""
    documents = [f"/documents/{made[name]}/" for name in ("cid", "other")]
    person = Person.objects.get(email=f"1{ADDRESS[1:]}").id
    yield Look(f"{documents[0]}access/", who="max")
    yield Look(f"/people/{person}/", (("act", "disable"),))
    yield Look(f"/people/{person}/", (("act", "role"), ("role", "global_administrator")))
    yield Look(f"/people/{person}/addresses/", (("act", "remove-address"), ("address", f"3{ADDRESS[1:]}")))
    yield Look(f"/applications/{made['application']}/", (("act", "disable"),))
    yield Look(f"/templates/{made['spare']}/status/", (("status", "archived"),))
    yield Look(f"/labels/{made['label']}/status/", (("status", "archived"),))
    yield Look("/settings/service/", (("state", "off"),))
    yield Look("/documents/chosen/", (("act", "revoke"), ("chosen", str(made["other"]))))
    yield Look("/documents/chosen/", (("act", "restore"), ("chosen", str(made["other"]))))
    for path in (
        "/", "/documents/", "/documents/?scope=all", "/requests/", f"/requests/{made['request']}/",
        *documents, *(f"{documents[1]}{act}/" for act in ("why", "revoke", "change", "label")),
        f"{documents[1]}why/?who=1{ADDRESS[1:]}",
        "/templates/", "/templates/new/", "/templates/deleted/", "/templates/import/",
        f"/templates/{made['template']}/", f"/templates/{made['template']}/history/",
        "/labels/", "/labels/new/", f"/labels/{made['label']}/", f"/previews/{made['preview']}/",
        "/people/", "/people/new/", f"/people/{person}/",
        "/groups/new/", f"/groups/{made['group']}/",
        "/applications/", "/applications/new/", f"/applications/{made['application']}/",
        "/domains/new/", f"/domains/x{DOMAIN[1:]}/", f"/domains/x{DOMAIN[1:]}/release/",
        "/keys/", "/keys/new/", "/settings/", "/audit/", "/handbook/", "/handbook/rights/",
    ):  # fmt: skip
        yield Look(path)


def _own_looks(cast: Cast) -> Iterator[Look]:
    """Return a person's own pages."""
    device = Device.objects.filter(person_id=cast.ada.id)[0].id
    accounts = (f"/accounts/{name}/" for name in ("email", "2fa", "sessions", "logout", "preferences"))
    for path in ("/", "/devices/", "/devices/code/", f"/devices/{device}/revoke/", "/organizations/new/", *accounts):
        yield Look(path, host=BASE)
