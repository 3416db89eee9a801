"""What an event changed, in sentences: the differences that it states, before and after."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.selectors.events import EventRow
from chancery.ledger.kinds import Kind
from chancery.policy.difference import Difference
from portal.languages import reader_languages
from portal.words.changes import shown_changes, shown_differences
from portal.words.settings import settings_in_words
from protection.selectors.templates import Change, fallback_first, in_language
from tenants.events import DirectoryKind

NOBODY: Final = UUID(int=0)

_MEMBERS: Final = {
    "addresses": gettext_lazy("addresses"),
    "email": gettext_lazy("main address"),
    "name": gettext_lazy("name"),
    "description": gettext_lazy("description"),
    "language": gettext_lazy("language"),
    "time_zone": gettext_lazy("time zone"),
    "sensitivity": gettext_lazy("sensitivity"),
    "effect": gettext_lazy("effect"),
    "template_id": gettext_lazy("template"),
    "contact": gettext_lazy("whom to ask"),
    "alarm_address": gettext_lazy("who is mailed about alarms"),
    "credential": gettext_lazy("secret or key"),
    "for_group": gettext_lazy("for the members of"),
    "openings": gettext_lazy("openings"),
    "seconds": gettext_lazy("seconds"),
    "counts_grants": gettext_lazy("openings under grants count"),
    "forgets_copies": gettext_lazy("kept copies are forgotten"),
    "super_users_group": gettext_lazy("group that may ask"),
    "for_people": gettext_lazy("people for whom it reads"),
    "sign_on_name": gettext_lazy("name"),
    "sign_on_state": gettext_lazy("state"),
    "sign_on_issuer": gettext_lazy("issuer"),
    "sign_on_client_id": gettext_lazy("client id"),
    "sign_on_secret": gettext_lazy("client secret"),
    "sign_on_metadata": gettext_lazy("read anew"),
    "sign_on_domains": gettext_lazy("mail domains"),
    "sign_on_subject_claim": gettext_lazy("claim with the subject"),
    "sign_on_key": gettext_lazy("key"),
    "sign_on_address_claim": gettext_lazy("claim with the address"),
    "sign_on_name_claim": gettext_lazy("claim with the name"),
    "sign_on_groups_claim": gettext_lazy("claim with groups"),
    "sign_on_groups": gettext_lazy("groups"),
    "sign_on_second_factors": gettext_lazy("values that mean a second factor"),
    "sign_on_asks_for": gettext_lazy("asks for"),
    "sign_on_makes_accounts": gettext_lazy("makes accounts"),
    "sign_on_break_glass": gettext_lazy("who can do without it"),
}
"""What a member is called."""

_ENDED: Final = {
    "devices": gettext_lazy("devices"),
    "other_accounts": gettext_lazy("accounts elsewhere"),
    "passwords": gettext_lazy("passwords"),
    "second_factors": gettext_lazy("second factors"),
    "sign_ins": gettext_lazy("sign-ins"),
}
"""What ended when somebody started afresh."""


@dataclass(frozen=True, slots=True)
class Known:
    """Names that events refer to by id, and the organization whose events they are."""

    templates: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[tuple[str, int], str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    labels_before: Mapping[str, Sequence[tuple[datetime, str]]] = field(default_factory=dict)
    organization: UUID = NOBODY
    organization_name: str = ""

    def template(self, identity: object, version: object = None) -> str:
        """Return what a template was called in a version, or is called now; "" when it is not known."""
        exact = self.versions.get((str(identity), version)) if isinstance(version, int) else None
        return exact or self.templates.get(str(identity), "")

    def label(self, identity: object, at: datetime) -> str:
        """Return what a label was called at a moment; "" when it is not known."""
        called = [name for since, name in self.labels_before.get(str(identity), ()) if since <= at]
        return called[-1] if called else self.labels.get(str(identity), "")


def changes_of(row: EventRow) -> list[dict[str, Any]]:
    """Return the differences that an event states; those that name people are in its personal record."""
    found = [row.personal.get("changes"), row.details.get("changes")]
    return [one for part in found if isinstance(part, list) for one in part if isinstance(one, dict)]


def change_sentences(row: EventRow, known: Known) -> list[str]:
    """Return one sentence for each difference."""
    found = [*_followed(row, known), *(sentence for one in changes_of(row) for sentence in _sentences(row, one, known))]
    if row.kind in {Kind.SETTINGS_CHANGED, DirectoryKind.SESSION_LIMITS_CHANGED}:
        found += _settings(row)
    if row.kind == DirectoryKind.GROUP_CHANGED and "archived" in row.details:
        found.append(_("It is archived now.") if row.details["archived"] else _("It is no longer archived."))
    if row.kind == DirectoryKind.PERSON_STARTED_AFRESH:
        ended = [f"{called}: {row.details[name]}" for name, called in _ENDED.items() if name in row.details]
        found += [_("Ended: {what}.").format(what=", ".join(ended))] if ended else []
    if row.kind != DirectoryKind.HOME_LINKED and row.details.get("home"):
        found.append(_("Signed in at {home}.").format(home=row.details["home"]))
    return found


def named(texts: object, language: object = "") -> str:
    """Return a stored name in the reader's language, "" where there is none."""
    if not isinstance(texts, dict) or not texts:
        return ""
    return in_language(fallback_first(texts, str(language)), reader_languages())


def _followed(row: EventRow, known: Known) -> Iterator[str]:
    if "followed" not in row.details:
        return
    document = row.details.get("document") or {}
    before = known.template(row.details["followed"])
    after = known.template(document.get("template"), document.get("version"))
    if after:
        yield _("It now follows the template “{after}” instead of “{before}”.").format(after=after, before=before)
    else:
        yield _("It no longer follows the template “{before}”.").format(before=before)


def _settings(row: EventRow) -> Iterator[str]:
    mentioned = {str(one.get("member")) for one in changes_of(row)}
    pairs = row.details.get("settings")
    for name, pair in (pairs if isinstance(pairs, dict) else {}).items():
        if name not in mentioned:
            whole = isinstance(pair, dict) and "after" in pair
            yield from settings_in_words({name: (pair["before"], pair["after"]) if whole else None})


def _sentences(row: EventRow, one: Mapping[str, Any], known: Known) -> Iterator[str]:
    member, before, after = str(one.get("member", "")), one.get("before"), one.get("after")
    match member:
        case "members":
            yield from _group_members(one)
        case "more":
            number = int(one["number"])
            yield ngettext(
                "{number} more difference is not listed.", "{number} more differences are not listed.", number
            ).format(number=number)
        case "names":
            yield _named(_("name"), named(before), named(after))
        case "descriptions":
            yield _("The description changed.")
        case "expiry":
            yield from shown_changes(Change(expiry=(tuple(before or ()), tuple(after or ()))), NOBODY, "")
        case "scope":
            yield from shown_changes(
                Change(offer=((tuple(before or ()), False), (tuple(after or ()), False))), NOBODY, ""
            )
        case "offered_to_legacy":
            yield from shown_changes(Change(offer=(((), bool(before)), ((), bool(after)))), NOBODY, "")
        case "template_id":
            yield _named(str(_MEMBERS[member]), known.template(before), known.template(after))
        case _ if member in _MEMBERS:
            new = row.kind.endswith(".created") or before is None
            yield (
                _member(str(_MEMBERS[member]), _plain(after))
                if new
                else _named(str(_MEMBERS[member]), _plain(before), _plain(after))
            )
        case _:
            difference = Difference(member, before, after, str(one.get("who", "")))
            yield from shown_differences([difference], known.organization, known.organization_name)


def _group_members(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("added"):
        yield _("Added: {names}.").format(names=", ".join(one["added"]))
    if one.get("removed"):
        yield _("Removed: {names}.").format(names=", ".join(one["removed"]))
    if one.get("more"):
        number = int(one["more"])
        yield ngettext("{number} more member is not listed.", "{number} more members are not listed.", number).format(
            number=number
        )


def _member(member: str, value: str) -> str:
    return _("{member}: {after}.").format(member=_begun(member), after=value)


def _named(member: str, before: str, after: str) -> str:
    sentence = _("{member}: {after} (before: {before}).")
    return sentence.format(member=_begun(member), after=after or _("none"), before=before or _("none"))


def _begun(text: str) -> str:
    """Return a text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)
