"""Start to protect without an organization of one's own, and take over the one of a mail domain."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.usecases.individuals import end_personal_organization, start_offer, start_organization
from portal.usecases.take_overs import announce_take_over, cancel_take_over, carry_out_take_over, take_over_of
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import carried_out
from tenants.directory.selectors.people import proven_addresses


class StartForm(forms.Form):
    """Under which of their addresses a person wants to protect, and how they are called."""

    address = forms.ChoiceField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("Recipients see it as the sender's. Its mail domain decides where you protect."),
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def organization_start(request: HttpRequest) -> HttpResponse:
    """Say for each address what starting would mean, and start."""
    actor = actor_of(request)
    addresses = sorted(proven_addresses(person_of(request)), key=lambda one: one != actor.address)
    known = "" if actor.name == actor.address else actor.name
    form = StartForm(request.POST or None, initial={"name": known})
    form.fields["address"].choices = [(one, one) for one in addresses]  # type: ignore[attr-defined]  # a choice
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if carried_out(request, lambda: start_organization(actor=actor, address=data["address"], name=data["name"])):
            return redirect("protect")
    offers = [start_offer(actor=actor, address=one) for one in addresses]
    form.fields["address"].choices = [  # type: ignore[attr-defined]  # a choice
        (one.address, one.address) for one in offers if one.kind in {"domain", "personal"}
    ]
    context = {"form": form, "offers": offers, "open": bool(settings.CHANCERY_INDIVIDUALS)}
    return render(request, "pages/organization_start.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def organization_end(request: HttpRequest) -> HttpResponse:
    """Ask first, then erase the organization that is the person's own."""
    return confirmed(
        request,
        reverse("organization_start"),
        lambda stated: end_personal_organization(actor=actor_of(request), stated=stated),
    )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def organization_take_over(request: HttpRequest, domain: str) -> HttpResponse:
    """Show what taking over the individuals of a domain means, with the record that proves it, and do each step."""
    actor, here = actor_of(request), reverse("organization_take_over", args=[domain])
    act, without_dns = request.POST.get("act", ""), "without_dns" in request.POST
    if act in {"announce", "take_over"}:
        step = announce_take_over if act == "announce" else carry_out_take_over
        return confirmed(
            request,
            here,
            lambda stated: step(actor=actor, domain=domain, without_dns=without_dns, stated=stated),
            done="" if act == "announce" else reverse("base_home"),
        )
    if act == "call_off" and carried_out(request, lambda: cancel_take_over(actor=actor, domain=domain)):
        return redirect(here)
    context = {"found": take_over_of(actor=actor, domain=domain), "embedded": settings.CHANCERY_EMBEDDED}
    return render(request, "pages/organization_take_over.html", context)
