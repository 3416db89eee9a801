"""What a version of a template changed, in sentences."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chancery.policy.difference import Difference
from chancery.policy.policy import Principal
from portal.words.policies import rights_as_level, who_in_words
from protection.selectors.templates import Change, Expiry, Offer

_CONDITIONS: Final = {
    "conditions.strength": gettext_lazy("Changed how strongly people must sign in: {after} (before: {before})."),
    "conditions.networks": gettext_lazy("Changed from which networks it opens: {after} (before: {before})."),
    "conditions.times": gettext_lazy("Changed at which times of the week it opens: {after} (before: {before})."),
    "conditions.platforms": gettext_lazy("Changed on which kinds of device it opens: {after} (before: {before})."),
    "conditions.not_before": gettext_lazy("Changed when the time window begins: {after} (before: {before})."),
    "conditions.not_after": gettext_lazy("Changed when the time window ends: {after} (before: {before})."),
    "conditions.enforced": gettext_lazy("Changed what programs must withhold: {after} (before: {before})."),
    "conditions.account_required": gettext_lazy("Changed whether readers need an account: {after} (before: {before})."),
    "conditions.post_quantum": gettext_lazy(
        "Changed whether devices need post-quantum keys: {after} (before: {before})."
    ),
}


def shown_changes(change: Change, organization: UUID, organization_name: str) -> list[str]:
    """Return one sentence for each thing that changed."""
    sentences = [_("Name or description changed.")] if change.renamed else []
    sentences += shown_differences(change.changes, organization, organization_name)
    if change.offer is not None:
        sentences += _offered(*change.offer)
    if change.expiry is not None:
        before, after = change.expiry
        sentences.append(_ends(_end(after), _end(before)))
    return sentences


def shown_differences(differences: Iterable[Difference], organization: UUID, organization_name: str) -> list[str]:
    """Return one sentence for each difference between two policies."""
    return [_sentence(one, organization, organization_name) for one in differences]


def _ends(after: str, before: str) -> str:
    return _("Access ends {after}; before, {before}.").format(after=after, before=before)


def _offered(before: Offer, after: Offer) -> Iterator[str]:
    (old, old_legacy), (new, new_legacy) = before, after
    if old != new:
        yield _("Offered to {new} (before: {old}).").format(new=offered_to(new), old=offered_to(old))
    if old_legacy != new_legacy:
        yield (
            _("Offered in programs that cannot say who asks.")
            if new_legacy
            else _("Not offered in programs that cannot say who asks.")
        )


def offered_to(scope: tuple[str, ...]) -> str:
    """Name those to whom a template is offered."""
    return ", ".join(scope) or _("everybody")


def _sentence(change: Difference, organization: UUID, organization_name: str) -> str:
    if change.who:
        who = who_in_words(Principal.parse(change.who), organization, organization_name)
        return _granted(who, change) if change.member == "grants" else _denied(who, change)
    return " ".join(_member(change))


def _granted(who: str, change: Difference) -> str:
    before, after = _rights(change.before), _rights(change.after)
    if not before:
        return _("{who}: may now {after}.").format(who=who, after=after)
    if not after:
        return _("{who}: no longer has a grant (before: {before}).").format(who=who, before=before)
    return _("{who}: may {after} (before: {before}).").format(who=who, after=after, before=before)


def _denied(who: str, change: Difference) -> str:
    sentence = _("{who}: may never open it now.") if change.after else _("{who}: is no longer denied access.")
    return sentence.format(who=who)


def _member(change: Difference) -> Iterator[str]:
    match change.member:
        case "offline_days":
            sentence = _("Opens without a network: {after} (before: {before}).")
            yield sentence.format(after=_days(change.after), before=_days(change.before))
        case "expires_after_opening_days":
            sentence = _("Each person's access ends {after}; before, {before}.")
            yield sentence.format(after=_after_opening(change.after), before=_after_opening(change.before))
        case "lease":
            sentence = _("A kept license lives {after} without news (before: {before}).")
            yield sentence.format(after=_seconds(change.after), before=_seconds(change.before))
        case "enforcement":
            yield _("Viewer only from now on.") if change.after == "viewer" else _("No longer viewer only.")
        case "watermark":
            yield _("A watermark is asked for.") if change.after else _("A watermark is no longer asked for.")
        case "expires":
            yield _ends(_moment(change.after), _moment(change.before))
        case name:
            sentence = str(_CONDITIONS.get(name) or _("Changed {name}: {after} (before: {before})."))
            yield sentence.format(name=name, after=_value(change.after), before=_value(change.before))


def _rights(value: Any) -> str:
    """Return what a grant gives, with its end, and of several grants to one principal all."""
    if not value:
        return ""
    if isinstance(value, dict):
        return given_until(value["rights"], value["until"])
    if isinstance(value[0], dict):
        return "; ".join(given_until(one["rights"], one["until"]) for one in value)
    return rights_as_level(value)


def given_until(rights: Iterable[str], until: int | None) -> str:
    """Return what rights allow, and until when they are given."""
    allowed = rights_as_level(rights)
    return allowed if until is None else _("{allowed} until {moment}").format(allowed=allowed, moment=_minute(until))


def _days(value: Any) -> str:
    if value == -1:
        return _("as long as the organization allows")
    return _("never") if value == 0 else ngettext("{number} day", "{number} days", value).format(number=value)


def _after_opening(days: Any) -> str:
    if days is None:
        return _("never")
    sentence = ngettext("{number} day after their first opening", "{number} days after their first opening", days)
    return sentence.format(number=days)


def _seconds(value: Any) -> str:
    if value is None:
        return _("as long as the organization allows")
    return ngettext("{number} second", "{number} seconds", value).format(number=value)


def _moment(value: Any) -> str:
    if value is None:
        return _("never")
    return _("on {moment}").format(moment=_minute(value))


def _minute(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.get_current_timezone()):%Y-%m-%d %H:%M %Z}"


def _value(value: Any) -> str:
    if value is None:
        return _("no rule")
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _end(rule: Expiry) -> str:
    option, date, days = rule
    if option == "on_date":
        return _moment(date)
    if option != "after_days":
        return _("never")
    return ngettext("{number} day after protection", "{number} days after protection", days or 0).format(number=days)
