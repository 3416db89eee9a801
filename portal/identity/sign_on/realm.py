"""Home-realm discovery: who types an address of a connected mail domain is led to the provider of that domain.

It is the domain that decides, and nothing about the account, so that nobody learns which addresses have one.  Who
chooses to sign in without the provider is asked for a password or code as before; where sign-on is enforced, that
leads in only for administrators who are named for emergencies (``enforcing``).
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from allauth.account import views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.identity.sign_on.target import safe_target
from tenants import naming
from tenants.sign_on.selectors import sign_on_of_domain

WITHOUT: Final = "without"
HINT: Final = "chancery.sign_on_hint"
View = Callable[[HttpRequest], HttpResponse]


def _led(view: View, field: str, *, can_do_without: bool) -> View:
    """Wrap a page of the account suite that takes an address in this field."""

    def led(request: HttpRequest) -> HttpResponse:
        if request.method != "POST" or (can_do_without and WITHOUT in request.POST):
            return view(request)
        try:
            address = naming.address(request.POST.get(field, ""))
        except naming.NameRefused:
            return view(request)
        found = sign_on_of_domain(naming.domain_of(address))
        if found is None:
            return view(request)
        request.session[HINT] = address
        target = safe_target(request.POST.get("next", "") or request.GET.get("next", ""))
        url = f"{reverse('sign_on', args=[found.id])}?{urlencode({'next': target})}"
        response = render(request, "identity/sign_on_onward.html", {"connection": found, "url": url, "next": target})
        # A form may lead to this host alone; the page is a step of its own.
        response["Refresh"] = f"0; url={url}"
        return response

    return led


login: View = _led(views.login, "login", can_do_without=True)
request_login_code: View = _led(views.request_login_code, "email", can_do_without=True)
signup: View = _led(views.signup, "email", can_do_without=False)
