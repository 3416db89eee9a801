"""What a person reads beside a refusal because of a revocation: the message, and what replaces the document."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chancery.policy.case import Allow
from chancery.policy.reasons import Reason
from chancery.policy.revocations import EVERYBODY, reaches
from chancery.policy.subject import Subject
from protection.models import Content, ContentRevocation, ScheduledRevocation
from protection.selectors.decisions import decision_on, facts_about_many

REVOCATIONS: Final = frozenset({Reason.REVOKED, Reason.REVOKED_FOR_YOU})


@dataclass(frozen=True, slots=True)
class Successor:
    """The document that replaces another one.

    ``cid`` and ``title`` are for those who may open it; the others learn only that there is one.
    """

    cid: UUID | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class RevocationNote:
    """The message that was written for the refused, "" for none, and the successor, None for none."""

    message: str = ""
    successor: Successor | None = None


NOTHING: Final = RevocationNote()


def revocation_notes(
    *, organization: UUID, refused: Mapping[UUID, Reason], subject: Subject, now: int
) -> dict[UUID, RevocationNote]:
    """Return what a person reads about each document that was refused to them because of a revocation, by its id.

    However many documents there are, five statements read it.
    """
    revoked = {cid: reason for cid, reason in refused.items() if reason in REVOCATIONS}
    if not revoked:
        return {}
    found = Content.objects.only("cid", "revocation_message", "successor_id").in_bulk(revoked)
    messages = _messages(found.values(), revoked, subject, now)
    replacing = {one.successor_id for one in found.values() if one.successor_id}
    successors = _successors(replacing, organization, subject, now)
    return {
        cid: RevocationNote(messages[cid], successors[content.successor_id] if content.successor_id else None)
        for cid, content in found.items()
    }


def _messages(
    contents: Iterable[Content], reasons: Mapping[UUID, Reason], subject: Subject, now: int
) -> dict[UUID, str]:
    """Return the message of what was revoked; of what came due in this second, that of what was set."""
    fields = ("content_id", "address", "identity", "message")
    made = ContentRevocation.objects.filter(content__in=reasons).order_by("-revoked_at").values_list(*fields)
    due = ScheduledRevocation.objects.filter(content__in=reasons, at__lte=now).order_by("at").values_list(*fields)
    messages = {one.cid: one.revocation_message if reasons[one.cid] is Reason.REVOKED else "" for one in contents}
    # What was revoked for everybody is said by the document itself; its rows here are of single recipients.
    single = (row for row in made if reasons[row[0]] is not Reason.REVOKED)
    for cid, name, identity, text in (*single, *due):
        everybody = reasons[cid] is Reason.REVOKED
        meant = name == EVERYBODY if everybody else name != EVERYBODY and reaches(name, identity, subject)
        messages[cid] = messages[cid] or (text if meant else "")
    return messages


def _successors(cids: Collection[UUID], organization: UUID, subject: Subject, now: int) -> dict[UUID, Successor]:
    """Return the documents that replace others, named to those who may open them."""
    if not cids:
        return {}
    rows = list(Content.objects.filter(cid__in=cids).only("cid", "pl_digest", "title"))
    facts = facts_about_many(
        organization=organization, pl_digests=[bytes(row.pl_digest) for row in rows], subject=subject
    )
    shown = {
        row.cid: Successor(row.cid, row.title)
        for row, about in zip(rows, facts, strict=True)
        if isinstance(decision_on(about, now), Allow)
    }
    return {cid: shown.get(cid, Successor()) for cid in cids}
