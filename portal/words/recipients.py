"""A document's recipients in words: who, whether they may open it now, and why or why not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from chancery.policy.policy import PrincipalKind
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import level_of, parse_rights
from portal.languages import translate
from portal.words.policies import LEVEL_BADGES, rights_as_level, who_in_words
from protection.selectors.attempts import Done
from protection.selectors.recipient_rows import Access, Listed, Recipient
from tenants.organizations.selectors import OrganizationFacts

ROLES: Final = {
    Listed.ISSUER: gettext_lazy("protected it"),
    Listed.OWNER: gettext_lazy("owns it"),
    Listed.POLICY: gettext_lazy("named"),
    Listed.GIVEN: gettext_lazy("asked for access and got it"),
    Listed.TAKEN: gettext_lazy("not named"),
    Listed.TRIED: gettext_lazy("not named"),
}
"""What makes somebody a recipient."""

_DONE: Final = {
    "printed": (ngettext_lazy("Printed {number} time", "Printed {number} times"), gettext_lazy("Printing refused")),
    "copied": (ngettext_lazy("Copied {number} time", "Copied {number} times"), gettext_lazy("Copying refused")),
    "edited": (ngettext_lazy("Edited {number} time", "Edited {number} times"), gettext_lazy("Editing refused")),
    "saved": (ngettext_lazy("Saved {number} time", "Saved {number} times"), gettext_lazy("Saving refused")),
    "exported": (
        ngettext_lazy("Protection removed {number} time", "Protection removed {number} times"),
        gettext_lazy("Removing protection refused"),
    ),
}
"""What clients report beyond openings: how often it was done, and that it was refused."""

_TAKEN_BACK: Final = {Reason.REVOKED.value, Reason.REVOKED_FOR_YOU.value}


@dataclass(frozen=True, slots=True)
class RecipientInWords:
    """One row in words; ``tone`` is good, bad or plain; ``level`` is "" where the rights are those of no level.

    ``role_is_an_act`` tells that the role began by an act, which has a day, not by a state, which has a beginning.
    """

    one: Recipient
    who: str
    role: str
    role_is_an_act: bool
    badge: str
    tone: str
    message: str
    level: str
    allows: str
    did: tuple[str, ...]


def in_words(one: Recipient, organization: OrganizationFacts, takers: Mapping[UUID, str]) -> RecipientInWords:
    """Return a recipient in words; ``takers`` are the names of those who took access back."""
    badge, tone = _badge(one)
    level = level_of(parse_rights(one.rights)) if one.rights else None
    return RecipientInWords(
        one=one,
        who=who_in_words(one.who, organization.id, organization.name) or one.name or _("A person without an address"),
        role=str(ROLES.get(one.listed, "")),
        role_is_an_act=one.listed in {Listed.ISSUER, Listed.GIVEN},
        badge=badge,
        tone=tone,
        message=_message(one, organization, takers),
        level=str(LEVEL_BADGES[level]) if level else "",
        allows=rights_as_level(one.rights) if one.rights else "",
        did=tuple(_did(one.done)),
    )


def _did(done: Iterable[Done]) -> Iterator[str]:
    for one in done:
        if one.action not in _DONE:
            continue
        times, refused = _DONE[one.action]
        if one.allowed:
            yield (times % one.allowed).format(number=one.allowed)
        if one.refused:
            yield _("{what} ({number})").format(what=refused, number=one.refused)


def _badge(one: Recipient) -> tuple[str, str]:
    many = one.group or one.who.kind is not PrincipalKind.ADDRESS
    if one.access is Access.YES:
        return (_("They may open it") if many else _("May open it")), "good"
    if one.access is Access.UNKNOWN:
        last = one.last_was_allowed
        return (
            _("Decided at the opening") if last is None else _("Could open it") if last else _("Was refused")
        ), "plain"
    if one.reason in _TAKEN_BACK:
        return _("Taken back"), "bad"
    return (_("They may not open it") if many else _("May not open it")), "bad"


def _message(one: Recipient, organization: OrganizationFacts, takers: Mapping[UUID, str]) -> str:
    if one.access is Access.YES:
        return _allowed(one, organization)
    if one.access is Access.UNKNOWN:
        ended = "" if one.until is None else _ended(one.until)
        unknown = _("An entry may mean them by another organization, which says so only when they open it.")
        return f"{ended} {unknown}".strip()
    when = "" if one.ended_at is None else date_format(timezone.localtime(one.ended_at), "DATETIME_FORMAT")
    if one.reason == Reason.REVOKED:
        return _("From everybody, by {who} on {when}.").format(who=_taker(one, takers), when=when)
    if one.reason == Reason.REVOKED_FOR_YOU and when:
        words = _("By {who} on {when}.") if one.taken else _("From a group that holds them, by {who} on {when}.")
        return words.format(who=_taker(one, takers), when=when)
    if one.reason == Reason.NOT_GRANTED and one.group:
        return _("The group is archived, so it gives nothing to its members.")
    if one.reason == Reason.GRANT_ENDED and one.ended_at is not None:
        return _ended(one.ended_at)
    since = _("Since {when}.").format(when=when) if when else ""
    parts = (translate(WORDS[Reason(one.reason)].owner), translate(one.detail), since)
    return " ".join(part for part in parts if part)


def _ended(at: datetime) -> str:
    when = date_format(timezone.localtime(at), "DATETIME_FORMAT")
    return _("What they were given ended on {when}.").format(when=when)


def _allowed(one: Recipient, organization: OrganizationFacts) -> str:
    if one.through:
        names = ", ".join(who_in_words(who, organization.id, organization.name) for who in one.through)
        return _("By: {names}").format(names=names)
    if one.until is not None:
        until = date_format(timezone.localtime(one.until), "DATETIME_FORMAT")
        return _("Until {when}.").format(when=until)
    if one.group:
        return _("A group: its members may open it; those who did have rows of their own.")
    if one.who.kind is not PrincipalKind.ADDRESS:
        return _("Those who opened it by this entry have rows of their own.")
    return ""


def _taker(one: Recipient, takers: Mapping[UUID, str]) -> str:
    return (takers.get(one.ended_by, "") if one.ended_by else "") or _("a person who left")
