"""The mail about a proven mail domain whose record is gone."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_domain_record_gone(
    administrators: Iterable[PersonFacts], domain: str, text: str, *, organization: OrganizationFacts
) -> None:
    """Tell administrators that the record of a domain was not found for a week, and that nothing changed by that."""
    path = reverse("domain", args=[domain], urlconf=settings.ROOT_URLCONF)
    for reader in administrators:
        with in_language(reader.language):
            body = _(
                "The TXT record by which {organization} proved the mail domain {domain} has not been there for seven"
                " days.\n\n"
                "Nothing has changed: its addresses count as before. If the domain is still yours, publish the record"
                " again:\n\n{text}\n\n"
                "If it is no longer yours, release it: its next owner could otherwise read mail to your"
                " people.\n\n{page}\n"
            )
            values = {
                "organization": organization.name,
                "domain": domain,
                "text": text,
                "page": f"{organization.origin}{path}",
            }
            subject = _("The DNS record of {domain} is gone").format(domain=domain)
            write_mail(reader.email, subject, body.format(**values))
