"""Home-realm discovery: who types an address of a connected mail domain is led to the provider of that domain.

It is the domain that decides, and nothing about the account, so that nobody learns which addresses have one.  Who
chooses to sign in without the provider is asked for a password or code as before; where sign-on is enforced, that
leads in only for administrators who are named for emergencies (``enforcing``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from allauth.account import views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from chancery.errors import ChanceryError
from portal.identity.homes.lookup import home_for
from portal.identity.sign_on.target import safe_target
from portal.languages import reason_of
from tenants import naming
from tenants.sign_on.selectors import sign_on_of_domain

WITHOUT: Final = "without"
HINT: Final = "chancery.sign_on_hint"
View = Callable[[HttpRequest], HttpResponse]


@dataclass(frozen=True, slots=True)
class Way:
    """By what the people of a mail domain sign in: the name to show, where it begins, whether it is their home."""

    name: str
    begins: str
    is_home: bool


def _way(request: HttpRequest, domain: str) -> Way | None:
    """Return how the people of a mail domain sign in, None where they do so by themselves."""
    connection = sign_on_of_domain(domain)
    if connection is not None:
        return Way(connection.name, reverse("sign_on", args=[connection.id]), is_home=False)
    try:
        home = home_for(domain)
    except ChanceryError as error:
        # Who can sign in by themselves still can; who cannot reads here why.
        messages.warning(request, reason_of(error))
        return None
    return None if home is None else Way(domain, reverse("home_sign_in", args=[home.id]), is_home=True)


def _led(view: View, field: str, *, can_do_without: bool) -> View:
    """Wrap a page of the account suite that takes an address in this field."""

    def led(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or (can_do_without and WITHOUT in request.POST):
            return view(request)
        try:
            address = naming.address(request.POST.get(field, ""))
        except naming.NameRefused:
            return view(request)
        way = _way(request, naming.domain_of(address))
        if way is None:
            return view(request)
        request.session[HINT] = address
        target = safe_target(request.POST.get("next", "") or request.GET.get("next", ""))
        url = f"{way.begins}?{urlencode({'next': target})}"
        context = {"way": way, "url": url, "next": target}
        response = render(request, "identity/sign_on_onward.html", context)
        # A form may lead to this host alone; the page is a step of its own.
        response["Refresh"] = f"0; url={url}"
        return response

    return led


login: View = _led(views.login, "login", can_do_without=True)
request_login_code: View = _led(views.request_login_code, "email", can_do_without=True)
signup: View = _led(views.signup, "email", can_do_without=False)
