"""Policies in words: whom an entry means, and what rights allow."""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chancery.policy.policy import Policy, Principal, PrincipalKind
from chancery.policy.rights import level_of, parse_rights
from chancery.policy.words import rights_in_words
from portal import clock
from portal.languages import translate

LEVEL_WORDS: Final = {
    "viewer": gettext_lazy("read, reply, see who has access"),
    "reviewer": gettext_lazy("read, edit, reply, forward"),
    "co-author": gettext_lazy("read, edit, copy, print and export"),
    "co-owner": gettext_lazy("everything, also change who has access"),
}
"""What each level allows."""
LEVEL_BADGES: Final = {
    "viewer": gettext_lazy("Viewer"),
    "reviewer": gettext_lazy("Reviewer"),
    "co-author": gettext_lazy("Co-author"),
    "co-owner": gettext_lazy("Co-owner"),
    "custom": gettext_lazy("Custom"),
}
"""The names of levels by themselves; custom is what is none."""


def rights_as_level(rights: Iterable[str]) -> str:
    """Return what rights allow in words, those of a level as the level is described everywhere."""
    level = level_of(parse_rights(rights))
    return str(LEVEL_WORDS[level]) if level else translate(rights_in_words(rights))


def ended_in_words(policy: Policy) -> Iterator[str]:
    """Warn of entries whose end has passed: who set them probably meant another day."""
    now = clock.now()
    over = sorted(str(who).removeprefix("address:") for who in policy.index if not policy.rights_of(who, now))
    if over:
        yield _("What is given to {names} has ended already, so it lets no one in.").format(names=", ".join(over))


def who_in_words(who: Principal, organization: UUID, organization_name: str) -> str:
    """Return whom a principal means."""
    match who.kind:
        case PrincipalKind.ADDRESS:
            return who.value
        case PrincipalKind.DOMAIN:
            return _("Everybody with an address at {domain}").format(domain=who.value)
        case PrincipalKind.AUTHENTICATED:
            return _("Everyone who can sign in")
        case PrincipalKind.ORGANIZATION:
            if who.value != str(organization):
                return _("All of another organization")
            return _("All of {organization}").format(organization=organization_name)
