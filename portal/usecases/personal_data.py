"""Who reads, by a role, what is known about others is on record, as what they change is (promise C74).

People read their own data, and owners what happened to their documents, without a trace: that is what these are for.
"""

from enum import StrEnum
from typing import Final
from uuid import UUID

from audit.services.hourly_count import nth_this_hour
from chancery.policy.permission import Permission
from portal.usecases.caller import Caller
from protection.selectors.documents import decided_among
from protection.services.record_reading import record_reading
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import called_here
from tenants.organizations.selectors import OrganizationFacts


class PersonalData(StrEnum):
    """What is read; pages and calls that show others' data name one of these."""

    PEOPLE = "people"
    PERSON = "person"
    LEFT = "left"
    GROUPS = "groups"
    GROUP = "group"
    EVENTS = "events"
    EVENTS_OF = "events_of"
    DOCUMENTS = "documents"
    DOCUMENT = "document"
    REQUESTS = "requests"
    CONTACTS = "contacts"


_ABOUT_A_PERSON: Final = {PersonalData.PERSON, PersonalData.EVENTS_OF}


def personal_data_read(
    *, caller: Caller, organization: OrganizationFacts, what: PersonalData, about: UUID | None = None
) -> None:
    """Record that the caller reads others' data; ``about`` is the person, the group or the document it is about.

    The first reading of the same within an hour is recorded, in each process: who turns the pages of a list reads one
    list.  Nothing is recorded of what somebody reads of themselves or of a document that they decide about.  Raises
    NotHere for a group that is not there.
    """
    if about == caller.person:
        return
    if what is PersonalData.DOCUMENT and not caller.may(Permission.DOCUMENTS_READ_ALL):
        return
    if nth_this_hour(place=f"{organization.schema_name} reads", who=f"{caller.person} {what} {about or ''}") > 1:
        return
    named, cid = "", about if what is PersonalData.DOCUMENT else None
    if about and what in _ABOUT_A_PERSON:
        # Events are also of people from elsewhere, whom the organization does not call by name.
        named = called_here(organization.id, [about]).get(about, "")
    elif about and what is PersonalData.GROUP:
        named = group_in(organization.id, about).address
    nobody = what is PersonalData.PERSON and not named
    if not nobody and not (cid and decided_among(caller.person, [cid])):
        record_reading(actor=caller.actor, what=what.value, about=named, cid=cid)
