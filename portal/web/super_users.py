"""Super users: who may ask for a grant, the grants, and what was opened under each."""

import json
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.sealed_reports import NoReportYet
from portal.usecases.super_users.answer import approve, end, turn_down
from portal.usecases.super_users.ask import HOURS, GrantRequest, ask
from portal.usecases.super_users.recovery import choose_keepers, present, show_key
from portal.usecases.super_users.report import sealed_report
from portal.usecases.super_users.settings import let_ask, let_group_ask, no_longer_let_ask, switch, tell_owners_after
from portal.usecases.super_users.visible import Standing, standing, visible_grant, visible_grants
from portal.web.confirming import confirmed
from portal.web.fields import FreeTextField
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show, words_of
from portal.web.scope_form import SCOPE_FIELDS, ScopeForm
from portal.words.scopes import scope_in_words
from protection.selectors.documents import titles_by_id
from protection.selectors.super_users import GrantFacts
from protection.services.approvals import MOST_CASE, MOST_REASON
from protection.services.recovery_keys import KeyWasShown
from protection.services.super_user_grants import MOST_HOURS
from protection.services.super_users import MOST_NOTICE_DAYS

STATES: Final = {
    "waiting": gettext_lazy("Waiting"),
    "active": gettext_lazy("Active"),
    "declined": gettext_lazy("Declined"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "lapsed": gettext_lazy("Not answered"),
    "ended": gettext_lazy("Ended"),
}
TONES: Final = {"waiting": "warn", "active": "bad", "ended": "good"}
"""An active grant opens everything that it covers, which should strike the eye."""


ACTS: Final = {
    "printed": gettext_lazy("printed"),
    "copied": gettext_lazy("copied from"),
    "edited": gettext_lazy("edited"),
    "saved": gettext_lazy("saved"),
    "exported": gettext_lazy("protection removed"),
    "refused": gettext_lazy("tried, refused"),
}
"""What happened under a grant beside openings."""


class GrantForm(ScopeForm):
    """How long, why, and which documents."""

    reason = FreeTextField(
        label=gettext_lazy("Why"),
        max_length=MOST_REASON,
        help_text=gettext_lazy("The approver, auditors and later the owners read it."),
    )
    case = forms.CharField(label=gettext_lazy("Case number"), max_length=MOST_CASE, required=False)
    hours = forms.IntegerField(label=gettext_lazy("Hours"), min_value=1, max_value=MOST_HOURS, initial=HOURS)
    legal_ground = forms.CharField(
        label=gettext_lazy("Legal ground for never telling the owners"),
        max_length=MOST_REASON,
        required=False,
        help_text=gettext_lazy("Leave it empty, and owners are told after the days that your organization has set."),
    )

    field_order = ("reason", "case", "hours", *SCOPE_FIELDS, "legal_ground")

    def requested(self) -> GrantRequest:
        """Return what is asked for."""
        data = self.cleaned_data
        return GrantRequest(
            hours=data["hours"],
            case=data["case"],
            legal_ground=data["legal_ground"],
            **self.scope_members(),
        )


@require_GET
@page()
def super_users(request: PageRequest) -> HttpResponse:
    """Show the settings to those who may read them, and the grants that the reader sees."""
    known = standing(caller=request.caller)
    cursor = request.GET.get("cursor", "")
    before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else None
    rows = visible_grants(caller=request.caller, limit=PAGE_SIZE, before=before).rows
    if not _concerned(request, known, rows):
        raise Http404
    context = {
        "standing": known,
        "settings": known.settings,
        "reads": request.caller.may(Permission.SETTINGS_READ),
        "rows": [_shown(one) for one in rows],
        "next_cursor": rows[-1].number if len(rows) == PAGE_SIZE else "",
        "all": known.sees_all,
        "most_days": MOST_NOTICE_DAYS,
    }
    return show(request, "super_users", "super_users", context)


def _concerned(request: PageRequest, known: Standing, rows: tuple[GrantFacts, ...]) -> bool:
    reads = request.caller.may(Permission.SETTINGS_READ) or known.sees_all
    return reads or known.asks or known.keeps is not None or bool(rows)


@require_POST
@page(Permission.SUPER_USERS_MANAGE)
def super_users_change(request: PageRequest) -> HttpResponse:
    """Make one change of the settings, after a question."""
    acts = {
        "on": lambda stated: switch(**_whom(request), on=True, stated=stated),
        "off": lambda stated: switch(**_whom(request), on=False, stated=stated),
        "group": lambda stated: let_group_ask(**_whom(request), address=_field(request, "group"), stated=stated),
        "no_group": lambda stated: let_group_ask(**_whom(request), address="", stated=stated),
        "notice": lambda stated: tell_owners_after(**_whom(request), days=_days(request), stated=stated),
        "add": lambda stated: let_ask(**_whom(request), who=_field(request, "who"), stated=stated),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        raise Http404
    return confirmed(request, reverse("super_users"), act, section="super_users")


@require_POST
@page(Permission.SUPER_USERS_MANAGE)
def super_user_remove(request: PageRequest, person_id: UUID) -> HttpResponse:
    """Take a person or application off the list, after a question."""

    def act(stated: Stated) -> Effect:
        return no_longer_let_ask(**_whom(request), person_id=person_id, stated=stated)

    return confirmed(request, reverse("super_users"), act, section="super_users")


@require_POST
@page(Permission.SUPER_USERS_MANAGE)
def recovery_keys(request: PageRequest) -> HttpResponse:
    """Name the two keepers of the recovery keys, after a question."""

    def act(stated: Stated) -> Effect:
        return choose_keepers(
            **_whom(request), first=_field(request, "first"), second=_field(request, "second"), stated=stated
        )

    return confirmed(request, reverse("super_users"), act, section="super_users")


@require_POST
@never_cache
@page()
def recovery_key(request: PageRequest) -> HttpResponse:
    """Show a keeper their key, this once."""
    try:
        shown = show_key(caller=request.caller)
    except KeyWasShown as error:
        messages.error(request, words_of(error))
        return redirect("super_users")
    return show(request, "recovery_key", "super_users", {"key": shown.key, "words": shown.effect.message})


@require_POST
@page()
def super_user_grant_present(request: PageRequest, grant_id: UUID) -> HttpResponse:
    """Take a keeper's recovery key for a grant that waits."""
    key = request.POST.get("key", "")
    carried_out(request, lambda: present(**_whom(request), grant_id=grant_id, key=key))
    return redirect("super_user_grant", grant_id)


@require_http_methods(["GET", "POST"])
@page()
def super_user_grant_new(request: PageRequest) -> HttpResponse:
    """Ask for a grant: for how long, why and which documents, then what that covers, then ask."""
    known = standing(caller=request.caller)
    if not known.asks:
        raise Http404
    asked = "hours" in request.POST
    form = GrantForm(request.POST if asked else None, {name: request.GET.get(name, "") for name in ("documents",)})

    def shown() -> HttpResponse:
        return show(request, "super_user_grant_new", "super_users", {"form": form, "settings": known.settings})

    if not asked or not form.is_valid():
        return shown()

    def act(stated: Stated) -> Effect:
        return ask(**_whom(request), requested=form.requested(), stated=stated)

    return confirmed(request, reverse("super_users"), act, section="super_users", refused=shown)


@require_GET
@page()
def super_user_grant(request: PageRequest, grant_id: UUID) -> HttpResponse:
    """Show one grant: what it covers, who approved it, and what was opened under it."""
    found = visible_grant(caller=request.caller, grant_id=grant_id)
    # What is called how is for those who may read it anyway, and for the holder once the grant was approved.
    named = (found.facts.scope.cids or ()) if standing(caller=request.caller).sees_all or found.facts.starts else ()
    titles = titles_by_id({*(one.cid for one in found.opened), *named})
    context = {
        **_shown(found.facts),
        "found": found,
        "covers": scope_in_words(found.facts.scope),
        "named": [titles.get(cid) or str(cid) for cid in named[:PAGE_SIZE]],
        "opened": [
            {"one": one, "title": titles.get(one.cid) or str(one.cid), "act": ACTS.get(one.act, "")}
            for one in found.opened
        ],
        "emergency": found.facts.emergency,
    }
    return show(request, "super_user_grant", "super_users", context)


@require_POST
@page()
def super_user_grant_answer(request: PageRequest, grant_id: UUID) -> HttpResponse:
    """Approve a grant once it was seen what it covers, decline or withdraw it, or end it."""
    acts = {"approve": approve, "decline": turn_down, "end": end}
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        raise Http404

    def answer(stated: Stated) -> Effect:
        return act(**_whom(request), grant_id=grant_id, stated=stated)

    return confirmed(request, reverse("super_user_grant", args=[grant_id]), answer, section="super_users")


@require_GET
@page()
def super_user_grant_report(request: PageRequest, grant_id: UUID) -> HttpResponse:
    """Give the sealed report as a file."""
    try:
        found = sealed_report(caller=request.caller, grant_id=grant_id)
    except NoReportYet as error:
        messages.error(request, words_of(error))
        return redirect("super_user_grant", grant_id)
    response = HttpResponse(json.dumps(found.members, ensure_ascii=False), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="super-user-grant-{found.number}.json"'
    return response


def _whom(request: PageRequest) -> dict[str, Any]:
    return {"caller": request.caller, "organization": request.organization}


def _field(request: PageRequest, name: str) -> str:
    return request.POST.get(name, "").strip().casefold() if name == "group" else request.POST.get(name, "").strip()


def _days(request: PageRequest) -> int:
    text = request.POST.get("days", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else MOST_NOTICE_DAYS + 1


def _shown(one: GrantFacts) -> dict[str, Any]:
    return {"one": one, "state": STATES[one.state], "tone": TONES.get(one.state, "")}
