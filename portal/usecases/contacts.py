"""The address book of an organization: people outside whom its members find when they choose recipients.

A contact is a name and an address and nothing else.  It grants nothing, and says nothing about an account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chancery.errors import ChanceryError
from chancery.texts import message
from portal.usecases.caller import Caller
from portal.usecases.effects import Effect, effect
from tenants import naming
from tenants.directory.selectors.contacts import ContactFacts, contacts_in
from tenants.directory.services.keep_contacts import keep_contacts as keep_contacts_service
from tenants.directory.services.keep_contacts import remove_contact as remove_contact_service

MOST_AT_ONCE: Final = 500
"""Contacts of one call: each is an event of its own, in one transaction."""
_NAME: Final = 200


class WrongContacts(ChanceryError):
    """There are none, too many, or one without a name."""

    code = "wrong_contacts"
    remedy = message("Give 1 to {most} contacts, each with an address and a name.", most=MOST_AT_ONCE)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Contacts in the order of their addresses; ``next`` is after which one the next page begins, "" at the end."""

    rows: tuple[ContactFacts, ...]
    next: str


@dataclass(frozen=True, slots=True)
class WantedContact:
    """An address as somebody wrote it, and a name; without one the address is the name."""

    address: str
    name: str = ""


def visible_contacts(*, caller: Caller, search: str = "", after: str = "", limit: int = 50) -> Contacts:
    """Return a page of the address book; ``search`` is a part of a name or an address."""
    found = contacts_in(caller.organization, search=search.strip(), after=after, limit=limit + 1)
    return Contacts(found[:limit], found[limit - 1].address if len(found) > limit else "")


def keep_contacts(*, caller: Caller, wanted: Sequence[WantedContact]) -> Effect:
    """Add contacts, or give known ones another name: all of them or none.  Raises WrongContacts and NameRefused."""
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise WrongContacts(message("{count} contacts are too few or too many.", count=len(wanted)))
    contacts = {}
    for one in wanted:
        address = naming.address(one.address)
        contacts[address] = naming.one_line(one.name)[:_NAME] or address
    number = keep_contacts_service(organization_id=caller.organization, contacts=contacts, actor=caller.directory_actor)
    done = ngettext("{number} contact is kept.", "{number} contacts are kept.", number)
    return effect(number > 0, done.format(number=number), _("All of them are kept under these names already."))


def remove_contact(*, caller: Caller, contact_id: UUID) -> Effect:
    """Take a contact out of the address book.  Raises NotHere."""
    address = remove_contact_service(
        organization_id=caller.organization, contact_id=contact_id, actor=caller.directory_actor
    )
    done = _("{address} is no longer a contact. What was granted to it stays.")
    return effect(True, done.format(address=address), "")
