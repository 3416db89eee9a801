"""Directory servers in words: what a run is, how far it is, and what it came to."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: Final[Mapping[str, str | Promise]] = {
    "active_directory": _("Active Directory"),
    "openldap": _("OpenLDAP, or another server"),
}
SECURITIES: Final[Mapping[str, str | Promise]] = {
    "ldaps": _("ldaps: encrypted from the beginning"),
    "starttls": _("StartTLS: encrypted before anything is said"),
}
MODES: Final[Mapping[str, str | Promise]] = {
    "complete": _("Everything"),
    "changes": _("Changes"),
    "try": _("Try"),
}
STATES: Final[Mapping[str, str | Promise]] = {
    "waiting": _("Reading"),
    "comparing": _("Comparing"),
    "changing": _("Carrying out"),
    "stopped": _("Stopped"),
    "done": _("Done"),
    "failed": _("Failed"),
    "abandoned": _("Given up"),
}
OUTCOMES: Final[Mapping[str, str | Promise]] = {
    "add": _("New"),
    "change": _("Changed"),
    "disable": _("Disabled"),
    "remove": _("Gone"),
    "set_aside": _("Set aside"),
}
COUNTS: Final[Mapping[str, str | Promise]] = {
    "person.add": _("New people"),
    "person.change": _("Changed people"),
    "person.disable": _("Disabled people"),
    "person.remove": _("People gone"),
    "person.set_aside": _("People set aside"),
    "group.add": _("New groups"),
    "group.change": _("Changed groups"),
    "group.remove": _("Groups gone"),
    "group.set_aside": _("Groups set aside"),
    "person.same": _("People as before"),
    "group.same": _("Groups as before"),
    "person.read": _("People read"),
    "group.read": _("Groups read"),
}
ATTRIBUTES: Final[Mapping[str, str | Promise]] = {
    "id": _("What stays the same whatever happens"),
    "address": _("Mail address"),
    "aliases": _("Further addresses"),
    "name": _("Name"),
    "given_name": _("Given name"),
    "family_name": _("Family name"),
    "title": _("Job title"),
    "department": _("Department"),
    "disabled": _("Whether an account is disabled"),
    "group_name": _("Name of a group"),
    "group_address": _("Address of a group"),
    "members": _("Members of a group"),
}
