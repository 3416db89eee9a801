"""Settings of the service in words: what each is called, and what it was and is."""

from collections.abc import Iterator, Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.languages import grouped
from tenants.directory.session_limits import UNITS, most

NAMES: Final = {
    "contact": gettext_lazy("whom to ask"),
    "alarm_address": gettext_lazy("who is mailed about alarms"),
    "max_license_days": gettext_lazy("days without a network, at most"),
    "lease_seconds": gettext_lazy("seconds that a cached license lives without news"),
    "suite": gettext_lazy("suite of new keys"),
    "registration_days": gettext_lazy("days that offline documents are believed"),
    "keep_titles": gettext_lazy("keep file names"),
    "account_required": gettext_lazy("readers need an account"),
    "tracking": gettext_lazy("what owners see of readers"),
    "untracked_group": gettext_lazy("group whose members owners do not see"),
    "strength": gettext_lazy("how everybody must have signed in to open anything"),
    "networks": gettext_lazy("networks from which anything opens"),
    "times": gettext_lazy("times at which anything opens"),
    "platforms_off": gettext_lazy("kinds of device that open nothing"),
    "protectors": gettext_lazy("groups whose members may protect"),
    "protectors_on": gettext_lazy("kinds of device on which only these groups protect"),
    "protecting_off": gettext_lazy("kinds of program and device that protect nothing"),
    "browser_idle_minutes": gettext_lazy("minutes without use until a browser is signed out"),
    "browser_hours": gettext_lazy("hours until a browser is signed out in any case"),
    "program_idle_days": gettext_lazy("days without use until a program has to sign in again"),
    "program_days": gettext_lazy("days until a program has to sign in again in any case"),
    "owners_restore": gettext_lazy("owners undo what administrators took back"),
}

_TRACKING: Final = {
    "named": gettext_lazy("who opened them, when and from where"),
    "pseudonymous": gettext_lazy("how often they were opened, without names"),
    "off": gettext_lazy("nothing"),
}
"""What owners see of those who open their documents: no other setting has such a value."""

_EVERY: Final = {
    "networks": gettext_lazy("any"),
    "times": gettext_lazy("always"),
    "protectors": gettext_lazy("everybody"),
    "protectors_on": gettext_lazy("all kinds"),
}
"""What stands for no limit where an empty list lets everybody in, and not nobody."""


def settings_in_words(changes: Mapping[str, object]) -> Iterator[str]:
    """Return one sentence for each setting that was changed, given as (before, after); None where it is not stated."""
    for name, pair in changes.items():
        called = str(NAMES.get(name) or name.replace("_", " "))
        if isinstance(pair, tuple):
            before, after = (value_in_words(one, name) for one in pair)
            yield _("{setting}: {after} (before: {before}).").format(setting=called, after=after, before=before)
        else:
            yield _("{setting}: changed.").format(setting=called)


def value_in_words(value: object, name: str = "") -> str:
    """Return a setting's value as people read it."""
    if name in UNITS and not value:
        return _("{number}, the limit of the installation").format(number=grouped(most(name)))
    if isinstance(value, str) and value in _TRACKING:
        return str(_TRACKING[value])
    if name in _EVERY and not value:
        return str(_EVERY[name])
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or _("none")
    if value is None or value == "":
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
