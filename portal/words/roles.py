"""Roles in words."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

ADMINISTRATOR: Final = "global_administrator"

_ROLES: Final = {
    "user": gettext_lazy("user"),
    "auditor": gettext_lazy("auditor"),
    ADMINISTRATOR: gettext_lazy("administrator"),
}


def role_in_words(role: str) -> str:
    """Return what a role is called; "" is no role."""
    return str(_ROLES.get(role) or role or _("none"))
