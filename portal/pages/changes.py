"""What a version of a template changed, in sentences."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from portal.pages.policies import rights_as_level, who_in_words
from protection.licensing.difference import Difference
from protection.licensing.policy import Principal
from protection.selectors.templates import Change, Expiry, Offer

_CONDITIONS = {
    "conditions.strength": "how strongly people must sign in",
    "conditions.networks": "from which networks it opens",
    "conditions.platforms": "on which kinds of device it opens",
    "conditions.not_before": "when the time window begins",
    "conditions.not_after": "when the time window ends",
    "conditions.enforced": "what programs must withhold",
    "conditions.post_quantum": "whether devices need post-quantum keys",
}


def shown_changes(change: Change, organization: UUID, organization_name: str) -> list[str]:
    """Return one sentence for each thing that changed."""
    sentences = ["Name or description changed."] if change.renamed else []
    sentences += [_sentence(one, organization, organization_name) for one in change.changes]
    if change.offer is not None:
        sentences += _offered(*change.offer)
    if change.expiry is not None:
        before, after = change.expiry
        sentences.append(f"Access ends {_end(after)}; before, {_end(before)}.")
    return sentences


def _offered(before: Offer, after: Offer) -> Iterator[str]:
    (old, old_legacy), (new, new_legacy) = before, after
    if old != new:
        yield f"Offered to {offered_to(new)} (before: {offered_to(old)})."
    if old_legacy != new_legacy:
        yield f"{'Offered' if new_legacy else 'Not offered'} in programs that cannot say who asks."


def offered_to(scope: tuple[str, ...]) -> str:
    """Name those to whom a template is offered."""
    return ", ".join(scope) or "everybody"


def _sentence(change: Difference, organization: UUID, organization_name: str) -> str:
    if change.who:
        who = who_in_words(Principal.parse(change.who), organization, organization_name)
        return _granted(who, change) if change.member == "grants" else _denied(who, change)
    return " ".join(_member(change))


def _granted(who: str, change: Difference) -> str:
    before, after = _rights(change.before), _rights(change.after)
    if not before:
        return f"{who}: may now {after}."
    if not after:
        return f"{who}: has no grant any more (before: {before})."
    return f"{who}: may {after} (before: {before})."


def _denied(who: str, change: Difference) -> str:
    return f"{who}: may never open it now." if change.after else f"{who}: is not kept out any more."


def _member(change: Difference) -> Iterator[str]:
    match change.member:
        case "offline_days":
            yield f"Opens without a network: {_days(change.after)} (before: {_days(change.before)})."
        case "expires_after_opening_days":
            yield f"Each person's access ends {_after_opening(change.after)}; before, {_after_opening(change.before)}."
        case "lease":
            yield f"A kept license lives {_seconds(change.after)} without news (before: {_seconds(change.before)})."
        case "enforcement":
            yield "Shown in the viewer only." if change.after == "viewer" else "Opened by programs on the device."
        case "expires":
            yield f"Access ends {_moment(change.after)}; before, {_moment(change.before)}."
        case name:
            yield f"Changed {_CONDITIONS.get(name, name)}: {_value(change.after)} (before: {_value(change.before)})."


def _rights(value: Any) -> str:
    return rights_as_level(value) if value else ""


def _days(value: Any) -> str:
    if value == -1:
        return "as long as the organization allows"
    return "never" if value == 0 else f"{value} days"


def _after_opening(days: Any) -> str:
    return "never by itself" if days is None else f"{days} days after his first opening"


def _seconds(value: Any) -> str:
    return "as long as the organization allows" if value is None else f"{value} seconds"


def _moment(value: Any) -> str:
    if value is None:
        return "never"
    return f"on {datetime.fromtimestamp(value, timezone.get_current_timezone()):%Y-%m-%d %H:%M %Z}"


def _value(value: Any) -> str:
    if value is None:
        return "no rule"
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _end(rule: Expiry) -> str:
    option, date, days = rule
    if option == "on_date":
        return _moment(date)
    return f"{days} days after protection" if option == "after_days" else "never"
