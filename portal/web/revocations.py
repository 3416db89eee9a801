"""Take access to a document back, now or at a moment, give it back, and see what is scheduled."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.errors import InvalidPolicy
from chancery.policy.permission import Permission
from chancery.policy.policy import Principal
from chancery.policy.revocations import entry_of
from portal.identity.strength import of_session
from portal.languages import with_next_step
from portal.subjects.recipients import EVERYBODY, entry_named, recipient_of
from portal.usecases.confirmation import Stated
from portal.usecases.revoking import (
    RevocationRequest,
    restore_access,
    revoke_access,
    set_successor,
)
from portal.usecases.scheduled_revocations import cancel_scheduled
from portal.usecases.sight import sight_of
from portal.web.fields import FreeTextField
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show
from portal.web.policies import KNOWN_MOMENT, MOMENT
from portal.words.policies import who_in_words
from protection.selectors.document_list import NEWEST, documents_of
from protection.selectors.documents import Document, document_for, latest_offline_moment
from protection.selectors.kept import KeptByPerson, kept_by_people, latest_moment_of
from protection.selectors.scheduled import ScheduledFacts, scheduled_revocations
from protection.services.access import basis_of
from protection.services.schedule_revocation import may_unset
from tenants.organizations.selectors import OrganizationFacts

OFFERED: Final = 100
"""Documents that the form offers as the one that replaces another."""


class RevokeForm(forms.Form):
    """From whom, when, why, and what they read."""

    recipient = forms.CharField(
        label=gettext_lazy("From whom"),
        required=False,
        max_length=320,
        help_text=gettext_lazy(
            "A person's or group's address, or a mail domain like example.com. Left empty, from everybody but the"
            " person who protected it, unless it was handed over."
        ),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        validators=[KNOWN_MOMENT],
        widget=MOMENT,
        help_text=gettext_lazy("Left empty, now. Otherwise access ends at this moment, in your time zone."),
    )
    message = FreeTextField(
        label=gettext_lazy("Message to recipients"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Those who are refused read it. People who are named also get it by mail."),
    )
    successor = forms.TypedChoiceField(
        label=gettext_lazy("Replaced by"),
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text=gettext_lazy("Those who are refused are led to this document, if they may open it."),
    )
    issuer_too = forms.BooleanField(
        label=gettext_lazy("Shut out the person who protected it, too"),
        required=False,
        help_text=gettext_lazy("Otherwise they can still open it. Only if you name no recipient."),
    )
    reason = FreeTextField(
        label=gettext_lazy("Why"), required=False, max_length=500, help_text=gettext_lazy("Kept in the audit log.")
    )

    def __init__(self, data: Any, *, request: PageRequest, found: Document, initial: dict[str, Any]) -> None:
        """Fix the recipient that a row leads here for; leave out what the person cannot set."""
        super().__init__(data, initial=initial)
        self._organization = request.organization
        self.from_one = _named(initial.get("recipient", ""), request.organization)
        if self.from_one is not None:
            self.fields["recipient"].widget = forms.HiddenInput()
        if self.from_one is not None or not request.caller.may(Permission.DOCUMENTS_REVOKE):
            del self.fields["issuer_too"]
        offered = _replacing(request, found)
        self.fields["successor"].choices = [("", gettext_lazy("No document")), *offered]  # type: ignore[attr-defined]
        if not offered:
            del self.fields["successor"]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that most people leave as they are."""
        return [self[name] for name in ("at", "successor", "issuer_too") if name in self.fields]

    @property
    def asked_first(self) -> list[forms.BoundField]:
        """The fields that are shown at once: so the question has room on a small screen."""
        names = {one.name for one in self.folded}
        return [one for one in self.visible_fields() if one.name not in names]

    @property
    def folds_open(self) -> bool:
        """Whether something was entered there, or is wrong."""
        return any(one.errors or one.value() for one in self.folded)

    def clean_recipient(self) -> str:
        """Refuse what means nobody; everybody is no recipient."""
        text = str(self.cleaned_data["recipient"]).strip()
        if not text or text.casefold() == EVERYBODY:
            return ""
        try:
            recipient_of(entry_named(text, self._organization.id))
        except InvalidPolicy as error:
            raise forms.ValidationError(with_next_step(error)) from error
        return text

    def asked(self) -> RevocationRequest:
        """Return what is asked for."""
        data = self.cleaned_data
        at: datetime | None = data["at"]
        return RevocationRequest(
            recipient=data["recipient"],
            at=None if at is None else int(at.timestamp()),
            message=data["message"],
            successor=data.get("successor"),
            issuer_too=bool(data.get("issuer_too")) and not data["recipient"],
        )


def _named(text: str, organization: OrganizationFacts) -> Principal | None:
    """Return whom an address of this page names, None for nobody."""
    try:
        who = entry_named(text, organization.id)
        recipient_of(who)
    except InvalidPolicy:
        return None
    return who


def _replacing(request: PageRequest, found: Document) -> list[tuple[str, str | Promise]]:
    """Return the newest documents of the same owner that may replace one, those that the caller may see."""
    everybody = request.caller.may(Permission.DOCUMENTS_READ_ALL)
    owner = str(found.row.owner_id)
    rows = documents_of(request.caller.actor, everybody=everybody, owner=owner, sort=NEWEST, limit=OFFERED).documents
    return [(str(one.cid), one.title or _("Untitled")) for one in rows if one.cid != found.row.cid]


@require_http_methods(["GET", "POST"])
@page()
def revoke_document(request: PageRequest, cid: UUID) -> HttpResponse:
    """Ask for confirmation with the consequences spelled out, then take access back or set the moment of it."""
    found = document_for(request.caller.actor, cid)
    form = RevokeForm(request.POST or None, request=request, found=found, initial=_initial(request, found))
    if request.method == "POST" and form.is_valid():
        # The page itself says what the act does, and its form confirms it.
        stated = Stated(found.row.title or str(cid), form.cleaned_data["reason"], of_session(request))
        asked, organization = form.asked(), request.organization
        if carried_out(
            request,
            lambda: revoke_access(
                caller=request.caller, organization=organization, cid=cid, asked=asked, stated=stated
            ),
        ):
            return redirect("document", cid)
    one = form.from_one
    context = {
        "found": found,
        "row": found.row,
        "form": form,
        "from_one": None if one is None else who_in_words(one, request.organization.id, request.organization.name),
        "latest": latest_offline_moment(cid) if one is None else _latest_of(request, cid, one),
        "kept": _kept(request, cid, one),
    }
    return show(request, "document_revoke", "documents", context)


def _initial(request: PageRequest, found: Document) -> dict[str, Any]:
    """Return what the form begins with: the recipient of the row, and what is to be changed where it was scheduled."""
    recipient = request.GET.get("recipient", "")
    begun = {"recipient": recipient, "successor": found.successor}
    if "scheduled" not in request.GET:
        return begun
    rows = scheduled_revocations(request.caller.actor, cid=found.row.cid)
    known = next((one for one in rows if one.name == recipient), None)
    if known is None:
        return begun
    return {
        **begun,
        "at": known.at,
        "message": known.message,
        "reason": known.reason,
        "issuer_too": known.issuer_too,
        "successor": known.successor or found.successor,
    }


def _latest_of(request: PageRequest, cid: UUID, one: Principal) -> datetime | None:
    recipient = recipient_of(one)
    return latest_moment_of(
        cid, sight_of(caller=request.caller), recipient.name, recipient.identity if recipient.single else None
    )


def _kept(request: PageRequest, cid: UUID, one: Principal | None) -> tuple[KeptByPerson, ...]:
    """Return until when each person can open what their devices keep, where several people are concerned."""
    kept = kept_by_people(cid, sight_of(caller=request.caller))
    return kept if one is None and len(kept) > 1 else ()


@require_POST
@page()
def restore_document(request: PageRequest, cid: UUID) -> HttpResponse:
    """Give access back as it was."""
    recipient = request.POST.get("recipient", "")
    target: dict[str, Any] = {"caller": request.caller, "organization": request.organization, "cid": cid}
    carried_out(request, lambda: restore_access(**target, recipient=recipient))
    return redirect("document", cid)


class SuccessorForm(forms.Form):
    """Which document replaces another one."""

    successor = forms.TypedChoiceField(
        label=gettext_lazy("Replaced by"),
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text=gettext_lazy(
            "People who are refused because access was taken back are led to this document, if they may open it. The"
            " others learn only that there is one."
        ),
    )


@require_http_methods(["GET", "POST"])
@page()
def document_successor(request: PageRequest, cid: UUID) -> HttpResponse:
    """Name the document that replaces another one, or none any more."""
    found = document_for(request.caller.actor, cid)
    form = SuccessorForm(request.POST or None, initial={"successor": found.successor})
    offered = _replacing(request, found)
    form.fields["successor"].choices = [("", gettext_lazy("No document")), *offered]  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        named = form.cleaned_data["successor"]
        if carried_out(request, lambda: set_successor(caller=request.caller, cid=cid, successor=named)):
            return redirect("document", cid)
    return show(request, "document_successor", "documents", {"row": found.row, "form": form, "offered": offered})


@dataclass(frozen=True, slots=True)
class ShownScheduled:
    """One scheduled revocation in words; ``may_cancel`` tells whether the reader may cancel or change it."""

    one: ScheduledFacts
    who: str
    may_cancel: bool


def shown_scheduled(request: PageRequest, rows: tuple[ScheduledFacts, ...]) -> list[ShownScheduled]:
    """Return scheduled revocations as pages show them."""
    actor, organization = request.caller.actor, request.organization
    shown = []
    for one in rows:
        basis = basis_of(actor, one.issuer_id, one.owner_id)
        may = basis is not None and may_unset(actor, basis, by_administrator=one.by_administrator, setter=one.setter)
        who = who_in_words(entry_of(one.name), organization.id, organization.name) if one.name else _("Everybody")
        shown.append(ShownScheduled(one, who, may))
    return shown


@require_GET
@page()
def scheduled_list(request: PageRequest) -> HttpResponse:
    """Show what is set to end: of one's own documents, or of everybody's by role."""
    may_see_all = request.caller.may(Permission.DOCUMENTS_READ_ALL)
    everybody = may_see_all and request.GET.get("scope") == "all"
    found = scheduled_revocations(
        request.caller.actor, everybody=everybody, limit=PAGE_SIZE + 1, after=request.GET.get("cursor", "")
    )
    context = {
        "rows": shown_scheduled(request, found[:PAGE_SIZE]),
        "next_cursor": str(found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else "",
        "everybody": everybody,
        "may_see_all": may_see_all,
    }
    return show(request, "scheduled", "documents", context)


@require_POST
@page()
def scheduled_cancel(request: PageRequest, scheduled_id: UUID) -> HttpResponse:
    """Let access not end at the moment that was set."""
    carried_out(request, lambda: cancel_scheduled(caller=request.caller, scheduled=scheduled_id))
    document = request.POST.get("document", "")
    return redirect("document", document) if _is_id(document) else redirect("scheduled")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
