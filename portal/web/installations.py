"""Other installations: where members sign in by their accounts here, and where they may not."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from chancery.policy.permission import Permission
from portal.usecases.homes.installations import allow, forbid, visible_installations
from portal.web.confirming import confirmed
from portal.web.framework import PAGE_SIZE, PageRequest, carried_out, page, show


class InstallationForm(forms.Form):
    """One installation."""

    host = forms.CharField(
        label=gettext_lazy("Installation"),
        max_length=300,
        help_text=gettext_lazy("Its host, like rights.fabrikam.example. Hosts below it are meant, too."),
    )


@require_GET
@page(Permission.SETTINGS_READ)
def installation_list(request: PageRequest) -> HttpResponse:
    """Show where members signed in and where they may not."""
    return _shown(request, InstallationForm())


@require_POST
@page(Permission.SETTINGS_MANAGE)
def installation_forbid(request: PageRequest) -> HttpResponse:
    """Forbid one, which asks first."""
    form = InstallationForm(request.POST)
    if not form.is_valid():
        return _shown(request, form)
    return confirmed(
        request,
        reverse("installations"),
        lambda stated: forbid(caller=request.caller, host=form.cleaned_data["host"], stated=stated),
        section="people",
        refused=lambda: _shown(request, form),
    )


@require_POST
@page(Permission.SETTINGS_MANAGE)
def installation_allow(request: PageRequest) -> HttpResponse:
    """Allow one again."""
    carried_out(request, lambda: allow(caller=request.caller, host=request.POST.get("host", "")))
    return redirect("installations")


def _shown(request: PageRequest, form: InstallationForm) -> HttpResponse:
    found = visible_installations(caller=request.caller, after=request.GET.get("after", ""), limit=PAGE_SIZE)
    context = {
        "rows": found.rows,
        "following": found.next,
        "records": found.records,
        "form": form,
        "manages": request.caller.may(Permission.SETTINGS_MANAGE),
    }
    return show(request, "installations", "people", context)
