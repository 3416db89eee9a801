"""For whom licenses are asked ahead of an opening, what the directory says of them, and what comes of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from chancery.errors import ChanceryError
from chancery.objects.licenses_file import SealedLicense
from chancery.policy.case import Allow
from chancery.policy.subject import DeviceFacts, Subject
from chancery.texts import message
from protection.actor import Actor
from protection.selectors.licensing import ContentState, ServiceState
from protection.services.certify import DeviceKeys
from protection.services.directory import Directory

MAX_LICENSES: Final = 1_000
"""Licenses that one call issues at most; the rest is asked for from ``after`` on."""
MAX_RECIPIENTS: Final = 1_000


class NotAhead(StrEnum):
    """Why a recipient gets no license ahead, beside the reasons for which openings are refused."""

    NO_DEVICE = "no_device"
    GROUP = "group"
    WEAK_DEVICE = "weak_device"
    CONDITIONS = "conditions"
    VIEWER_ONLY = "viewer_only"
    ONLINE_ONLY = "online_only"
    COUNTS_FROM_OPENING = "counts_from_opening"
    OPENINGS_COUNTED = "openings_counted"
    DECIDED_WHEN_OPENED = "decided_when_opened"


class MayNotPrelicense(ChanceryError):
    """A person who may see a document, but neither owns nor protected it, asked for licenses for others."""

    code = "may_not_prelicense"
    remedy = message("Ask the document's owner to send licenses ahead.")


class TooManyAhead(ChanceryError):
    """More licenses were asked for at once than one call issues; none was issued."""

    code = "too_many_licenses"
    remedy = message("Name some of the recipients, and the others another time, or use chancery prelicense.")


@dataclass(frozen=True, slots=True)
class HeldDevice:
    """A device of a recipient that can keep a license."""

    keys: DeviceKeys
    feed_id: bytes
    facts: DeviceFacts


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the organization knows under an address, with their devices.

    ``whole`` is the person as decisions see them; ``visible`` is what their own organization may know of them.
    ``disabled`` says that this organization itself has disabled them.
    """

    address: str
    whole: Subject
    visible: Subject
    devices: tuple[HeldDevice, ...]
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Holders:
    """What the directory says of some addresses; ``domains`` and ``groups`` are the organization's own.

    ``unmoved`` is the condition, with its ``marker``, under which this still holds.
    """

    found: Mapping[str, Holder]
    groups: frozenset[str]
    domains: frozenset[str]
    unmoved: str
    marker: dict[str, Any]


class RecipientDirectory(Directory, Protocol):
    """The directory as it is asked about recipients; the portal implements it."""

    def holders(self, addresses: Sequence[str], names: Sequence[str]) -> Holders:
        """Return whom the addresses mean to this organization, and which of them and of ``names`` are groups of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PrelicenseRequest:
    """For whom licenses are asked: ``to`` are normal addresses, None for everyone whom the policy names by address.

    ``seal`` is the digest of the edition, None for the newest one; ``after`` is the last recipient of the call before.
    ``whole`` asks for all or nothing in this one call.  ``names`` tells of whom the asker may know that they opened
    much; of others it says what it says of anybody without a device.
    """

    organization: UUID
    iss: str
    actor: Actor
    cid: UUID
    seal: bytes | None = None
    to: tuple[str, ...] | None = None
    after: str = ""
    whole: bool = False
    names: Callable[[UUID], bool] = lambda _person: False


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """How many licenses a recipient got, or why none: a ``NotAhead``, or a ``Reason`` as for openings."""

    recipient: str
    licenses: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Prelicensed:
    """Sealed licenses in no order that says for whom they are; ``next`` is where to go on, "" at the end."""

    results: tuple[RecipientResult, ...]
    licenses: tuple[SealedLicense, ...]
    next: str


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """The document and the organization as the deciding statement reads them, and the suite of the document's key.

    ``budgeted`` says that openings are counted here, ``paused`` who gets no licenses now because they opened too much.
    """

    state: ContentState
    service: ServiceState
    suite: str
    budgeted: bool = False
    paused: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class GrantedAhead:
    """One license that is given: to whom, on which device, and the id of the event that records it."""

    holder: Holder
    device: HeldDevice
    decision: Allow
    event: UUID
