"""The mails about pauses: to the person who opened so much, and to the owner of the budget."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from portal.notifications.mails import in_language, write_mail
from protection.selectors.budgets import PauseRow
from tenants.directory.selectors.people import PersonFacts
from tenants.organizations.selectors import OrganizationFacts


def mail_paused(
    row: PauseRow, organization: OrganizationFacts, *, page: str, language: str, allowance: Callable[[], str]
) -> None:
    """Tell a person that they are paused, and how they go on; ``allowance`` says of what, in their language."""
    with in_language(language or settings.LANGUAGE_CODE):
        subject = _("Your access to documents of {organization} is paused").format(organization=organization.name)
        text = _(
            "You used up the budget of {allowance}, and no further document opens until it is clear that it was"
            " you.\n\n"
            "Confirm with your second factor: {page}\n"
            "Without one, ask an administrator to release you; your number is {number}.\n\n"
            "If it was not you, do not confirm: tell an administrator, and revoke the devices of your account.\n"
        ).format(allowance=allowance(), page=page, number=row.number)
        write_mail(row.address, subject, text)


def mail_pause_to_owner(
    row: PauseRow, *, called: str, to: PersonFacts, page: str, allowance: Callable[[], str]
) -> None:
    """Tell the owner of a budget that it paused somebody; ``called`` is "" where they may not know whom."""
    with in_language(to.language):
        who = called or _("A person whose name is not shown (number {number})").format(number=row.number)
        text = _(
            "{who} used up the budget of {allowance} and is paused.\n\n"
            "They go on by confirming with a second factor, or when you or an administrator release them: {page}\n"
        ).format(who=who, allowance=allowance(), page=page)
        write_mail(to.email, _("A person is paused: they opened many documents"), text)
