"""Handing documents over to another owner: the question, what waits for approval, and how far it is."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.languages import reader_languages
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.hand_overs.approval import approve, decline
from portal.usecases.hand_overs.ask import HandOverRequest, hand_over
from portal.usecases.hand_overs.visible import departed_owners, visible_hand_over, visible_hand_overs
from portal.usecases.personal_data import PersonalData
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, page, show
from portal.web.listing import ids_in
from protection.selectors.documents import titles_of
from protection.selectors.hand_overs import HandOverFacts, owner_row, owners_of
from protection.selectors.labels import labels
from protection.selectors.templates import templates
from tenants.directory.selectors.people import addressees

SUGGESTED: Final = 200
"""Members whom the field of the new owner suggests to those who may read the list of people."""
STATES: Final = {
    "waiting": gettext_lazy("Waiting"),
    "running": gettext_lazy("Under way"),
    "done": gettext_lazy("Done"),
    "declined": gettext_lazy("Declined"),
    "failed": gettext_lazy("Incomplete"),
}
TONES: Final = {"waiting": "warn", "running": "warn", "done": "good", "failed": "bad"}


class HandOverForm(forms.Form):
    """To whom, and which of all documents."""

    to = forms.EmailField(
        label=gettext_lazy("New owner"),
        max_length=254,
        help_text=gettext_lazy("The address of a member of your organization. They get a mail."),
        widget=forms.EmailInput(attrs={"list": "members", "autocomplete": "off"}),
    )
    template = forms.TypedChoiceField(
        label=gettext_lazy("Only those by this template"), required=False, coerce=UUID, empty_value=None
    )
    label = forms.TypedChoiceField(
        label=gettext_lazy("Only those under this label"), required=False, coerce=UUID, empty_value=None
    )

    def __init__(self, data: Any, *, named: bool, initial: dict[str, str]) -> None:
        """Leave template and label away where single documents are named."""
        super().__init__(data, initial=initial)
        languages = reader_languages()
        for name, found in () if named else (("template", templates()), ("label", labels())):
            choices = [(str(one.id), one.name(*languages)) for one in found]
            self.fields[name].choices = [("", gettext_lazy("Any")), *choices]  # type: ignore[attr-defined]
        for name in ("template", "label"):
            if named or len(self.fields[name].choices) < 2:  # type: ignore[attr-defined]  # both are choices
                del self.fields[name]


@require_http_methods(["GET", "POST"])
@page()
def hand_over_new(request: PageRequest) -> HttpResponse:
    """Ask to whom the chosen documents, or all of a person's, are to go, then with the consequences, then do it."""
    named = ids_in([*request.GET.getlist("chosen"), *request.POST.getlist("chosen")])
    owner = request.POST.get("owner") or request.GET.get("owner", "")
    asked = "to" in request.POST
    form = HandOverForm(request.POST if asked else None, named=bool(named), initial=_initial(request))
    named, left_out, whose = _whose(request, named, owner)
    if not whose:
        raise Http404
    back = _back(request, named, owner)

    def shown() -> HttpResponse:
        members = request.caller.may(Permission.PEOPLE_READ)
        context = {
            "form": form,
            "named": named,
            "titles": titles_of(named),
            "left_out": left_out,
            "owner": owner,
            "whose": whose,
            "mine": set(whose) == {request.caller.address},
            "back": back,
            "members": addressees(request.organization.id, search="", limit=SUGGESTED, guests=False) if members else (),
        }
        return show(request, "hand_over_new", "documents", context)

    if not asked or not form.is_valid():
        return shown()
    data = form.cleaned_data
    requested = HandOverRequest(
        to=data["to"], cids=tuple(named), owner=owner, template=data.get("template"), label=data.get("label")
    )

    def act(stated: Stated) -> Effect:
        return hand_over(caller=request.caller, organization=request.organization, requested=requested, stated=stated)

    return confirmed(request, back, act, done=reverse("hand_overs"), section="documents", refused=shown)


def _initial(request: PageRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "") for name in ("to", "template", "label")}


def _whose(request: PageRequest, named: Sequence[UUID], owner: str) -> tuple[list[UUID], int, dict[str, int]]:
    """Return which of the named documents the reader may hand over, how many not, and how many are meant of whom."""
    caller = request.caller
    everybody = caller.may(Permission.DOCUMENTS_HAND_OVER)
    if named:
        rows = {cid: row for cid, row in owners_of(named).items() if everybody or row.id == caller.person}
        allowed = [cid for cid in named if cid in rows]
        return allowed, len(named) - len(allowed), {row.address: row.documents for row in rows.values()}
    person = ids_in([owner])[0] if owner else caller.person
    row = owner_row(person) if everybody or person == caller.person else None
    return [], 0, {} if row is None else {row.address: row.documents}


def _back(request: PageRequest, named: Sequence[UUID], owner: str) -> str:
    if len(named) == 1:
        return reverse("document", args=[named[0]])
    return reverse("people_departed") if owner and request.GET.get("from") == "departed" else reverse("documents")


@require_GET
@page()
def hand_over_list(request: PageRequest) -> HttpResponse:
    """Show what was handed over or waits: from and to the reader, or all by role."""
    after = request.GET.get("cursor", "")
    rows = [_shown(one) for one in visible_hand_overs(caller=request.caller, limit=PAGE_SIZE, after=after).rows]
    following = rows[-1]["one"].id if len(rows) == PAGE_SIZE else ""
    approves = request.caller.may(Permission.DOCUMENTS_HAND_OVER)
    return show(request, "hand_overs", "documents", {"rows": rows, "approves": approves, "next_cursor": following})


@require_GET
@page()
def hand_over_detail(request: PageRequest, hand_over_id: UUID) -> HttpResponse:
    """Show one hand-over: how far it is, or who has to approve it."""
    found = visible_hand_over(caller=request.caller, hand_over_id=hand_over_id)
    approves = request.caller.may(Permission.DOCUMENTS_HAND_OVER)
    # Who is to get documents reads what they are called once they have them.
    expects = found.new_owner == request.caller.person and found.state != "done" and not approves
    context = {
        **_shown(found),
        "titles": () if expects else titles_of(found.cids or ()),
        "percent": 100 * found.done // max(found.total, 1),
        "approves": approves and found.state == "waiting",
        "own": found.asker == request.caller.person,
        "given": found.state == "done" and found.new_owner == request.caller.person,
    }
    return show(request, "hand_over", "documents", context)


@require_POST
@page(Permission.DOCUMENTS_HAND_OVER)
def hand_over_answer(request: PageRequest, hand_over_id: UUID) -> HttpResponse:
    """Approve a hand-over once its consequences were seen, or decline it."""
    answer = request.POST.get("act")
    if answer not in {"approve", "decline"}:
        raise Http404

    def act(stated: Stated) -> Effect:
        if answer == "approve":
            return approve(
                caller=request.caller, organization=request.organization, hand_over_id=hand_over_id, stated=stated
            )
        return decline(caller=request.caller, hand_over_id=hand_over_id, stated=stated)

    return confirmed(request, reverse("hand_over", args=[hand_over_id]), act, section="documents")


@require_GET
@page(Permission.DOCUMENTS_HAND_OVER, reads=PersonalData.LEFT)
def departed(request: PageRequest) -> HttpResponse:
    """Show people who left and whose documents nobody decides about."""
    return show(request, "people_departed", "people", {"owners": departed_owners(caller=request.caller).rows})


def _shown(one: HandOverFacts) -> dict[str, Any]:
    return {"one": one, "state": STATES[one.state], "tone": TONES.get(one.state, "")}
