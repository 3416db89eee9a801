"""Budgets of openings, who is paused, and the page on which a paused person confirms that it was them."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from chancery.policy.permission import Permission
from portal.usecases.budgets import WantedBudget, change_budget, make_budget, remove_budget, visible_budgets
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.usecases.pauses import confirm_pause, own_pause, release_pause, visible_pauses
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show
from portal.words.budgets import WHO
from protection.selectors.budgets import BudgetRow
from protection.selectors.cursors import InvalidCursor
from protection.services.budgets import LEAST_SECONDS, MOST_OPENINGS, MOST_SECONDS

STATES: Final = {"open": gettext_lazy("Paused"), "ended": gettext_lazy("Ended")}
ENDED: Final = {
    "confirmed": gettext_lazy("Confirmed by the person"),
    "released": gettext_lazy("Released"),
    "removed": gettext_lazy("The budget was removed"),
}
PROPOSAL: Final = {"openings": 200, "minutes": 10, "who": "people", "counts_grants": True}
"""What most organizations begin with: nobody reads two hundred documents in ten minutes."""


class BudgetForm(forms.Form):
    """Whom it is for and what it allows."""

    openings = forms.IntegerField(
        label=gettext_lazy("Documents that each may open"), min_value=1, max_value=MOST_OPENINGS
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("Within so many minutes"), min_value=LEAST_SECONDS // 60, max_value=MOST_SECONDS // 60
    )
    who = forms.ChoiceField(label=gettext_lazy("For"), choices=list(WHO.items()))
    name = forms.CharField(
        label=gettext_lazy("Group, person or application"),
        required=False,
        max_length=320,
        help_text=gettext_lazy("An address, or the client id of an application. Empty for all the others."),
    )
    owner = forms.EmailField(
        label=gettext_lazy("Owner of the budget"),
        required=False,
        help_text=gettext_lazy("A member who is mailed about each pause and can end it. Empty: you."),
    )
    counts_grants = forms.BooleanField(label=gettext_lazy("Openings under super-user grants count"), required=False)
    forgets_copies = forms.BooleanField(
        label=gettext_lazy("A pause also ends kept copies"),
        required=False,
        help_text=gettext_lazy(
            "Connected devices forget within a minute what they keep for use without a network. Otherwise it goes on"
            " opening until its time is over."
        ),
    )

    def wanted(self) -> WantedBudget:
        """Return the budget that the form states."""
        data = self.cleaned_data
        return WantedBudget(
            openings=data["openings"],
            seconds=data["minutes"] * 60,
            who=data["who"],
            name=data["name"].strip().lower() if "@" in data["name"] else data["name"].strip(),
            owner=data["owner"].lower(),
            counts_grants=data["counts_grants"],
            forgets_copies=data["forgets_copies"],
        )


@require_GET
@page()
def budget_list(request: PageRequest) -> HttpResponse:
    """Show budgets with who is nearest to them."""
    found = visible_budgets(caller=request.caller).rows
    _refuse_bystanders(request, found)
    context = {"rows": found, "manages": request.caller.may(Permission.SETTINGS_MANAGE), "proposal": PROPOSAL}
    return show(request, "budgets", "budgets", context)


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_MANAGE)
def budget_new(request: PageRequest) -> HttpResponse:
    """Make a budget; the form begins with a proposal."""
    form = BudgetForm(request.POST or None, initial=PROPOSAL)
    if request.method == "POST" and form.is_valid():
        wanted = form.wanted()
        if carried_out(request, lambda: make_budget(caller=request.caller, wanted=wanted)):
            return redirect("budgets")
    return show(request, "budget", "budgets", {"form": form, "row": None})


@require_http_methods(["GET", "POST"])
@page(Permission.SETTINGS_MANAGE)
def budget_change(request: PageRequest, budget_id: UUID) -> HttpResponse:
    """Change a budget, which asks first."""
    shown = next((one for one in visible_budgets(caller=request.caller).rows if one.row.id == budget_id), None)
    if shown is None:
        raise Http404
    row = shown.row
    form = BudgetForm(request.POST if "openings" in request.POST else None, initial=_initial(row))

    def form_again() -> HttpResponse:
        return show(request, "budget", "budgets", {"form": form, "row": row, "words": shown.words})

    if request.method != "POST" or not form.is_valid():
        return form_again()
    wanted = form.wanted()

    def act(stated: Stated) -> Effect:
        return change_budget(caller=request.caller, budget_id=budget_id, wanted=wanted, stated=stated)

    back = reverse("budget", args=[budget_id])
    return confirmed(request, back, act, done=reverse("budgets"), section="budgets", refused=form_again)


@require_POST
@page(Permission.SETTINGS_MANAGE)
def budget_remove(request: PageRequest, budget_id: UUID) -> HttpResponse:
    """Remove a budget, which asks first."""
    return confirmed(
        request,
        reverse("budgets"),
        lambda stated: remove_budget(caller=request.caller, budget_id=budget_id, stated=stated),
        section="budgets",
    )


@require_GET
@page()
def pause_list(request: PageRequest) -> HttpResponse:
    """Show who is or was paused, newest first."""
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    try:
        found = visible_pauses(
            caller=request.caller, state=state, limit=PAGE_SIZE, cursor=request.GET.get("cursor", "")
        )
    except InvalidCursor:
        return redirect("pauses")
    _refuse_bystanders(request, found.rows)
    context = {
        "rows": [(one, STATES[one.row.state], ENDED.get(one.row.ended_as, "")) for one in found.rows],
        "next_cursor": found.next,
        "state": state,
        "states": STATES,
        "me": request.caller.person,
        "releases": request.caller.may(Permission.SETTINGS_MANAGE),
    }
    return show(request, "pauses", "budgets", context)


@require_POST
@page()
def pause_release(request: PageRequest, pause_id: UUID) -> HttpResponse:
    """End the pause of another person, which asks first."""
    return confirmed(
        request,
        reverse("pauses"),
        lambda stated: release_pause(caller=request.caller, pause_id=pause_id, stated=stated),
        section="budgets",
    )


@require_http_methods(["GET", "POST"])
@page()
def own_pause_page(request: PageRequest) -> HttpResponse:
    """Show whether the reader is paused, and let them confirm that it was them."""
    if request.method == "POST":
        return confirmed(
            request,
            reverse("own_pause"),
            lambda stated: confirm_pause(caller=request.caller, stated=stated),
            section="home",
        )
    return show(request, "pause", "home", {"own": own_pause(caller=request.caller)})


def _initial(row: BudgetRow) -> dict[str, Any]:
    return {
        "openings": row.openings,
        "minutes": row.seconds // 60,
        "who": row.who,
        "name": row.subject_address,
        "owner": row.owner_address,
        "counts_grants": row.counts_grants,
        "forgets_copies": row.forgets_copies,
    }


def _refuse_bystanders(request: PageRequest, rows: object) -> None:
    """Show the page to those who watch, and to owners of budgets; to all others it does not exist."""
    if not (rows or request.caller.may(Permission.SETTINGS_READ)):
        raise Http404
