"""Mail about requests to see who opened a document, where an organization shows counts without names."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from portal.notifications.mails import write_mail
from protection.selectors.unmaskings import UnmaskingFacts
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_names_asked(
    auditors: Iterable[PersonFacts], asked: UnmaskingFacts, *, organization: OrganizationFacts
) -> None:
    """Ask auditors whether names may be shown."""
    page = f"{organization.origin}{reverse('names')}"
    for reader in auditors:
        if not reader.email:
            continue
        with translation.override(reader.language or settings.LANGUAGE_CODE):
            if asked.about == "group":
                subject = _("{asker} asks to hide another group's members").format(asker=asked.asked_address)
                text = _(
                    "{asker} asks to hide from owners what members of {group} do, and nobody else. Owners would see"
                    " what the people did who are hidden now.\n\nReason: {reason}\n\nApprove or decline: {page}\n"
                )
            elif asked.cid is None:
                subject = _("{asker} asks to show names on all documents again").format(asker=asked.asked_address)
                text = _(
                    "{asker} asks to show owners again who opens their documents.\n\nReason: {reason}\n\n"
                    "Show names or decline: {page}\n"
                )
            else:
                subject = _("{asker} asks to see who opened a document").format(asker=asked.asked_address)
                text = _(
                    "{asker} asks to see who opened “{document}”.\n\nReason: {reason}\n\n"
                    "Show names or decline: {page}\n"
                )
            document = asked.title or str(asked.cid)
            values = {"asker": asked.asked_address, "document": document, "reason": asked.reason, "page": page}
            group = asked.group_address or _("no group")
            write_mail(reader.email, subject, text.format(**values, group=group))


def mail_names_answered(reader: PersonFacts, answered: UnmaskingFacts, *, organization: OrganizationFacts) -> None:
    """Tell who asked what came of it."""
    if not reader.email:
        return
    place = reverse("names") if answered.cid is None else reverse("document", args=[answered.cid])
    page = f"{organization.origin}{place}"
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        if answered.about == "group":
            subject = _("Your request to hide another group's members was answered")
            text = _("{auditor} answered your request to hide another group's members from owners: {page}\n")
        elif answered.cid is None:
            subject = _("Your request to show names was answered")
            text = _("{auditor} answered your request to show names on all documents again: {page}\n")
        elif answered.until is None:
            subject, text = _("No names are shown to you"), _("{auditor} declined to show who opened {page}\n")
        else:
            subject = _("Names are shown to you")
            text = _("{auditor} approved it: for seven days you see who opened the document: {page}\n")
        write_mail(reader.email, subject, text.format(auditor=answered.answered_address, page=page))


def mail_tracking_changed(auditors: Iterable[PersonFacts], *, by: str, changes: str) -> None:
    """Tell auditors that owners see more or less of those who open their documents."""
    for reader in auditors:
        if not reader.email:
            continue
        with translation.override(reader.language or settings.LANGUAGE_CODE):
            subject = _("Tracking was changed")
            text = _("{who} changed what owners see of those who open their documents.\n\n{changes}\n")
            write_mail(reader.email, subject, text.format(who=by, changes=changes))
