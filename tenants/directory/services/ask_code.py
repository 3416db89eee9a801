"""A person without an account asks for a code by mail, for one document, in one browser (docs/protocol.md P22)."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants.directory import one_time
from tenants.directory.models import CodeSession
from tenants.directory.services.outsiders import Way, way_of

LIFETIME: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
LIMITS: Final[Mapping[str, tuple[tuple[timedelta, int], ...]]] = {
    "address": ((HOUR, 5), (DAY, 15)),
    "content_id": ((HOUR, 60),),
    "network": ((HOUR, 30),),
}
"""How many codes may be asked for by one address, for one document and from one network, in which time.

Of an address only codes that nobody entered count: whoever enters one reads the mailbox, and wanted the mail.
"""


class TooManyCodes(Exception):
    """A limit is reached; the next code can be asked for in so many seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class AskedCode:
    """A code, and what the reader of the mailbox may do; ``nth`` counts the codes for the document in this hour."""

    code: str
    way: Way
    nth: int


@transaction.atomic
def ask_code(*, browser: str, address: str, organization_id: UUID, content_id: UUID, ip: str) -> AskedCode:
    """Make a code, whoever the address belongs to, so that the answer takes the same time.  Raises TooManyCodes.

    ``address`` is in its normal form.  A code of before in the same browser is worth nothing any more.
    """
    now, network = timezone.now(), network_of(ip)
    counted = {"address": address, "content_id": str(content_id), "network": network}
    _lock(counted)
    # Who has shown lately, in this browser, that they read the mailbox is not kept from it by what others ask for.
    entered = CodeSession.objects.filter(address=address, secret_hash__isnull=False, browser=browser).exists()
    nth = 1
    for name, limits in LIMITS.items():
        for period, most in limits:
            asked = CodeSession.objects.filter(**{name: counted[name]}, asked_at__gt=now - period)
            if name == "address":
                asked = asked.filter(secret_hash__isnull=True, **({"browser": browser} if entered else {}))
            times = list(asked.order_by("-asked_at").values_list("asked_at", flat=True)[:most])
            if len(times) == most:
                raise TooManyCodes(_seconds(times[-1] + period - now))
            nth = len(times) + 1 if name == "content_id" else nth
    CodeSession.objects.filter(browser=browser, secret_hash__isnull=True, expires_at__gt=now).update(expires_at=now)
    code = one_time.new_short_code()
    CodeSession.objects.create(
        browser=browser,
        address=address,
        network=network,
        organization_id=organization_id,
        content_id=content_id,
        code_hash=hash_of(browser, code),
        asked_at=now,
        expires_at=now + LIFETIME,
    )
    return AskedCode(code, way_of(address, organization_id), nth)


def hash_of(browser: str, code: str) -> str:
    """Return what is kept of a code: good in one browser, and found by nobody who reads the database alone."""
    value = f"{browser}\0{one_time.plain(code)}"
    return salted_hmac("tenants.directory.code_session", value, algorithm="sha256").hexdigest()


def network_of(ip: str) -> str:
    """Return the address, or for IPv6 the network that one customer is given; one person has many there."""
    try:
        parsed = ip_address(ip)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def still_good(now: datetime) -> dict[str, object]:
    """Return the filter of codes that can be entered."""
    return {"secret_hash__isnull": True, "expires_at__gt": now, "wrong__lt": MOST_WRONG}


MOST_WRONG: Final = 5
"""Wrong codes after which a new one must be asked for."""


def _lock(counted: Mapping[str, str]) -> None:
    """Let one request at a time count by the same address, document or network; always locked in the same order."""
    keys = sorted(
        int.from_bytes(hashlib.sha256(f"{name}\0{value}".encode()).digest()[:8], signed=True)
        for name, value in counted.items()
    )
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("select pg_advisory_xact_lock(%s)", [key])


def _seconds(wait: timedelta) -> int:
    return max(1, math.ceil(wait.total_seconds()))
