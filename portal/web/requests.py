"""Requests for access: the page on which a person who was refused asks, and the one on which the owner answers."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from chancery.errors import NotFound
from chancery.policy.days import end_of
from chancery.policy.permission import Permission
from chancery.policy.reasons import WORDS, Reason, reason_of_code
from chancery.policy.rights import LEVELS_ASKED, in_order, parse_rights
from chancery.policy.words import rights_in_words
from portal import clock
from portal.languages import reader_languages, translate
from portal.rejected_input import typed_in
from portal.usecases.access_requests import (
    decline_request,
    explain_to_caller,
    grant_request,
    request_access,
    request_blockers,
)
from portal.usecases.personal_data import PersonalData
from portal.web.fields import FreeTextField
from portal.web.framework import (
    PAGE_SIZE,
    PageRequest,
    attempt,
    carried_out,
    moment_of,
    page,
    part_of,
    record_reading,
    show,
    words_of,
)
from portal.web.grant_lines import shown_grants
from portal.web.labels import labels_for
from portal.web.listing import Column, Listing
from portal.web.personal_grants import given_beside
from portal.web.policies import KNOWN_DAY, LEVEL_CHOICES
from portal.words.policies import rights_as_level, who_in_words
from protection.selectors.blockers import Blockers, Change
from protection.selectors.decisions import ADMINISTRATOR
from protection.selectors.documents import Document, document_for, policy_for
from protection.selectors.requests import RequestRow, request_for, requests_for
from protection.selectors.templates import template
from protection.services.access import basis_of
from protection.services.grant_request import Terms
from protection.services.request_access import RequestedAccess

LEVELS: Final = [(name, words) for name, words in LEVEL_CHOICES if name in LEVELS_ASKED]
DAY: Final = 86_400
COLUMNS: Final = (
    Column("who", gettext_lazy("Who"), "person", stays=True),
    Column("document", gettext_lazy("Document"), "person", stays=True),
    Column("level", gettext_lazy("Asks for"), "state"),
    Column("asked_at", gettext_lazy("Since"), "time", sorts=True),
    Column("answer", gettext_lazy("Answer"), "state", stays=True),
)


class AskForm(forms.Form):
    """What somebody asks for."""

    level = forms.ChoiceField(
        label=gettext_lazy("What you need"), choices=LEVELS, initial="viewer", widget=forms.RadioSelect()
    )
    note = FreeTextField(
        label=gettext_lazy("What for"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The owner reads this."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, levels: Collection[str], initial: dict[str, str]) -> None:
        super().__init__(data, initial=initial)
        # Everything stays in a form that was sent, so that it comes back as it was with what is wrong with it.
        if data is None and levels:
            choices = [(name, words) for name, words in LEVELS if name in levels]
            self.fields["level"].choices = choices  # type: ignore[attr-defined]  # of a choice field
            if self.initial.get("level") not in levels:
                self.initial["level"] = choices[0][0]


class GrantForm(forms.Form):
    """What is given, until when, and whether blockers are changed too.

    The page sends along, as ``seen``, the blockers that it showed: the yes is about that and nothing else.
    Where something has come since, the yes is taken back, for the person who gave it to look again.
    """

    level = forms.ChoiceField(label=gettext_lazy("They may"), choices=LEVELS, widget=forms.RadioSelect())
    ends = forms.ChoiceField(
        label=gettext_lazy("Until when"),
        choices=[
            ("7", gettext_lazy("For 7 days")),
            ("30", gettext_lazy("For 30 days")),
            ("date", gettext_lazy("Until a day")),
            ("never", gettext_lazy("No end of its own")),
        ],
        initial="7",
        widget=forms.RadioSelect(),
    )
    day = forms.DateField(
        label=gettext_lazy("Last day of access"),
        required=False,
        validators=[KNOWN_DAY],
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Access ends with this day, at midnight in your time zone, if you chose “Until a day”."),
    )
    lift = forms.BooleanField(
        label=gettext_lazy("Yes, also change what prevents access, as listed above"), required=False
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        needed: Blockers,
        seen: Iterable[str] = (),
        initial: dict[str, Any] | None = None,
    ) -> None:
        self.seen = frozenset(seen)
        if data is not None and not self.seen.issuperset(needed.messages):
            data = {name: data[name] for name in data if name != "lift"}
        super().__init__(data, initial=initial)
        if not needed.changes:
            del self.fields["lift"]

    def clean(self) -> dict[str, Any]:
        """Ask for the day where one was chosen, and for one end where two are named."""
        data = super().clean() or {}
        if data.get("ends") == "date" and not data.get("day") and "day" not in self.errors:
            self.add_error("day", _("Name the day, or choose another end."))
        if data.get("ends") != "date" and data.get("day"):
            self.add_error("ends", _("You named a day. Choose “Until a day”, or leave the day empty."))
        return data

    def terms(self) -> Terms:
        """Return what is given; only after the form is valid."""
        data = self.cleaned_data
        lift = self.seen if data.get("lift") else frozenset()
        return Terms(parse_rights([data["level"]]), _end(data["ends"], data.get("day")), lift=lift)


class DeclineForm(forms.Form):
    """What the person who asked reads."""

    message = FreeTextField(
        label=gettext_lazy("Message to the person who asked"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _end(chosen: str, day: date | None) -> int | None:
    if chosen == "never":
        return None
    if chosen == "date" and day is not None:
        return end_of(day, timezone.get_current_timezone())
    return clock.now() + int(chosen) * DAY


@require_http_methods(["GET", "POST"])
@page()
def document_access(request: PageRequest, cid: UUID) -> HttpResponse:
    """Tell a person why they may open a document or not, and let them ask for access."""
    caller, organization = request.caller, request.organization
    found = explain_to_caller(caller=caller, organization=organization, cid=cid)
    form = AskForm(request.POST or None, levels=found.levels, initial=_asked_before(found.asked))
    if request.method == "POST" and form.is_valid():
        requested = RequestedAccess(form.cleaned_data["level"], form.cleaned_data["note"])
        done = _("{owner} is asked, and you get the answer by mail.").format(owner=found.why.contact)
        if attempt(
            request,
            done,
            lambda: request_access(caller=caller, organization=organization, cid=cid, requested=requested),
            here=True,
        ):
            return redirect("document_access", cid)
    context = {
        "cid": cid,
        "why": found.why,
        "may": translate(rights_in_words(found.why.rights)),
        "reasons": [
            {
                "words": {
                    "person": translate(WORDS[one.reason].person),
                    "next_step": translate(WORDS[one.reason].next_step),
                },
                "detail": translate(one.detail),
            }
            for one in found.why.reasons
        ],
        "had": translate(rights_in_words(in_order(found.why.had))),
        "had_until": moment_of(found.why.had_until),
        "asked": found.asked,
        "given": rights_as_level(found.asked.rights) if found.asked and found.asked.rights else "",
        "until": moment_of(found.asked.until) if found.asked else None,
        "form": form if found.levels or form.is_bound else None,
        "refusal": "" if found.refusal is None or found.why.allowed else words_of(found.refusal),
        "labels": labels_for(request, cid),
        **_who_has_access(request, cid),
    }
    return show(request, "document_access", "documents", context)


def _who_has_access(request: PageRequest, cid: UUID) -> dict[str, Any]:
    """Return the whole list for people with the right to read it, nothing for everybody else (promise C31)."""
    caller, organization = request.caller, request.organization
    try:
        shown = policy_for(caller.actor, cid, caller.rights_on)
    except NotFound:
        return {"shown": None}
    return {
        "shown": shown,
        "grants": shown_grants(shown.policy, organization.id, organization.name),
        "denied": part_of(request, "denied", [str(who).removeprefix("address:") for who in shown.policy.deny]),
        "given_beside": [one for one in given_beside(cid) if not one["taken"] and not one["ended"]],
        "expires": moment_of(shown.policy.expires),
    }


def _asked_before(asked: RequestRow | None) -> dict[str, str]:
    return {"level": asked.wanted, "note": asked.note} if asked is not None and asked.is_open else {}


@require_GET
@page()
def request_list(request: PageRequest) -> HttpResponse:
    """Show what waits for an answer; to those who watch, what waits for others."""
    may_see_all = request.caller.may(Permission.DOCUMENTS_READ_ALL)
    everybody = may_see_all and request.GET.get("scope") == "all"
    if everybody:
        record_reading(request, PersonalData.REQUESTS)
    after = request.GET.get("cursor", "")
    listing = Listing(request, "requests", COLUMNS, order="-asked_at", selects=not everybody)
    rows = requests_for(request.caller.actor, everybody=everybody, sort=listing.sort, limit=PAGE_SIZE, after=after)
    context = {
        "rows": rows,
        "listing": listing,
        "next_cursor": str(rows[-1].id) if len(rows) == PAGE_SIZE else "",
        "everybody": everybody,
        "may_see_all": may_see_all,
    }
    return show(request, "requests", "requests", context)


@require_http_methods(["GET", "POST"])
@page()
def access_request(request: PageRequest, request_id: UUID) -> HttpResponse:
    """Show who asks for what, and let the owner answer with one button."""
    actor, organization = request.caller.actor, request.organization
    row = request_for(actor, request_id)
    needed = request_blockers(caller=request.caller, organization=organization, request=row)
    initial = {"level": row.wanted, "ends": "7"}
    decision = request.POST.get("decision")
    grant = GrantForm(
        request.POST if decision == "grant" else None,
        needed=needed,
        seen=request.POST.getlist("seen"),
        initial=initial,
    )
    decline = DeclineForm(request.POST if decision == "decline" else None)
    if (grant.is_valid() and _granted(request, row, grant.terms())) or (
        decline.is_valid() and _declined(request, row, decline.cleaned_data["message"])
    ):
        return redirect("document", row.cid)
    document = document_for(actor, row.cid)
    reason = reason_of_code(row.reason)
    context = {
        "asked": row,
        "grant": grant,
        "decline": decline,
        "typed": typed_in(request),
        "answers": basis_of(actor, row.deciding_issuer, row.owner_id) not in {None, ADMINISTRATOR},
        "refused": "" if reason is None else translate(WORDS[reason].owner),
        "unseen": row.reason == Reason.DENIED_BY_ENTRY and Change.ADMIT not in needed.changes,
        "given": rights_as_level(row.rights) if row.rights else "",
        "until": moment_of(row.until),
        **_in_words(request, needed, document),
    }
    return show(request, "request", "requests", context)


def _granted(request: PageRequest, row: RequestRow, terms: Terms) -> bool:
    caller, organization = request.caller, request.organization
    return carried_out(
        request,
        lambda: grant_request(caller=caller, organization=organization, request_id=row.id, terms=terms),
    )


def _declined(request: PageRequest, row: RequestRow, message: str) -> bool:
    return carried_out(
        request,
        lambda: decline_request(
            caller=request.caller, organization=request.organization, request_id=row.id, message=message
        ),
    )


def _in_words(request: PageRequest, needed: Blockers, document: Document) -> dict[str, Any]:
    """Return what blocks access, what would be changed, and what that means for others."""
    organization = request.organization
    by_template = None if document.row.template_id is None else template(document.row.template_id)
    return {
        "blocked": [f"{translate(WORDS[one.reason].owner)} {translate(one.detail)}".strip() for one in needed.blocked],
        "changes": [one.value for one in needed.changes],
        "seen": list(needed.messages),
        "entries": [who_in_words(who, organization.id, organization.name) for who in needed.entries],
        "template": None if by_template is None else {"name": by_template.name(*reader_languages())},
        "leaves_template": by_template is not None and bool({Change.EXTEND, Change.ADMIT} & set(needed.changes)),
        "opening_days": document.policy.expires_after_opening_days,
        "document_ends": None if Change.EXTEND in needed.changes else moment_of(document.policy.expires),
    }
