"""The mails about read permissions of applications: asked for, approved, declined and over (docs/protocol.md P31)."""

from collections.abc import Callable, Iterable, Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from portal.languages import grouped
from portal.notifications.mails import in_language, write_mail
from protection.selectors.read_permissions import PermissionFacts, documents_read
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts

Covered = Callable[[], Iterable[str]]
"""Says what a permission covers and for whom it is, in the language of the moment."""


def mail_permission_asked(
    watching: Sequence[PersonFacts],
    approvers: Sequence[PersonFacts],
    made: PermissionFacts,
    covered: Covered,
    *,
    organization: OrganizationFacts,
) -> None:
    """Tell auditors at once that a permission was asked for, and those who may approve it that it waits for them."""
    may = {one.id for one in approvers}
    readers = {one.id: one for one in (*watching, *approvers) if one.email and one.id != made.asked_by}
    for reader in readers.values():
        with in_language(reader.language):
            subject = _("{holder} asks that {application} may read documents")
            last = _("Approve or decline it: {page}\n") if reader.id in may else _("It is on record: {page}\n")
            text = _about(made, covered) + last.format(page=_page(made, organization))
            write_mail(reader.email, subject.format(holder=made.asked_address, application=made.application), text)


def mail_permission_approved(
    readers: Iterable[PersonFacts], made: PermissionFacts, covered: Covered, *, organization: OrganizationFacts
) -> None:
    """Tell who asked that the application may read now, and auditors that it does."""
    for reader in readers:
        with in_language(reader.language):
            when = "" if made.ends is None else date_format(localtime(made.ends), "DATETIME_FORMAT")
            subject = _("{application} may read documents").format(application=made.application)
            text = _("{approver} has approved it. It ends on {when}.\n\n").format(approver=made.approved_by, when=when)
            last = _("What is read by it is on record: {page}\n").format(page=_page(made, organization))
            write_mail(reader.email, subject, text + _about(made, covered) + last)


def mail_permission_declined(
    readers: Iterable[PersonFacts], made: PermissionFacts, reason: str, *, organization: OrganizationFacts
) -> None:
    """Tell who asked that the answer is no."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("Read permission {number} was declined").format(number=made.number)
            text = _("{who} has declined it.\n\nReason: {reason}\n\n{page}\n")
            page = _page(made, organization)
            write_mail(reader.email, subject, text.format(who=made.answered_address, reason=reason or "–", page=page))


def mail_permission_over(
    readers: Iterable[PersonFacts], made: PermissionFacts, covered: Covered, *, organization: OrganizationFacts
) -> None:
    """Tell who asked and the auditors that a permission is over, how much was read, and how it is renewed."""
    documents = documents_read(made.id)
    for reader in readers:
        with in_language(reader.language):
            subject = _("{application} no longer reads documents").format(application=made.application)
            text = _("Documents that were read by it: {documents}.\n\nTo renew it, ask again: {page}\n").format(
                documents=grouped(documents), page=_page(made, organization)
            )
            write_mail(reader.email, subject, _about(made, covered) + text)


def _about(made: PermissionFacts, covered: Covered) -> str:
    """Return who asks what for which application, and why."""
    kind = _("for people, what they may read themselves") if made.for_people else _("whatever their policies grant")
    text = _(
        "{holder} asks that the application {application} may read these documents for {days} days, {kind}:\n{scope}\n"
    ).format(
        holder=made.asked_address,
        application=made.application,
        days=grouped(made.days),
        kind=kind,
        scope="\n".join(f"- {one}" for one in covered()),
    )
    text += "\n" + _("Reason: {reason}\n").format(reason=made.reason)
    if made.case:
        text += _("Case: {case}\n").format(case=made.case)
    return text + "\n"


def _page(made: PermissionFacts, organization: OrganizationFacts) -> str:
    return f"{organization.origin}{reverse('read_permission', args=[made.id])}"
