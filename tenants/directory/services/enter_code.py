"""A mailed code comes back: for an hour a tab acts as the person without an account who reads the mailbox."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from tenants import naming
from tenants.directory import address_holders, one_time
from tenants.directory.models import CodeSession
from tenants.directory.services.ask_code import HOUR, MOST_WRONG, hash_of, still_good
from tenants.directory.services.outsiders import Way, let_outsider_in, outsider_of, way_of

SESSION: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OutsiderSession:
    """The hour of an outsider; ``secret`` is what their tab alone holds."""

    id: UUID
    person: UUID
    address: str
    organization_id: UUID
    began_at: datetime
    ends_at: datetime
    secret: str = ""


@dataclass(frozen=True, slots=True)
class WrongCode:
    """A code that was not the mailed one; ``nth`` counts those for the document in this hour."""

    address: str
    organization_id: UUID
    content_id: UUID
    left: int
    nth: int


@transaction.atomic
def enter_code(*, browser: str, code: str) -> OutsiderSession | WrongCode | None:
    """Use the code up, once; None where this browser waits for none.

    The row is locked, so of two requests with the same code one comes second.
    """
    now = timezone.now()
    waiting = CodeSession.objects.filter(browser=browser, **still_good(now)).order_by("-asked_at")
    found = waiting.first()
    if found is None:
        return None
    address_holders.lock_domain(naming.domain_of(found.address))
    address_holders.lock_address(found.address)
    row = waiting.select_for_update().filter(id=found.id).first()
    if row is None:
        return None
    right = hmac.compare_digest(row.code_hash, hash_of(browser, code))
    if not right or way_of(row.address, row.organization_id) is not Way.CODE:
        return _wrong(row, now)
    return open_session(row, now)


def open_session(row: CodeSession, now: datetime) -> OutsiderSession:
    """Begin the hour of the person whom the row's address is proven to belong to, by a code or in another way."""
    person, secret = outsider_of(row.address), one_time.new_token()
    row.person, row.secret_hash, row.ends_at = person, one_time.token_hash(secret), now + SESSION
    row.save(update_fields=["person", "secret_hash", "ends_at"])
    let_outsider_in(person, row.address, row.ends_at)
    return _session(row, secret)


def session_of(browser: str, secret: str) -> OutsiderSession | None:
    """Return the hour of a browser's tab, None when it is over or another browser's."""
    rows = CodeSession.objects.filter(browser=browser, secret_hash=one_time.token_hash(secret))
    row = rows.filter(ends_at__gt=timezone.now(), person__is_active=True).first()
    return None if row is None else _session(row)


def session_with_id(session: UUID) -> OutsiderSession | None:
    """Return an hour that is not over."""
    row = CodeSession.objects.filter(id=session, ends_at__gt=timezone.now(), person__is_active=True).first()
    return None if row is None else _session(row)


def _session(row: CodeSession, secret: str = "") -> OutsiderSession:
    if row.person_id is None or row.ends_at is None:
        raise ValueError("This code was not entered.")
    return OutsiderSession(
        id=row.id,
        person=row.person_id,
        address=row.address,
        organization_id=row.organization_id,
        began_at=row.ends_at - SESSION,
        ends_at=row.ends_at,
        secret=secret,
    )


def _wrong(row: CodeSession, now: datetime) -> WrongCode:
    row.wrong += 1
    row.save(update_fields=["wrong"])
    lately = CodeSession.objects.filter(content_id=row.content_id, asked_at__gt=now - HOUR)
    return WrongCode(
        address=row.address,
        organization_id=row.organization_id,
        content_id=row.content_id,
        left=MOST_WRONG - row.wrong,
        nth=lately.aggregate(all=Sum("wrong"))["all"] or 1,
    )
