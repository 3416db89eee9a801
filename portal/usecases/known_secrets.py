"""Mail administrators when a person who knows the secret of an application may not manage applications any more."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from portal.usecases.caller import Caller
from portal.usecases.notify import notify
from tenants.directory.known_secrets import applications_known_to
from tenants.directory.selectors.people import PersonFacts, people_in

_ALL = 10_000


def notify_of_known_secrets(caller: Caller, person: PersonFacts) -> None:
    """Mail the administrators who stay; the event is the directory's.

    They get a mail since nothing on the page of the person says that something of theirs goes on.
    """
    names = [one.name for one in applications_known_to(caller.organization, person.id)]
    administrators = people_in(caller.organization, role="global_administrator", limit=_ALL)
    recipients = {
        one.email: one.language for one in administrators if one.email and not one.disabled and one.id != person.id
    }
    if names:
        _mail(recipients, person.email, names)


def _mail(recipients: dict[str, str], address: str, names: list[str]) -> None:
    for reader, language in recipients.items():
        with translation.override(language or settings.LANGUAGE_CODE):
            subject = _("{address} still knows secrets of applications").format(address=address)
            text = _(
                "{address} no longer manages applications, but has seen the secrets of these:\n\n{names}\n\nThey"
                " still work. Make new applications in their place, then disable these on the page of"
                " applications.\n"
            ).format(address=address, names="\n".join(f"- {name}" for name in names))
        notify(reader, subject, text)
