"""Suggested recipients in words: how each is shown and what naming it means."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.subjects.suggestion import Kind, Suggestion
from portal.words.policies import who_in_words
from tenants.organizations.selectors import OrganizationFacts


def suggestion_json(one: Suggestion, organization: OrganizationFacts) -> dict[str, object]:
    """Return a suggestion as API and pages give it."""
    return {
        "who": str(one.who),
        "kind": one.kind.value,
        "name": one.name or who_in_words(one.who, organization.id, organization.name),
        "address": who_in_words(one.who, organization.id, organization.name),
        "meaning": _meaning(one, organization),
    }


def _meaning(one: Suggestion, organization: OrganizationFacts) -> str:
    members = one.members or 0
    match one.kind:
        case Kind.PERSON:
            return _("Member of {organization}").format(organization=organization.name)
        case Kind.GUEST:
            return _("Guest of {organization}").format(organization=organization.name)
        case Kind.GROUP:
            return ngettext("Group: {number} entry", "Group: {number} entries", members).format(number=members)
        case Kind.EVERYBODY:
            return ngettext(
                "{number} member, guests not included", "All {number} members, guests not included", members
            ).format(number=members)
        case Kind.DOMAIN:
            return _("Everybody with a proven address there, today and later")
        case Kind.CONTACT:
            return _("Outside; a contact of {organization}").format(organization=organization.name)
        case Kind.OUTSIDE:
            return _("Outside; you named this address before")
        case Kind.NEW:
            return _("Outside; you have not named this address before")
        case Kind.SLIP:
            return _("Did you mean this?")
