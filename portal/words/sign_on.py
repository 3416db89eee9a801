"""Single sign-on in words: what a provider's sign-in comes to, and why one is refused, with what to do."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "no_subject": (
        _("Your identity provider does not say who you are to it."),
        _("Ask your administrator to check which claim holds it: sub, or a NameID or attribute that never changes."),
    ),
    "no_address": (
        _("Your identity provider does not name your mail address."),
        _("Ask your administrator which claim holds it."),
    ),
    "unverified": (
        _("Your identity provider says that your mail address is not confirmed."),
        _("Confirm it there, then sign in again."),
    ),
    "foreign_domain": (
        _("This identity provider does not speak for the mail domain of your address."),
        _("Ask your administrator, or sign in in another way."),
    ),
    "not_member": (
        _("There is no account for you in this organization."),
        _("Ask your administrator to add you."),
    ),
    "no_account": (
        _("There is no account for you in this organization."),
        _("Ask your administrator to add you."),
    ),
    "disabled": (
        _("This account is disabled."),
        _("Ask an administrator of your organization."),
    ),
    "other_subject": (
        _("The account with your address belongs to somebody else at your identity provider."),
        _("Ask your administrator: if it is you, they bind the account anew; if you are a successor, they add you."),
    ),
    "given_address": (
        _("Your address was added to an account that signs in with another one."),
        _("Sign in as before and confirm the address on the page of your account."),
    ),
    "not_possible": (
        _("No account could be made for your address."),
        _("Ask your administrator to add you."),
    ),
}
"""Why a provider's sign-in is refused, and what its person can do."""

OUTCOMES: Final[Mapping[str, Promise]] = {
    "known": _("{address} would be signed in as {person}, whose account is bound already."),
    "bind": _("{address} would be signed in as {person}, and the account would be bound to them."),
    "make": _("{address} would get a new account."),
}
"""What a test came to."""
