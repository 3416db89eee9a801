"""The mails about super users: who may be one, every grant, and at last what was opened (docs/protocol.md P21)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.languages import grouped
from portal.notifications.mails import in_language, write_mail
from protection.selectors.super_users import GrantFacts
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts

Covered = Callable[[], Iterable[str]]
"""Says which documents a grant covers, in the language of the moment."""
_CHANGES: Final = {
    "on": gettext_lazy("{who} has switched super users on: who is listed can ask for a grant."),
    "off": gettext_lazy("{who} has switched super users off: every grant has ended."),
    "added": gettext_lazy("{who} lets {name} ask for super-user grants."),
    "removed": gettext_lazy("{who} no longer lets {name} ask for super-user grants."),
    "group": gettext_lazy("{who} lets the members of {name} ask for super-user grants."),
    "no_group": gettext_lazy("{who} no longer lets the members of {name} ask for super-user grants."),
    "notice": gettext_lazy(
        "{who} has changed after how many days owners are told what was opened under a super-user grant: {name}."
    ),
    "keepers": gettext_lazy("{who} has named {name} as keepers of the two recovery keys."),
    "emergency": gettext_lazy(
        "{who} has presented the second recovery key: {name}. No independent administrator was there to approve it."
    ),
}


def mail_super_users_changed(
    people: Iterable[PersonFacts], who: str, change: str, organization: OrganizationFacts, *, name: str = ""
) -> None:
    """Tell auditors and administrators who may open everything, or how it comes about, and who changed that."""
    page = f"{organization.origin}{reverse('super_users')}"
    for reader in people:
        with in_language(reader.language):
            subject = _("Super users of {organization} were changed").format(organization=organization.name)
            text = str(_CHANGES[change]).format(who=who, name=name)
            more = _("It is on record. If it should not be so, change it: {page}\n").format(page=page)
            write_mail(reader.email, subject, f"{text}\n\n{more}")


def mail_grant_asked(
    watching: Sequence[PersonFacts],
    approvers: Sequence[PersonFacts],
    made: GrantFacts,
    covered: Covered,
    *,
    organization: OrganizationFacts,
) -> None:
    """Tell auditors at once that a grant was asked for, and those who may approve it that it waits for them."""
    may = {one.id for one in approvers}
    readers = {one.id: one for one in (*watching, *approvers) if one.email and one.id != made.holder}
    for reader in readers.values():
        with in_language(reader.language):
            subject = _("{holder} asks for a super-user grant").format(holder=made.holder_address)
            last = _("Approve or decline it: {page}\n") if reader.id in may else _("It is on record: {page}\n")
            write_mail(reader.email, subject, _about(made, covered) + last.format(page=_page(made, organization)))


def mail_grant_approved(
    readers: Iterable[PersonFacts], made: GrantFacts, covered: Covered, *, organization: OrganizationFacts
) -> None:
    """Tell the holder that their grant is active, and auditors that documents are opened under it."""
    for reader in readers:
        with in_language(reader.language):
            when = "" if made.ends is None else date_format(localtime(made.ends), "DATETIME_FORMAT")
            subject = _("Super-user grant {number} of {holder} is active")
            text = _("{approver} has approved it. It ends on {when}.\n\n").format(approver=made.approved_by, when=when)
            last = (
                _("Open a document under it: chancery view FILE --super-user {number}\nEnd it afterwards: {page}\n")
                if reader.id == made.holder
                else _("What is opened under it is on record: {page}\n")
            )
            values = {"number": made.number, "holder": made.holder_address, "page": _page(made, organization)}
            write_mail(reader.email, subject.format(**values), text + _about(made, covered) + last.format(**values))


def mail_grant_declined(
    readers: Iterable[PersonFacts], made: GrantFacts, reason: str, *, organization: OrganizationFacts
) -> None:
    """Tell the holder that the answer is no."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("Super-user grant {number} was declined").format(number=made.number)
            text = _("{who} has declined it.\n\nReason: {reason}\n\n{page}\n")
            page = _page(made, organization)
            write_mail(reader.email, subject, text.format(who=made.answered_address, reason=reason or "–", page=page))


def mail_grant_ended(
    readers: Iterable[PersonFacts],
    made: GrantFacts,
    covered: Covered,
    documents: int,
    *,
    organization: OrganizationFacts,
) -> None:
    """Tell holder, approver and auditors that a grant is over, how much was opened, and where the report is."""
    for reader in readers:
        with in_language(reader.language):
            subject = _("Super-user grant {number} of {holder} has ended")
            text = _(
                "Documents that were opened under it: {documents}.\n\nThe report says which, and anybody can verify it:"
                " {page}\n"
            )
            values = {"number": made.number, "holder": made.holder_address, "page": _page(made, organization)}
            text = text.format(documents=grouped(documents), **values)
            write_mail(reader.email, subject.format(**values), _about(made, covered) + text)


def mail_owner_told(
    owner: PersonFacts, made: GrantFacts, titles: Sequence[str], more: int, *, organization: OrganizationFacts
) -> None:
    """Tell an owner which of their documents were opened under a grant, by whom, why, and who approved it."""
    with in_language(owner.language):
        subject = _("Your documents were opened under a super-user grant")
        listed = "".join(f"- {title}\n" for title in titles)
        if more:
            listed += _("and {number} more\n").format(number=grouped(more))
        text = _(
            "{holder} has opened these documents of yours:\n\n{titles}\nReason: {reason}\nApproved by: {approver}\n\n"
            "Your organization allows this in cases that two people agree on, and you are told. Each opening is in the"
            " timeline of the document: {page}\n"
        ).format(
            holder=made.holder_address,
            titles=listed,
            reason=made.reason,
            approver=made.approved_by,
            page=f"{organization.origin}{reverse('documents')}",
        )
        write_mail(owner.email, subject, text)


def _about(made: GrantFacts, covered: Covered) -> str:
    """Return who asks for what and why."""
    text = _("{holder} asks to open these documents for {hours} hours:\n{scope}\n\nReason: {reason}\n").format(
        holder=made.holder_address,
        hours=made.hours,
        scope="\n".join(f"- {one}" for one in covered()),
        reason=made.reason,
    )
    if made.case:
        text += _("Case: {case}\n").format(case=made.case)
    if made.legal_ground:
        text += _("Owners are never told, on this ground: {ground}\n").format(ground=made.legal_ground)
    return text + "\n"


def _page(made: GrantFacts, organization: OrganizationFacts) -> str:
    return f"{organization.origin}{reverse('super_user_grant', args=[made.id])}"
