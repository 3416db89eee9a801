"""The table of a document's recipients: one page of it, with what may be done in each row."""

from dataclasses import dataclass
from uuid import UUID

from portal.usecases.recipients import recipients, who_took
from portal.web.framework import PageRequest
from portal.words.recipients import RecipientInWords, in_words
from protection.selectors.documents import Document
from protection.selectors.recipient_rows import Access, Listed, Recipient
from protection.selectors.recipients import PAGE, Recipients
from protection.services.restore import may_give_back


@dataclass(frozen=True, slots=True)
class ShownRecipient:
    """A row; ``takes`` and ``gives`` are the address to take access from or give it back to, "" for neither.

    ``everybody`` says that access is taken back from everybody, which the page gives back, and not the row.
    """

    words: RecipientInWords
    takes: str
    gives: str
    everybody: bool

    @property
    def one(self) -> Recipient:
        """The recipient."""
        return self.words.one


@dataclass(frozen=True, slots=True)
class ShownRecipients:
    """One page of the table; ``start`` and ``end`` count rows from 1, ``may_restore`` is about everybody's access."""

    rows: tuple[ShownRecipient, ...]
    page: Recipients
    may_restore: bool
    search: str

    @property
    def start(self) -> int:
        """The number of the first row."""
        return self.page.first + 1

    @property
    def end(self) -> int:
        """The number of the last row."""
        return self.page.first + len(self.rows)

    @property
    def is_long(self) -> bool:
        """Tell whether looking for somebody is of use."""
        return bool(self.search) or self.page.total > PAGE

    @property
    def previous(self) -> int | None:
        """The first row of the page before, None on the first."""
        return max(self.page.first - PAGE, 0) if self.page.first else None


def shown_recipients(request: PageRequest, document: Document, basis: str | None) -> ShownRecipients:
    """Return the page of recipients that the address asks for; ``basis`` is on which the reader manages it."""
    asked, row = request.GET.get("recipients", ""), document.row
    first = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    search = request.GET.get("who", "").strip()
    found = recipients(
        caller=request.caller, organization=request.organization, document=document, search=search, first=first
    )
    names = who_took(found, document, request.organization)
    decides = row.deciding_issuer is None and row.owner_id == request.caller.actor.person
    return ShownRecipients(
        rows=tuple(
            ShownRecipient(
                words=in_words(one, request.organization, names),
                takes=one.revocable if basis is not None and row.revoked_at is None and _can_lose(one, decides) else "",
                everybody=basis is not None and row.revoked_at is not None and _can_lose(one, decides),
                gives=one.taken.address
                if basis is not None
                and one.taken is not None
                and _may_give_back(request, document, basis, one.taken.by, one.taken.held_by)
                else "",
            )
            for one in found.rows
        ),
        page=found,
        search=search,
        may_restore=basis is not None
        and _may_give_back(
            request, document, basis, found.revoked_by, found.held_by, issuer_blocked=row.issuer_blocked
        ),
    )


def _may_give_back(
    request: PageRequest,
    document: Document,
    basis: str,
    taken_by: UUID | None,
    held_by: UUID | None,
    *,
    issuer_blocked: bool = False,
) -> bool:
    row = document.row
    return may_give_back(
        request.caller.actor,
        basis,
        taken_by=taken_by,
        held_by=held_by,
        issuer=row.deciding_issuer,
        owner=row.owner_id,
        issuer_blocked=issuer_blocked,
    )


def _can_lose(one: Recipient, decides: bool) -> bool:
    """Tell whether somebody has access, or would have it again, that can be taken back from them alone.

    Who alone ``decides`` about the document would only shut themselves out.
    """
    if not one.revocable or one.taken is not None or one.listed is Listed.ISSUER:
        return False
    if decides and one.listed is Listed.OWNER:
        return False
    return one.access is not Access.NO or one.listed in {Listed.OWNER, Listed.POLICY, Listed.GIVEN}
