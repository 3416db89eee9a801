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
from protection.selectors.attempts import as_seen, recorded_openings
from protection.selectors.documents import licensed_contents
from protection.selectors.licensing import named_facts
from protection.services.acts_under_grants import note_acts_under_grants
from protection.services.recording import personal_of

MAX_REPORTS: Final = 10_000
ACTIONS: Final = frozenset({"opened", "printed", "copied", "edited", "saved", "exported", "refused", "tampered"})
"""What clients report; a refused or tampered opening has a name of its own, other acts are refused by ``allowed``."""
LATE: Final = 120
"""Seconds after which an act is marked as reported later: the client had no connection when it happened."""


@dataclass(frozen=True, slots=True)
class Reported:
    """One action as the client states it; ``id`` is the client's own, ``at`` its clock in seconds since 1970.

    ``allowed`` is false for an attempt that the client refused.  ``license`` is the id of the license that was used,
    and ``kept`` tells that it was kept from an earlier opening.
    """

    id: UUID
    cid: UUID
    action: str
    at: int
    allowed: bool = True
    license: UUID | None = None
    kept: bool = False


def report(*, actor: Actor, member: bool, device: UUID, reports: Sequence[Reported], now: int) -> int:
    """Put reports into the ledger's inbox and return how many were taken; reporting again is harmless.

    An opening by a license that was fetched for it is the event by which the service recorded that license, so its
    report is taken and adds nothing: one opening is one event (P29).

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
    same = recorded_openings(actor.person, {one.license for one in known if _may_be_recorded(one) and one.license})
    new = [one for one in known if not (_may_be_recorded(one) and one.license in same)]
    accept(device=device, reports=(_row(one, personal[one.cid], documents[one.cid], now) for one in new))
    note_acts_under_grants(actor.person, new)
    return len(known)


def _may_be_recorded(one: Reported) -> bool:
    return one.action == "opened" and one.allowed and not one.kept


def _row(one: Reported, personal: Personal | None, document: dict[str, Any], now: int) -> Report:
    """Return the event; its reason is the action, by which openings without the service are counted."""
    refused = not one.allowed or one.action in {"refused", "tampered"}
    details: dict[str, Any] = {"action": one.action, "at": one.at}
    if now - one.at > LATE:
        details["late"] = True
    if one.license is not None:
        details["license"] = str(one.license)
    if document:
        details["document"] = document
    return Report(
        id=one.id,
        kind=Kind.CONTENT_REPORTED.value,
        outcome=(Outcome.REFUSED if refused else Outcome.ALLOWED).value,
        reason=one.action,
        content_id=one.cid,
        personal=personal,
        details=details,
    )
