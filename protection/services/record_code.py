"""Record what happened to a mailed code: it goes into the ledger of the document's organization (docs/protocol.md P22).

Nobody is signed in, so anybody who has the file could fill the ledger.  The first few codes of an hour for one document
are recorded, further ones are counted like all requests without a sign-in, and so is everything about a document that
is not registered.
"""

from typing import Final
from uuid import UUID

from audit.services.count_unauthenticated import count_unauthenticated
from audit.services.record import record
from audit.statements import Personal
from chancery.ledger.kinds import Kind, Outcome
from protection.models import Content
from protection.services.recording import document_facts

RECORDED_AN_HOUR: Final = 10
"""How many codes that were asked for, and how many wrong ones, are recorded of one document in an hour."""


def record_code(*, kind: Kind, cid: UUID, address: str, ip: str, nth: int, place: str) -> None:
    """Record that a code was asked for or that a wrong one was entered; ``nth`` counts these within the hour.

    ``address`` is what somebody typed: it is named as the one in whose name it happened, not as who did it.
    """
    content = Content.objects.filter(cid=cid).first()
    if content is None or nth > RECORDED_AN_HOUR:
        count_unauthenticated(place=place, address=ip)
        return
    kept = document_facts(content)
    details = {**({"document": kept} if kept else {}), **({"further": True} if nth == RECORDED_AN_HOUR else {})}
    record(
        kind=kind.value,
        outcome=(Outcome.REFUSED if kind is Kind.CODE_REFUSED else Outcome.DONE).value,
        content_id=cid,
        source="pages",
        personal=Personal(
            ip=ip,
            title=content.title,
            recipient=address,
            issuer=content.issuer_address,
            owner=content.owner_address,
        ),
        details=details or None,
    )
