"""The sealed report of a read permission: what was read by it, why, who approved it, and the proof from the ledger."""

from typing import Any, Final
from uuid import UUID

from audit.selectors.proofs import Recorded, recorded
from chancery.errors import InvalidPolicy, NotFound
from chancery.objects.report import GrantReport, digest_of
from chancery.texts import message
from portal import clock
from portal.usecases.caller import Caller
from portal.usecases.read_permissions.answer import sees_all
from portal.usecases.sealed_reports import NoReportYet, SealedReport, entry_of
from protection.keys import log
from protection.selectors.documents import titles_by_id
from protection.selectors.read_permissions import (
    PermissionFacts,
    ReadDocument,
    events_of_permission,
    permission_facts,
    read_by,
)

MOST: Final = 10_000
"""Documents of one report, each with its proof: about ten megabytes."""


def permission_report(*, caller: Caller, permission_id: UUID) -> SealedReport:
    """Return the report of a permission to administrators and auditors, also while it is active.

    A document that was read each night is one entry: the last time, and how often.  Raises NotFound, NoReportYet and
    InvalidPolicy.
    """
    facts = permission_facts(permission_id)
    if not sees_all(caller):
        raise NotFound(message("There is no such read permission, or you may not see it."))
    if facts.starts is None:
        raise NoReportYet(message("Nothing was read by it: it was not approved."))
    read = [one for _, one in read_by(permission_id, limit=MOST + 1)]
    if len(read) > MOST:
        raise InvalidPolicy(
            message("More than {most} documents were read by it; a report lists no more.", most=MOST),
            remedy=message("See them in pages: chancery read-permission show"),
        )
    own = events_of_permission(permission_id)
    proofs, checkpoints = recorded([*own, *(one.last_event for one in read)])
    if len(proofs) < len({*own, *(one.last_event for one in read)}):
        raise NoReportYet(message("The ledger has not numbered all events of this permission yet."))
    titles = titles_by_id({one.cid for one in read})
    entries = [
        *(entry_of(proofs[event], act=act) for event, act in own.items()),
        *(_read(proofs[one.last_event], one, titles.get(one.cid, "")) for one in read),
    ]
    report = _report(caller.organization, facts, entries)
    members = {"report": report.sign(log.signer(caller.organization)), "entries": entries, "checkpoints": checkpoints}
    return SealedReport(facts.number, members)


def _report(organization: UUID, facts: PermissionFacts, entries: list[dict[str, Any]]) -> GrantReport:
    moments = [0 if one is None else int(one.timestamp()) for one in (facts.starts, facts.ends, facts.ended_at)]
    return GrantReport(
        org=organization,
        grant=facts.id,
        number=facts.number,
        holder=facts.application,
        reason=facts.reason,
        case=facts.case,
        approved_by=facts.approved_by,
        starts=moments[0],
        ends=moments[1],
        ended=moments[2],
        entries=len(entries),
        digest=digest_of(entries),
        iat=clock.now(),
    )


def _read(proof: Recorded, one: ReadDocument, title: str) -> dict[str, Any]:
    found = {"cid": str(one.cid), "title": title, "for_person": one.person_address, "times": one.times}
    return {**entry_of(proof, act="read"), **found, "first": int(one.first_at.timestamp())}
