"""A person changes how they are called and the language and time zone in which they read; it says what changed."""

from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.usecases.effects import Effect, effect
from tenants.actor import Actor
from tenants.directory.services.change_person import change_person

_CHANGED: Final = {
    "name": gettext_lazy("Your name is {after} now (before: {before})."),
    "language": gettext_lazy("Your language is {after} now (before: {before})."),
    "time_zone": gettext_lazy("Your time zone is {after} now (before: {before})."),
}


def set_preferences(
    *,
    person_id: UUID,
    actor: Actor,
    name: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> Effect:
    """Change what is named.  Raises what ``change_person`` raises."""
    changes = change_person(person_id=person_id, actor=actor, name=name, language=language, time_zone=time_zone)
    said = [
        _CHANGED[one["member"]].format(
            after=_value(one["member"], one["after"]), before=_value(one["member"], one["before"])
        )
        for one in changes
    ]
    return effect(bool(changes), " ".join(said), _("Your preferences are so already."))


def _value(member: str, value: str) -> str:
    if member == "language":
        return str(dict(settings.LANGUAGES).get(value) or _("as in the browser"))
    return value or _("none")
