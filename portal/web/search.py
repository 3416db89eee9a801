"""Search over everything that the reader may see at their organization, from documents to the handbook."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from chancery.policy.permission import Permission
from portal.languages import reader_languages
from portal.usecases.personal_data import PersonalData
from portal.usecases.sight import sight_of
from portal.web.framework import PageRequest, page, record_reading, show
from portal.web.handbook import found_in_handbook
from protection.selectors.document_list import documents_of
from protection.selectors.documents import DocumentRow
from protection.selectors.labels import ShownLabel, labels, offered_labels
from protection.selectors.templates import Template, offered_templates, templates
from tenants.directory.selectors.groups import groups_in
from tenants.directory.selectors.people import people_in

MOST: Final = 8
"""Hits of one kind; the page of that kind has them all."""

LONGEST: Final = 200
"""Characters of a search that count."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: what it is called, a second line that tells it from others, where it is."""

    name: str
    beside: str
    address: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind; ``all`` is the page that lists everything of this kind that matches, "" for none."""

    kind: str
    hits: tuple[Hit, ...]
    all: str = ""


PAGES: Final[tuple[tuple[str, Promise, Promise, Permission | None], ...]] = (
    ("documents", gettext_lazy("Documents"), gettext_lazy("protected files, openings, take access back"), None),
    ("requests", gettext_lazy("Requests"), gettext_lazy("who asks for access"), None),
    (
        "template_new",
        gettext_lazy("New template"),
        gettext_lazy("policy, who may open, rights"),
        Permission.TEMPLATES_MANAGE,
    ),
    ("templates_import", gettext_lazy("Import templates"), gettext_lazy("file, move"), Permission.TEMPLATES_MANAGE),
    ("label_new", gettext_lazy("New label"), gettext_lazy("sensitivity, classification"), Permission.TEMPLATES_MANAGE),
    ("person_new", gettext_lazy("Add a person"), gettext_lazy("invite, guest, user"), Permission.PEOPLE_MANAGE),
    ("group_new", gettext_lazy("New group"), gettext_lazy("members, team"), Permission.GROUPS_MANAGE),
    (
        "domain_new",
        gettext_lazy("Claim a domain"),
        gettext_lazy("mail domain, DNS, prove"),
        Permission.DOMAINS_MANAGE,
    ),
    (
        "applications",
        gettext_lazy("Applications"),
        gettext_lazy("programs, API, secret, token"),
        Permission.APPLICATIONS_MANAGE,
    ),
    ("keys", gettext_lazy("Keys"), gettext_lazy("rotate, tenant key, archive, compromised"), Permission.KEYS_READ),
    ("audit", gettext_lazy("Audit log"), gettext_lazy("events, who opened, proof"), Permission.AUDIT_READ),
    (
        "settings",
        gettext_lazy("Settings"),
        gettext_lazy("offline days, lease, contact, switch the service off"),
        Permission.SETTINGS_READ,
    ),
)
"""Pages by name: what they are called and, for the search alone, what people may call them else; who sees them."""


@require_GET
@page()
def search(request: PageRequest) -> HttpResponse:
    """Show what matches, kind by kind; every kind follows the rules of its own page."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    found = [hits for hits in _everything(request, text) if hits.hits] if text else []
    return show(request, "search", "search", {"everything": text, "found": found})


def _everything(request: PageRequest, text: str) -> Iterator[Hits]:
    caller, organization = request.caller, request.organization
    everybody = caller.may(Permission.DOCUMENTS_READ_ALL)
    if everybody:
        record_reading(request, PersonalData.DOCUMENTS)
    documents = documents_of(
        caller.actor, everybody=everybody, search=text, limit=MOST, sight=sight_of(caller=caller)
    ).documents
    scope = "scope=all&" if everybody else ""
    yield Hits(
        _("Documents"),
        tuple(
            Hit(row.title or _("Untitled"), _owned_since(row), reverse("document", args=[row.cid])) for row in documents
        ),
        f"{reverse('documents')}?{scope}",
    )
    if caller.may(Permission.PEOPLE_READ):
        record_reading(request, PersonalData.PEOPLE)
        people = people_in(organization.id, search=text, limit=MOST)
        yield Hits(
            _("People"),
            tuple(Hit(one.name or one.email, one.email, reverse("person", args=[one.id])) for one in people),
            f"{reverse('people')}?",
        )
    if caller.may(Permission.GROUPS_READ):
        groups = groups_in(organization.id, search=text, limit=MOST)
        yield Hits(_("Groups"), tuple(Hit(one.name, one.address, reverse("group", args=[one.id])) for one in groups))
    yield from _policies(request, text)
    yield Hits(_("Pages"), tuple(_pages(request, text)))
    yield Hits(
        _("Handbook"),
        tuple(
            Hit(one.section or one.title, one.title if one.section else "", one.address)
            for one in found_in_handbook(text, limit=MOST)
        ),
    )


def _owned_since(row: DocumentRow) -> str:
    """Tell documents of one name apart."""
    return f"{row.owner_address} · {date_format(timezone.localtime(row.registered_at), 'DATETIME_FORMAT')}"


def _policies(request: PageRequest, text: str) -> Iterator[Hits]:
    """Find templates and labels: all for those who manage them, what they may choose for everybody else."""
    caller, languages = request.caller, reader_languages()
    if not caller.may(Permission.TEMPLATES_READ):
        return
    manages, known_as, legacy = caller.may(Permission.TEMPLATES_MANAGE), caller.known_as, caller.is_application
    of_template = templates(search=text) if manages else offered_templates(known_as, legacy=legacy, search=text)
    known = labels() if manages else offered_labels(known_as, legacy=legacy)
    named = [one for one in known if _matches(text, (one.name(*languages), one.description(*languages)))]

    def hits(found: Sequence[Template | ShownLabel], page_of_one: str, page_of_all: str) -> tuple[Hit, ...]:
        """Lead to each one's own page those who manage them, all others to the list."""
        return tuple(
            Hit(
                one.name(*languages),
                one.description(*languages),
                reverse(page_of_one, args=[one.id]) if manages else reverse(page_of_all),
            )
            for one in found[:MOST]
        )

    yield Hits(_("Templates"), hits(of_template, "template", "templates"), f"{reverse('templates')}?")
    yield Hits(_("Labels"), hits(named, "label", "labels"))


def _pages(request: PageRequest, text: str) -> Iterator[Hit]:
    for name, called, also, permission in PAGES:
        if (permission is None or request.caller.may(permission)) and _matches(text, (str(called), str(also))):
            yield Hit(str(called), "", reverse(name))


def _matches(text: str, texts: Iterable[str]) -> bool:
    """Tell whether every word of the search is somewhere in the texts."""
    whole = " ".join(texts).casefold()
    return all(word in whole for word in text.casefold().split())
