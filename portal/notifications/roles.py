"""Mails about roles."""

from collections.abc import Callable, Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_role_ends(
    readers: Iterable[PersonFacts],
    organization: OrganizationFacts,
    *,
    whom: str,
    role: Callable[[], str],
    ends_at: datetime | None,
) -> None:
    """Tell who holds a role and who administers that it ends soon; ``role`` says which in the reader's language."""
    for reader in readers:
        zone = ZoneInfo(reader.time_zone or "UTC")
        with in_language(reader.language), timezone.override(zone):
            when = "" if ends_at is None else date_format(timezone.localtime(ends_at), "DATETIME_FORMAT")
            subject = _("The role {role} of {whom} ends soon").format(role=role(), whom=whom)
            text = _(
                "At {organization}, the role {role} of {whom} ends on {when}.\n\nAn administrator can give it again"
                " until another moment:\n{page}\n"
            ).format(
                organization=organization.name,
                role=role(),
                whom=whom,
                when=when,
                page=f"{organization.origin}{reverse('roles')}",
            )
            write_mail(reader.email, subject, text)
