"""The mail to a person for whom an administrator acts."""

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from protection.selectors.acting import ActingFacts
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_acting(reader: PersonFacts, who: str, acting: ActingFacts, *, organization: OrganizationFacts) -> None:
    """Tell a person who acts for them, why, and where they see what was done."""
    with in_language(reader.language):
        subject = _("{who} acts for you at {organization}").format(who=who, organization=organization.name)
        text = _(
            "{who} sees the list of your documents and may take access to them back in your name, for one hour.\n\n"
            "Reason: {reason}\n\n"
            "They cannot open your documents or give anybody access. What they take back you can give back.\n"
            "Each document's page says what was done: {page}\n"
        )
        page = f"{organization.origin}{reverse('documents')}"
        write_mail(reader.email, subject, text.format(who=who, reason=acting.reason, page=page))
