"""The sealed report of a grant that is over: what was opened, by whom, why, and the proof that the ledger says so."""

from typing import Any
from uuid import UUID

from audit.selectors.proofs import Recorded, recorded
from chancery.objects.report import GrantReport, digest_of
from chancery.texts import message
from portal import clock
from portal.usecases.caller import Caller
from portal.usecases.sealed_reports import NoReportYet, SealedReport, entry_of
from portal.usecases.super_users.visible import visible_grant
from protection.keys import log
from protection.selectors.documents import titles_by_id
from protection.selectors.super_users import GrantFacts, Opened, events_of_grant


def sealed_report(*, caller: Caller, grant_id: UUID) -> SealedReport:
    """Return the report of a grant to its holder, its approver and auditors.  Raises NotFound and NoReportYet."""
    found = visible_grant(caller=caller, grant_id=grant_id)
    facts = found.facts
    if facts.starts is None or facts.ended_at is None:
        raise NoReportYet(message("The report is made when the grant is over."))
    own = events_of_grant(grant_id)
    proofs, checkpoints = recorded([*own, *(one.event for one in found.opened)])
    if len(proofs) < len(own) + len(found.opened):
        raise NoReportYet(message("The ledger has not numbered all events of this grant yet."))
    titles = titles_by_id({one.cid for one in found.opened})
    entries = [
        *(entry_of(proofs[event], act=act) for event, act in own.items()),
        *(_opened(proofs[one.event], one, titles.get(one.cid, "")) for one in found.opened),
    ]
    report = _report(caller.organization, facts, entries)
    members = {
        "report": report.sign(log.signer(caller.organization)),
        "entries": entries,
        "checkpoints": checkpoints,
    }
    return SealedReport(facts.number, members)


def _report(organization: UUID, facts: GrantFacts, entries: list[dict[str, Any]]) -> GrantReport:
    moments = [0 if one is None else int(one.timestamp()) for one in (facts.starts, facts.ends, facts.ended_at)]
    return GrantReport(
        org=organization,
        grant=facts.id,
        number=facts.number,
        holder=facts.holder_address,
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


def _opened(proof: Recorded, one: Opened, title: str) -> dict[str, Any]:
    return {**entry_of(proof, act=one.act), "cid": str(one.cid), "owner": one.owner_address, "title": title}
