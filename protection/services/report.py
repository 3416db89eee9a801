"""Take what clients report of their own doing: printed, copied, opened offline (docs/protocol.md P29)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from audit.services.report import Report, accept
from audit.statements import Personal
from chancery.errors import InvalidObject
from chancery.ledger.kinds import Kind, Outcome
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ProtectionTemplate
from protection.selectors.attempts import as_seen
from protection.selectors.documents import licensed_contents
from protection.selectors.licensing import named_facts
from protection.services.recording import personal_of

MAX_REPORTS: Final = 10_000
ACTIONS: Final = frozenset({"opened", "printed", "copied", "edited", "exported", "refused", "tampered"})


@dataclass(frozen=True, slots=True)
class Reported:
    """One action as the client states it; ``id`` is the client's own, ``at`` its clock in seconds since 1970."""

    id: UUID
    cid: UUID
    action: str
    at: int


def report(*, actor: Actor, member: bool, device: UUID, reports: Sequence[Reported]) -> int:
    """Put reports into the ledger's inbox and return how many were taken; reporting again is harmless.

    Person and device come from the device proof, not from the report; ``member`` tells whether the organization knows
    the person by all addresses.  Reports about documents that were
    never licensed to the person are dropped: nobody can fill the audit log with them.  Raises InvalidObject.
    """
    if len(reports) > MAX_REPORTS:
        raise InvalidObject(
            message("At most {most} events are reported at once.", most=MAX_REPORTS),
            remedy=message("Send them in parts."),
        )
    unknown = {one.action for one in reports} - ACTIONS
    if unknown:
        raise InvalidObject(message("Unknown action: {unknown}.", unknown=", ".join(sorted(unknown))))
    licensed = licensed_contents(actor.person, {one.cid for one in reports})
    contents = {content.cid: content for content in Content.objects.filter(cid__in=licensed)}
    templates = {content.template_id for content in contents.values() if content.template_id is not None}
    versions = dict(ProtectionTemplate.objects.filter(id__in=templates).values_list("id", "current"))
    known_as = {} if member else as_seen(actor, contents)
    personal = {cid: personal_of(known_as.get(cid, actor), content) for cid, content in contents.items()}
    documents = {
        cid: named_facts(
            content.template_id,
            None if content.template_id is None else versions[content.template_id],
            content.label_id,
        )
        for cid, content in contents.items()
    }
    known = [one for one in reports if one.cid in contents]
    return accept(device=device, reports=(_row(one, personal[one.cid], documents[one.cid]) for one in known))


def _row(one: Reported, personal: Personal | None, document: dict[str, Any]) -> Report:
    refused = one.action in {"refused", "tampered"}
    return Report(
        id=one.id,
        kind=Kind.CONTENT_REPORTED.value,
        outcome=(Outcome.REFUSED if refused else Outcome.ALLOWED).value,
        content_id=one.cid,
        personal=personal,
        details={"action": one.action, "at": one.at, **({"document": document} if document else {})},
    )
