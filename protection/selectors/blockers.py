"""What would have to change before one person who asks for access can open a document, and whether the owner can."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from uuid import UUID

from chancery.policy.explain import Blocker, Facts, explain
from chancery.policy.policy import Policy, Principal
from chancery.policy.reasons import WORDS, Reason
from chancery.policy.rights import Right
from chancery.policy.subject import Subject
from chancery.texts import message
from protection.models import Content, ContentRevocation
from protection.selectors.decisions import facts_about
from protection.selectors.why import without_the_opening


class Change(StrEnum):
    """What the owner changes beside giving the rights."""

    RESTORE = "restore"
    """Give back what was taken from this person alone."""
    RENEW = "renew"
    """Let the days that this person has from their first opening on begin anew."""
    EXTEND = "extend"
    """Let access end later, for everybody whom the policy names."""
    ADMIT = "admit"
    """Remove the entries by which the policy keeps the person out."""


_REASONS: Final = {
    Change.RESTORE: Reason.REVOKED_FOR_YOU,
    Change.RENEW: Reason.EXPIRED_AFTER_OPENING,
    Change.EXTEND: Reason.EXPIRED,
    Change.ADMIT: Reason.DENIED_BY_ENTRY,
}


@dataclass(frozen=True, slots=True)
class Blockers:
    """All blockers between a person and a document.

    ``changes`` can be made together with a grant, ``entries`` are those that ``ADMIT`` removes.  ``blocked`` are
    blockers that no grant to one person lifts.
    """

    changes: tuple[Change, ...] = ()
    entries: tuple[Principal, ...] = ()
    blocked: tuple[Blocker, ...] = ()

    @property
    def messages(self) -> dict[str, str]:
        """What prevents access, in words for the owner, by a name: ``restore``, ``admit:domain:fabrikam.example``.

        The person who agrees to a change names it, so that nothing is changed that came up after they looked.
        """
        words = {one: WORDS[_REASONS[one]].owner for one in self.changes}
        admit = words.pop(Change.ADMIT, "")
        alone = {one.value: said for one, said in words.items()}
        return alone | {
            f"{Change.ADMIT.value}:{who}": message("{admit} The entry is {who}.", admit=admit, who=str(who))
            for who in self.entries
        }


def blockers_of(*, organization: UUID, cid: UUID, subject: Subject, address: str, now: int) -> Blockers:
    """Return what blocks access of a person who asked under an address, besides that nothing is granted to them."""
    content = Content.objects.get(cid=cid)
    facts = facts_about(organization=organization, pl_digest=bytes(content.pl_digest), subject=subject)
    if facts is None:
        return Blockers(blocked=(Blocker(Reason.TAMPERED),))
    changes: dict[Change, None] = {}
    entries: list[Principal] = []
    blocked: list[Blocker] = []
    for one in explain(without_the_opening(facts), Right.VIEW, now=now).blockers:
        match one.reason:
            case Reason.NOT_GRANTED | Reason.GRANT_ENDED:
                continue
            case Reason.ADDRESS_CHANGED_HANDS | Reason.DOMAIN_CHANGED_HANDS:
                continue
            case Reason.EXPIRED:
                changes[Change.EXTEND] = None
            case Reason.EXPIRED_AFTER_OPENING:
                changes[Change.RENEW] = None
            case Reason.DENIED_BY_ENTRY if one.entry is not None:
                changes[Change.ADMIT] = None
                entries.append(one.entry)
            case Reason.REVOKED_FOR_YOU if _revoked_by_address_alone(facts, content, address):
                changes[Change.RESTORE] = None
            case _:
                blocked.append(one)
    return Blockers(tuple(changes), tuple(entries), tuple(blocked))


def _revoked_by_address_alone(facts: Facts, content: Content, address: str) -> bool:
    """Tell whether nothing was taken from the person but under the address they ask from.

    What was taken from another address of theirs, or from a group, concerns others too or must not be shown as theirs.
    """
    row = ContentRevocation.objects.filter(content=content, address=address).first()
    if row is None:
        return False
    kept = frozenset(
        other for other in content.revocations.exclude(address=address).values_list("identity", flat=True) if other
    )
    rest = replace(
        facts.content, revoked_ids=kept, revoked_addresses=facts.content.revoked_addresses - {address}, revoked=False
    )
    left = explain(without_the_opening(replace(facts, content=rest)), Right.VIEW, now=0).blockers
    return all(one.reason is not Reason.REVOKED_FOR_YOU for one in left)


def changed(policy: Policy, needed: Blockers, *, until: int | None) -> Policy:
    """Return a policy with the end and the entries changed as a grant needs it; other parts stay."""
    if Change.EXTEND in needed.changes:
        policy = replace(policy, expires=until)
    if Change.ADMIT in needed.changes:
        policy = replace(policy, deny=tuple(who for who in policy.deny if who not in needed.entries))
    return policy
