"""Pages that take a sign-in of the last ten minutes: whatever gives access for longer than today.

The account suite asks for the password or the second factor again, and lets everybody through who has neither, that is,
people who sign in by mailed codes.  Here there is one rule for all: the sign-in is over, and begins anew.  See
docs/protocol.md P13.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal import clock
from portal.identity.sign_on.sessions import home_of, provider_of
from portal.identity.strength import of_session
from portal.rejected_input import shown_again, typed_in

SECONDS: Final = 600
PAGES: Final = frozenset(
    {
        "account_change_password",
        "account_email",
        "account_merge",
        "account_set_password",
        "device_code",
        "device_lost",
        "issuer_device",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_deactivate_totp",
        "mfa_download_recovery_codes",
        "mfa_edit_webauthn",
        "mfa_generate_recovery_codes",
        "mfa_remove_webauthn",
        "mfa_view_recovery_codes",
        "open_afresh",
        "protect_afresh",
    }
)
"""Names of addresses at the base domain.  Those of ``LOOKED_AT`` may be looked at, but changed only freshly."""
LOOKED_AT: Final = frozenset({"account_email", "account_merge"})

GetResponse = Callable[[HttpRequest], HttpResponse]


class FreshSignInMiddleware:
    """Leads to the sign-in page and back before a page that takes a fresh sign-in."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """End a sign-in that is too old for this page; nobody signed in is the page's own affair."""
        name = request.resolver_match.url_name if request.resolver_match else None
        if name not in PAGES or not request.user.is_authenticated or (name in LOOKED_AT and request.method == "GET"):
            return None
        return None if is_recent(request) else sign_in_again(request)


def is_recent(request: HttpRequest) -> bool:
    """Tell whether the sign-in is at most ten minutes old."""
    return clock.now() - of_session(request).at <= SECONDS


def sign_in_again(request: HttpRequest, why: str = "") -> HttpResponse:
    """End the sign-in, and lead to the sign-in page and back to this page; what was typed is not lost."""
    typed = typed_in(request)
    provider, home = provider_of(request), home_of(request)
    logout(request)
    if typed is None and provider is not None:
        # Where an identity provider signed them in, it asks them again.
        again = {"next": request.get_full_path(), "fresh": "1"}
        return HttpResponseRedirect(f"{reverse('sign_on', args=[provider])}?{urlencode(again)}")
    if typed is None and home is not None:
        again = {"next": request.get_full_path(), "fresh": "1"}
        return HttpResponseRedirect(f"{reverse('home_sign_in', args=[home])}?{urlencode(again)}")
    if typed is not None:
        sign_in = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
        return shown_again(request, typed, "signed_out", {"sign_in": sign_in})
    messages.info(request, why or _("You signed in a while ago. Sign in again to continue."))
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
