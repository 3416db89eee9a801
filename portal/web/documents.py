"""Documents: one's own, everybody's, and one document with all that happened to it."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.selectors.events import InvalidCursor
from chancery.errors import InvalidPolicy, NotFound
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from chancery.policy.reasons import WORDS, Reason
from chancery.texts import message
from portal.languages import reader_languages, translate, with_next_step
from portal.subjects.recipients import entry_named
from portal.usecases.access_requests import explain_to_caller
from portal.usecases.application_readings import application_readings
from portal.usecases.confirmation import Stated
from portal.usecases.documents import accept_document, block_document, change_access
from portal.usecases.effects import Effect
from portal.usecases.names import asked_names
from portal.usecases.notices import AS_FOR_ALL, IN_WORDS, news_for, notice_choices
from portal.usecases.personal_data import PersonalData
from portal.usecases.sight import document_events, sight_of
from portal.web.confirming import confirmed
from portal.web.document_form import DocumentPolicyForm
from portal.web.framework import PageRequest, carried_out, page, part_of, record_reading, show
from portal.web.listing import Column, Listing
from portal.web.policies import policy_initial
from portal.web.recipients import shown_recipients
from portal.web.revocations import shown_scheduled
from portal.words.codes import pending_in_words
from portal.words.events import shown_events
from portal.words.read_permissions import KINDS
from protection.selectors.cursors import InvalidCursor as InvalidDocumentCursor
from protection.selectors.decoys import decoy_of
from protection.selectors.document_list import NEWEST, documents_of
from protection.selectors.documents import (
    Document,
    document_for,
    offline_end_of,
    policy_for,
    title_of,
)
from protection.selectors.hand_overs import owner_row
from protection.selectors.labels import label
from protection.selectors.requests import requests_about
from protection.selectors.scheduled import scheduled_revocations
from protection.selectors.templates import kept_template
from protection.services.access import basis_of
from tenants.directory.selectors.people import names_of

STATES: Final = {
    "active": gettext_lazy("Active"),
    "revoked": gettext_lazy("Revoked"),
    "pending": gettext_lazy("Pending"),
    "blocked": gettext_lazy("Blocked"),
}
COLUMNS: Final = (
    Column("title", gettext_lazy("Document"), "name", sorts=True, stays=True),
    Column("state", gettext_lazy("State"), "state", sorts=True),
    Column("owner", gettext_lazy("Owner"), "person", sorts=True),
    Column("opened", gettext_lazy("Opened"), "number", sorts=True),
    Column("refused", gettext_lazy("Refused"), "number", sorts=True),
    Column("registered_at", gettext_lazy("Known since"), "time", sorts=True),
)


@require_GET
@page()
def document_list(request: PageRequest) -> HttpResponse:
    """Show one's own documents, or everybody's to those who may see them."""
    may_see_all, everybody = _scope(request)
    search, state = request.GET.get("search", "").strip(), request.GET.get("state", "")
    state = state if state in STATES else ""
    granted, granted_to, granted_wrong = _granted_to(request)
    owner, issuer = (request.GET.get(name, "").strip() for name in ("owner", "issuer"))
    sight = sight_of(caller=request.caller)
    news = None if everybody else news_for(caller=request.caller, sight=sight, visiting=True)
    filters = {
        "search": search and f"“{search}”",
        "state": str(STATES.get(state, "")),
        **_about_people(granted if granted_to else "", owner, issuer),
        "new": _("Opened since your last visit") if news and request.GET.get("new") == "1" else "",
    }
    selects = not everybody or request.caller.may(Permission.DOCUMENTS_REVOKE)
    listing = Listing(request, "documents", COLUMNS, order=NEWEST, filters=filters, selects=selects)
    try:
        found = documents_of(
            request.caller.actor,
            everybody=everybody,
            search=search,
            state=state,
            granted_to=granted_to,
            owner=owner,
            issuer=issuer,
            sort=listing.sort,
            cursor=request.GET.get("cursor", ""),
            counted=True,
            sight=sight,
            news_since=news.since if news and filters["new"] else None,
        )
    except InvalidDocumentCursor:
        return redirect("documents")
    context = {
        "found": found,
        "news": news,
        "listing": listing,
        "everybody": everybody,
        "may_see_all": may_see_all,
        "search": search,
        "state": state,
        "states": STATES,
        "owner": owner,
        "issuer": issuer,
        "granted": granted,
        "granted_wrong": granted_wrong,
    }
    return show(request, "documents", "documents", context)


def _scope(request: PageRequest) -> tuple[bool, bool]:
    """Return whether the reader may see everybody's documents, and whether they do, which is on record."""
    may_see_all = request.caller.may(Permission.DOCUMENTS_READ_ALL)
    everybody = may_see_all and request.GET.get("scope") == "all"
    if everybody:
        record_reading(request, PersonalData.DOCUMENTS)
    return may_see_all, everybody


def _about_people(granted: str, owner: str, issuer: str) -> dict[str, str]:
    """Return what the filters say by which documents are found for a person."""
    return {
        "granted_to": granted and _("Granted to {who}").format(who=granted),
        "owner": owner and _("Owned by {who}").format(who=_called(owner)),
        "issuer": issuer and _("Protected by {who}").format(who=_called(issuer)),
    }


def _granted_to(request: PageRequest) -> tuple[str, Principal | None, str]:
    """Return whom the filter names, as it was typed and as an entry, and what is wrong with it."""
    granted = request.GET.get("granted_to", "").strip()
    if not granted:
        return "", None, ""
    try:
        return granted, entry_named(granted, request.organization.id), ""
    except InvalidPolicy as error:
        return granted, None, with_next_step(error)


@require_GET
@page(reads=PersonalData.DOCUMENT)
def document(request: PageRequest, cid: UUID) -> HttpResponse:
    """Show one document: its policy, who opened it, who was refused; to a recipient, what they may do with it."""
    actor, sight = request.caller.actor, sight_of(caller=request.caller)
    try:
        found = document_for(actor, cid, sight)
    except NotFound:
        # People who may open it, or were refused, have a page about their own access; to all others there is no
        # document.
        explain_to_caller(caller=request.caller, organization=request.organization, cid=cid)
        return redirect("document_access", cid)
    try:
        happened = document_events(caller=request.caller, cid=cid, cursor=request.GET.get("cursor", ""), sight=sight)
    except InvalidCursor:
        return redirect("document", cid)
    shown = shown_events(happened.events, request.organization.id, request.organization.name)
    basis = basis_of(actor, found.row.deciding_issuer, found.row.owner_id)
    context = {
        "found": found,
        "row": found.row,
        "issuer": found.row.issuer_address or _application_named(request, found.row.issuer_id),
        "denied": part_of(request, "denied", [str(who).removeprefix("address:") for who in found.policy.deny]),
        "expires": None if found.policy.expires is None else datetime.fromtimestamp(found.policy.expires, UTC),
        "some_end_sooner": bool(found.policy.ends),
        "label": None if found.row.label_id is None else label(found.row.label_id).name(*reader_languages()),
        "template": _named(found.row.template_id),
        "events": shown,
        "notices": {AS_FOR_ALL: gettext_lazy("As for all my documents"), **IN_WORDS},
        "noticed": notice_choices(caller=request.caller).on(cid),
        "shows_names": sight.names_on(cid),
        "may_ask_names": not sight.is_off,
        "asked_names": None if sight.names_on(cid) else asked_names(caller=request.caller, cid=cid).since,
        "next_cursor": happened.next_cursor,
        "readings": [
            {"one": one, "kind": KINDS[one.permission.kind]}
            for one in application_readings(caller=request.caller, cid=cid).rows
        ],
        "latest": offline_end_of(found.row),
        "manages": basis,
        "decoy": decoy_of(cid),
        "marks": basis,
        "hands_over": found.row.owner_id == actor.person or request.caller.may(Permission.DOCUMENTS_HAND_OVER),
        "recipients": shown_recipients(request, found, basis),
        "waiting": [one for one in requests_about(cid) if one.is_open],
        "scheduled": shown_scheduled(request, scheduled_revocations(actor, cid=cid)),
        "successor": _successor(found),
        "pending_why": pending_in_words(found.pending_because),
        "pending_words": translate(WORDS[Reason.REGISTRATION_PENDING].administrator),
    }
    return show(request, "document", "documents", context)


def _successor(found: Document) -> dict[str, Any] | None:
    """Return the document that replaces this one, by id and name."""
    if found.successor is None:
        return None
    return {"cid": found.successor, "title": title_of(found.successor) or _("Untitled")}


def _application_named(request: PageRequest, person: UUID) -> str:
    """Return what the application is called that has protected a document: it has no address."""
    return names_of(request.organization.id, [person]).get(person, "")


def _named(template_id: UUID | None) -> dict[str, str] | None:
    """Return how the template of a document is called to the reader."""
    return None if template_id is None else {"name": kept_template(template_id).name(*reader_languages())}


def _called(person: str) -> str:
    """Return how a person is called that a filter names, by address or by an id, of those who own documents."""
    try:
        row = owner_row(UUID(person))
    except ValueError:
        return person
    return person if row is None else row.address


@require_http_methods(["GET", "POST"])
@page()
def change_document(request: PageRequest, cid: UUID) -> HttpResponse:
    """Change who may do what with a document that was already sent."""
    caller, organization = request.caller, request.organization.id
    shown = policy_for(caller.actor, cid, caller.rights_on)
    if not shown.may_change:
        raise NotFound(message("There is no such document, or you may not change who has access to it."))
    back = "document" if shown.tracks else "document_access"
    form = DocumentPolicyForm(
        request.POST or None,
        organization=organization,
        stored=shown.policy,
        initial=policy_initial(shown.policy, organization),
    )
    found = document_for(caller.actor, cid) if shown.tracks else None

    def form_again() -> HttpResponse:
        context = {
            "found": found,
            "shown": shown,
            "cid": cid,
            "back": back,
            "form": form,
            # What the person has seen, also when the form comes back with an error.
            "based_on": request.POST.get("based_on") or shown.version,
        }
        return show(request, "document_change", "documents", context)

    if request.method != "POST" or not form.is_valid():
        return form_again()
    policy = form.policy()
    days, seen = form.cleaned_data["expires_after_days"], request.POST.get("based_on", "")

    def act(stated: Stated) -> Effect:
        return change_access(
            caller=caller,
            organization=request.organization,
            cid=cid,
            policy=policy,
            stated=stated,
            expires_after_days=days,
            based_on=int(seen) if seen.isdecimal() else None,
        )

    return confirmed(request, reverse(back, args=[cid]), act, section="documents", refused=form_again)


@require_POST
@page(Permission.DOCUMENTS_REVOKE)
def decide_pending(request: PageRequest, cid: UUID) -> HttpResponse:
    """Accept a document whose registration was pending, or block it once the consequences were seen."""
    if request.POST.get("decision") == "accept":
        carried_out(request, lambda: accept_document(caller=request.caller, cid=cid))
        return redirect("document", cid)
    return confirmed(
        request,
        reverse("document", args=[cid]),
        lambda stated: block_document(caller=request.caller, cid=cid, stated=stated),
        section="documents",
    )
