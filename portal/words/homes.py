"""Why a sign-in at home is none here, in words, with what to do."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REFUSALS: Final[Mapping[str, tuple[Promise, Promise]]] = {
    "no_subject": (
        _("Your home does not say who you are."),
        _("Ask its operator whether it is up to date."),
    ),
    "no_address": (
        _("Your home names no address of yours in your mail domain."),
        _("Ask your administrator whether your organization has proven its mail domain there."),
    ),
    "ours": (
        _("Your organization is at home at this installation."),
        _("Sign in here with your address."),
    ),
    "other_subject": (
        _("The account with your address belongs to another person of your organization, perhaps one before you."),
        _("Ask the operator of this installation."),
    ),
    "given_address": (
        _("Your address was added to an account that signs in with another one."),
        _("Sign in as before and confirm the address on the page of your account."),
    ),
    "group_address": (
        _("Your address is that of a group here, which nobody signs in with."),
        _("Ask the operator of this installation."),
    ),
    "disabled": (
        _("This account is disabled."),
        _("Ask an administrator of your organization."),
    ),
    "service": (
        _("Your address belongs to an application here."),
        _("Ask the operator of this installation."),
    ),
}
