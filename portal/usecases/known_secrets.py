"""Mail administrators when a person who knows the secret of an application may not manage applications any more."""

from portal.notifications.mails import mail_known_secrets
from portal.usecases.caller import Caller
from tenants.directory.known_secrets import applications_known_to
from tenants.directory.roles import ADMINISTRATOR
from tenants.directory.selectors.people import PersonFacts, people_in

_ALL = 10_000


def notify_of_known_secrets(caller: Caller, person: PersonFacts) -> None:
    """Mail the administrators who stay; the event is the directory's.

    They get a mail since nothing on the page of the person says that something of theirs goes on.
    """
    names = [one.name for one in applications_known_to(caller.organization, person.id)]
    administrators = people_in(caller.organization, roles=[ADMINISTRATOR], limit=_ALL)
    recipients = [one for one in administrators if one.email and not one.disabled and one.id != person.id]
    if names:
        mail_known_secrets(recipients, address=person.email, applications=names)
