"""Opening without an account: a code is mailed to an address, and the tab in which it is entered acts for an hour.

Whoever asks reads the same whether the address is known, granted, disabled or nothing of it; what differs is in the
mail alone (docs/protocol.md P22, decision 21).
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError, Conflict, NotFound
from chancery.ledger.kinds import Kind
from chancery.policy.unmet import Condition, Unmet
from chancery.texts import message
from portal.notifications.mails import mail_code, mail_no_code, mail_sign_in_instead
from protection.selectors.account_required import account_required
from protection.services.record_code import record_code
from tenants import naming
from tenants.actor import Actor
from tenants.context import in_schema
from tenants.directory.services.ask_code import LIFETIME, TooManyCodes, ask_code
from tenants.directory.services.enter_code import OutsiderSession, WrongCode, enter_code
from tenants.directory.services.outsiders import Way
from tenants.organizations.selectors import organization_by_id


class AccountRequired(Conflict):
    """The document opens to people with an account only."""

    code = "account_required"


class CodesExhausted(ChanceryError):
    """Codes were asked for as often as they may be."""

    code = "too_many_codes"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            message("Too many codes were asked for."),
            remedy=message("Wait {minutes} minutes, or sign in.", minutes=max(1, -(-seconds // 60))),
        )
        self.seconds = seconds


class WrongCodeEntered(ChanceryError):
    """The code is not the mailed one, was used, is over, or this browser did not ask for it."""

    code = "wrong_code"


@dataclass(frozen=True, slots=True)
class WantedDocument:
    """The document of the file that somebody holds: they know the digest of its publishing license."""

    organization: UUID
    content: UUID
    pl_digest: bytes


@dataclass(frozen=True, slots=True)
class AskedForCode:
    """What everybody is told who asks: for how many minutes a code is good."""

    minutes: int


@transaction.atomic
def ask_for_code(*, document: WantedDocument, address: str, browser: str, actor: Actor) -> AskedForCode:
    """Mail a code, or how to sign in, or that the address is disabled; all of it takes the same time.

    Whom the organization blocks gets no mail.
    Raises NameRefused, NotFound, AccountRequired and CodesExhausted; none of them tells anything of the address.
    """
    normal = naming.address(address)
    organization = organization_by_id(document.organization)
    if organization is None or not organization.is_active:
        raise NotFound(message("The organization of this file is not here."))
    with in_schema(organization.schema_name):
        if account_required(document.content, document.pl_digest):
            raise AccountRequired(
                message("This document does not open by a mailed code."),
                remedy=Unmet(Condition.ACCOUNT_REQUIRED).text,
            )
        try:
            asked = ask_code(
                browser=browser,
                address=normal,
                organization_id=organization.id,
                content_id=document.content,
                ip=actor.ip,
            )
        except TooManyCodes as error:
            raise CodesExhausted(error.seconds) from error
        record_code(
            kind=Kind.CODE_ASKED,
            cid=document.content,
            address=normal,
            ip=actor.ip,
            nth=asked.nth,
            place=organization.schema_name,
        )
    with transaction.atomic():
        match asked.way:
            case Way.CODE:
                mail_code(normal, organization, asked.code)
            case Way.SIGN_IN:
                mail_sign_in_instead(normal, organization)
            case Way.NONE | Way.SILENT:
                mail_no_code(normal, organization)
        # What is not sent is written and taken back, so that the time tells nothing.
        transaction.set_rollback(asked.way is Way.SILENT)
    return AskedForCode(LIFETIME // timedelta(minutes=1))


def redeem_code(*, code: str, browser: str, actor: Actor) -> OutsiderSession:
    """Begin the hour of a tab.  Raises WrongCodeEntered."""
    entered = _entered(code, browser, actor.ip)
    if isinstance(entered, OutsiderSession):
        return entered
    left = 0 if entered is None else entered.left
    raise WrongCodeEntered(
        message("This code is not right, or it is no longer good."),
        remedy=message("Check the newest mail and enter it again.") if left else message("Ask for a new code."),
    )


@transaction.atomic
def _entered(code: str, browser: str, ip: str) -> OutsiderSession | WrongCode | None:
    """Use the code up, and record a wrong one; what is recorded outlives the refusal."""
    entered = enter_code(browser=browser, code=code)
    organization = organization_by_id(entered.organization_id) if isinstance(entered, WrongCode) else None
    if isinstance(entered, WrongCode) and organization is not None:
        with in_schema(organization.schema_name):
            record_code(
                kind=Kind.CODE_REFUSED,
                cid=entered.content_id,
                address=entered.address,
                ip=ip,
                nth=entered.nth,
                place=organization.schema_name,
            )
    return entered
