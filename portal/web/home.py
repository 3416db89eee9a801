"""Home: what matters now, and the next step for a person who has just arrived."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from audit.selectors.events import Filter, events
from portal.identity.second_factors import has_second_factor
from portal.usecases.permissions import Permission
from portal.web.framework import PageRequest, page, show
from portal.words.events import shown_events
from protection.selectors.documents import documents_of
from protection.selectors.organization import keys
from protection.selectors.requests import requests_for
from protection.selectors.totals import Totals, totals_for
from tenants.directory.selectors.domains import domains_in
from tenants.directory.selectors.groups import count_groups
from tenants.directory.selectors.people import count_in, people_in


@dataclass(frozen=True, slots=True)
class Step:
    """One of the first steps of an organization, whether it is done, and where it is done."""

    words: str
    why: str
    done: bool
    address: str


@require_GET
@page()
def home(request: PageRequest) -> HttpResponse:
    """Show counts, newest documents and, by role, the newest refusals and what is still to be set up."""
    caller = request.caller
    administers = caller.may(Permission.DOCUMENTS_READ_ALL)
    totals = totals_for(
        caller.actor, everybody=administers, today=timezone.localdate(), zone=timezone.get_current_timezone_name()
    )
    context = {
        "totals": totals,
        "steps": _first_steps(request, totals) if caller.may(Permission.PEOPLE_MANAGE) else (),
        "documents": documents_of(caller.actor, everybody=administers, limit=5).documents,
        "administers": administers,
        "pending": documents_of(caller.actor, everybody=True, state="pending", limit=5).documents
        if administers
        else (),
        "people": count_in(request.organization.id) if caller.may(Permission.PEOPLE_READ) else None,
        "waiting": requests_for(caller.actor, limit=5),
        "refusals": (),
        "key": None,
    }
    if caller.may(Permission.AUDIT_READ):
        wanted = Filter(kinds=["content.opened", "content.edited", "content.tampered"], outcome="refused")
        refused = events(filter=wanted, limit=5).events
        context["refusals"] = shown_events(refused, request.organization.id, request.organization.name)
    if caller.may(Permission.KEYS_READ):
        context["key"] = next((key for key in keys() if key.status == "active"), None)
    return show(request, "home", "home", context)


def _first_steps(request: PageRequest, totals: Totals) -> tuple[Step, ...]:
    """Return what a new organization does first, nothing when all is done."""
    organization, base = request.organization.id, settings.CHANCERY_BASE_URL
    administrators = people_in(organization, role="global_administrator", limit=3)
    steps = (
        Step(
            _("Prove your mail domain"),
            _("Addresses in it then belong to your organization."),
            any(domain.proven_at for domain in domains_in(organization)),
            f"{reverse('people')}#domains",
        ),
        Step(
            _("Turn on two-step sign-in for yourself"),
            _("Keys, roles and the service are changed with it only."),
            has_second_factor(request.caller.person),
            f"{base}/accounts/2fa/",
        ),
        Step(
            _("Add a second administrator"),
            _("They can help when you lose your sign-in, and approve what one person may not do alone."),
            sum(not one.disabled for one in administrators) > 1,
            reverse("person_new"),
        ),
        Step(
            _("Add the people who protect files"),
            _("They get a mail with a link. People outside need not be added to open files."),
            count_in(organization) > len(administrators),
            reverse("person_new"),
        ),
        Step(
            _("Make groups of those who work together"),
            _("A template names a group once; who is in it changes later."),
            count_groups(organization) > 0,
            reverse("group_new"),
        ),
        Step(
            _("Look through the templates"),
            _("People choose one of them when they protect a file."),
            totals.documents > 0,
            reverse("templates"),
        ),
        Step(
            _("Protect a first file and send it"),
            _("The page encrypts it in your browser."),
            totals.documents > 0,
            f"{base}/protect/",
        ),
        Step(
            _("See who opened it"),
            _("Each opening and each refusal is on the document's page."),
            totals.opened > 0,
            f"{reverse('documents')}?scope=all",
        ),
    )
    return () if all(step.done for step in steps) else steps
