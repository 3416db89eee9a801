"""What a license is asked for, what the decision about it reads, and what comes of it: values and the database port.

See docs/protocol.md P19, P23 and P31.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from chancery.objects.use import UseLicense
from chancery.policy.case import Allow, Deny
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from protection.selectors.counted import BudgetsUsed, Counting
from protection.selectors.licensing import ContentState, EditionState, ServiceState
from protection.selectors.named_grant import NamedGrant, UnderGrant
from protection.selectors.named_permission import NamedPermission
from protection.services.certify import DeviceKeys
from protection.services.directory import Directory
from protection.services.register_on_first_use import LicenseRequestItem


@dataclass(frozen=True, slots=True)
class Reading:
    """What the deciding statement read: one moment, one person, one organization, the documents in the order asked.

    ``marker`` is the portal's part of the condition under which the decision may be recorded; ``grant`` and
    ``permission`` are the named ones, ``budgets`` what the person has used of them, None where there are none.
    """

    service: ServiceState
    subject: Subject
    organization_active: bool
    service_active: bool
    device_feed_id: bytes
    address: str
    name: str
    documents: tuple[ContentState | None, ...]
    marker: dict[str, Any] = field(default_factory=dict)
    grant: NamedGrant | None = None
    budgets: BudgetsUsed | None = None
    permission: NamedPermission | None = None
    home: str = ""
    """The mail domain whose installation has signed the person in, "" where they signed in here (docs/protocol.md
    P32)."""


class LicensingDatabase(Protocol):
    """The port to the database: the portal runs both statements on connections of its own pool."""

    def read(self, items: Sequence[LicenseRequestItem]) -> Reading:
        """Run the deciding statement."""
        ...

    def record(
        self,
        events: Sequence[dict[str, object]],
        reading: Reading,
        *,
        first_openings: Sequence[UUID] = (),
        first_seen: Sequence[bytes] = (),
        under_grant: Sequence[UnderGrant] = (),
        counting: Counting | None = None,
        read: Sequence[tuple[UUID, UUID]] = (),
    ) -> bool:
        """Write all events durably if nothing has moved since ``reading``; tell whether they were written.

        ``first_openings`` are the documents that the person opens for the first time, ``first_seen`` the seals of
        editions that nobody but their sealer had opened, ``under_grant`` what rests on the request's super-user grant,
        ``counting`` what counts for budgets, ``read`` events and documents that an application read by its permission;
        all are kept with the events or not at all.
        """
        ...

    def check_time(self) -> None:
        """Raise Unavailable when so much time has passed that the caller has been answered without a license."""
        ...

    def bind(self, bindings: Sequence[tuple[UUID, str, UUID]]) -> None:
        """Store first resolutions of addresses as (scope, address, identity)."""
        ...


@dataclass(frozen=True, slots=True)
class NamedAccess:
    """What a request names for its openings to rest on instead of the caller's own access; never both kinds."""

    super_user_grant: UUID | None = None
    read_permission: UUID | None = None
    for_person: UUID | None = None
    """For whom an application reads by its permission."""


@dataclass(frozen=True, slots=True)
class LicenseRequest:
    """Who asks, on which device, from where; ``page_of_access`` shows them theirs, ``{cid}`` being the document."""

    organization: UUID
    iss: str
    device: DeviceKeys
    device_name: str
    ip: str
    source: str
    directory: Directory
    """Asked about the person who published or sealed what is seen for the first time."""
    page_of_access: str = ""
    page_of_pause: str = ""
    """Where people confirm that it is them who open so much."""
    program: str = ""
    """The program's name, as it states it."""
    request_id: bytes = b""
    """What tells this request from every other one: a digest of its device proof."""
    enforces: frozenset[Right] = frozenset()
    """The rights that the program says it withholds from people who do not have them (P23)."""
    named: NamedAccess = field(default_factory=NamedAccess)
    draw: "Callable[[LicenseRequest, Granted, Reading, UseLicense], None] | None" = None
    """Begins to draw pages where the policy is viewer only (P23); None where the program cannot show any."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A recorded opening with everything its license needs; ``event`` is the id it was recorded under.

    ``in_viewer`` says that the content key stays with the service, which draws pages.
    """

    item: LicenseRequestItem
    state: ContentState
    edition: EditionState
    decision: Allow
    event: UUID
    in_viewer: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A recorded refusal; ``state`` is None when the document is not registered.

    ``disclosed`` is what the person reads where that is less than the record says (``as_disclosed``).
    """

    item: LicenseRequestItem
    state: ContentState | None
    decision: Deny
    event: UUID
    disclosed: Deny | None = None


Decided: TypeAlias = Granted | Refused
