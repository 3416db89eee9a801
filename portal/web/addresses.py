"""A person's own addresses: which there are, adding one by a mailed code, removing one, choosing the main one."""

from collections.abc import Callable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.identity.adapters import stay_signed_in
from portal.identity.strength import of_session
from portal.usecases.addresses import ask_for_address, confirm_address, make_main_address, remove_address
from portal.usecases.confirmation import Stated
from portal.usecases.effects import Effect
from portal.web.account_pages import actor_of, person_of, signed_in
from portal.web.confirming import confirmed
from portal.web.framework import carried_out
from tenants.directory.selectors.addresses import addresses_of


class AddressForm(forms.Form):
    """An address that a person wants to add."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


@require_http_methods(["GET", "POST"])
@signed_in
def own_addresses(request: HttpRequest) -> HttpResponse:
    """Show and change them; the sign-in of a change is at most ten minutes old (``recent_sign_in``)."""
    if request.method == "POST" and "action_remove" in request.POST:
        return confirmed(
            request,
            reverse("account_email"),
            lambda stated: remove_address(actor=actor_of(request), address=_address(request), stated=stated),
        )
    if request.method == "POST":
        act = _act(request)
        if act is None or carried_out(request, act):
            return redirect("account_email")
    form = AddressForm(request.POST if "action_add" in request.POST else None)
    return render(request, "pages/addresses.html", {"addresses": addresses_of(person_of(request)), "form": form})


def _act(request: HttpRequest) -> Callable[[], Effect] | None:
    """Return what a button of the page asks for."""
    actor, address, stated = actor_of(request), _address(request), Stated("", "", of_session(request))
    if "action_add" in request.POST:
        return lambda: ask_for_address(actor=actor, address=address, stated=stated)
    if "action_confirm" in request.POST:
        return lambda: _confirm(request, address, stated)
    if "action_primary" in request.POST:
        return lambda: make_main_address(actor=actor, address=address, stated=stated)
    return None


def _confirm(request: HttpRequest, address: str, stated: Stated) -> Effect:
    made = confirm_address(
        actor=actor_of(request),
        address=address,
        code=request.POST.get("code", ""),
        stated=stated,
        except_session=request.session.session_key,
    )
    stay_signed_in(request)
    return made


def _address(request: HttpRequest) -> str:
    return str(request.POST.get("email", ""))
