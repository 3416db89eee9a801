"""What a refused person reads: words, next step, the owner's contact, and what was written for them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chancery.policy.case import Deny
from chancery.policy.reasons import WORDS, Reason
from chancery.texts import message
from protection.selectors.revocation_notes import NOTHING, RevocationNote, revocation_notes
from protection.services.license_request import Reading, Refused


def refusal_details(
    refused: Sequence[Refused], reading: Reading, *, iss: str, organization: UUID, page: str, pause: str
) -> list[dict[str, Any]]:
    """Return what the refused person reads about each document, in order; never which entry denied them.

    ``iss`` is the installation, whose page opens what is shown in the browser only; ``page`` is where an organization
    shows people their access to a document, with the document's id to be filled in, ``pause`` where they confirm that
    it is them who open so much.
    """
    notes = revocation_notes(
        organization=organization,
        refused={item.state.facts.cid: _disclosed(item).reason for item in refused if item.state is not None},
        subject=reading.subject,
        now=reading.service.now,
    )
    return [
        {
            **_details(item, reading, iss),
            **_confirming(item, reading, pause),
            **_written(NOTHING if item.state is None else notes.get(item.state.facts.cid, NOTHING), page),
        }
        for item in refused
    ]


def _disclosed(item: Refused) -> Deny:
    return item.disclosed or item.decision


def _details(item: Refused, reading: Reading, iss: str) -> dict[str, Any]:
    decision = _disclosed(item)
    words = WORDS[decision.reason]
    own = words.own_step and _is_own(item, reading.subject.person)
    step = words.own_step if own else words.next_step
    if decision.reason is Reason.VIEWER_ONLY:
        step = message("Open it in the browser: {address}", address=f"{iss}/open/")
    said = words.owner if own else words.person
    permission = reading.permission
    if decision.reason is Reason.READ_PERMISSION_INVALID and permission is not None and permission.waits:
        said, step = permission.waiting_words(), message("Ask an administrator to approve it, then try again.")
    theirs = item.state is None or item.state.facts.owner == reading.subject.person
    return {
        "reason": decision.reason.value,
        "message": said,
        "detail": decision.detail,
        "next_step": step,
        # Nobody is advised to ask themselves.
        "contact": reading.service.contact if theirs or item.state is None else item.state.owner_address,
    }


def _confirming(item: Refused, reading: Reading, pause: str) -> dict[str, Any]:
    """Return how a paused person goes on; programs and people without an account have no second factor."""
    is_person = bool(reading.address) and not reading.subject.outsider
    if _disclosed(item).reason is not Reason.OPENINGS_PAUSED or not (is_person and pause):
        return {}
    step = message("Confirm that it is you with your second factor: {address}", address=pause)
    return {"next_step": step, "page_of_pause": pause}


def _written(note: RevocationNote, page: str) -> dict[str, Any]:
    """Return the message and the successor of a revocation, where there are any."""
    written: dict[str, Any] = {"message_to_recipients": note.message} if note.message else {}
    if note.successor is not None:
        shown = "" if note.successor.cid is None else page.replace("{cid}", str(note.successor.cid))
        written["successor"] = {"title": note.successor.title, "page": shown}
    return written


def _is_own(item: Refused, person: UUID) -> bool:
    """Return whether the person protected or owns the document: nobody sent it to them."""
    return item.state is not None and person in {item.state.facts.issuer, item.state.facts.owner}
