"""Change who may do what with a document, accept or block it: each says what it changed for whom."""

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from chancery.policy.policy import Policy, PrincipalKind
from chancery.policy.rights import Right
from portal import clock
from portal.usecases import consequences
from portal.usecases.caller import Caller
from portal.usecases.confirmation import ConfirmationPrompt, Stated, confirmed_by_outcome
from portal.usecases.effects import Effect, effect
from portal.usecases.explain import explain_document
from portal.usecases.losses import losing_document
from portal.words.changes import shown_differences
from portal.words.policies import ended_in_words
from protection.selectors.documents import document_for, taken_back
from protection.services.accept import accept, block
from protection.services.change import Changed, change
from tenants.directory.selectors.groups import groups_in
from tenants.organizations.selectors import OrganizationFacts

_WIDE = {PrincipalKind.ORGANIZATION, PrincipalKind.DOMAIN, PrincipalKind.AUTHENTICATED}


class Access(StrEnum):
    """What is known of somebody's access without their opening the document (docs/protocol.md P20)."""

    YES = "yes"
    NO = "no"
    UNNAMED = "unnamed"
    """No entry names them; an entry may still be a group of another organization that holds them."""
    UNKNOWN = "unknown"
    """An entry names people by another organization or by their domain, and may mean them."""


def access_of(*, caller: Caller, organization: OrganizationFacts, cid: UUID, address: str) -> Access:
    """Return whether the policy lets somebody in, as far as this organization can know."""
    found = explain_document(
        caller=caller, organization=organization, cid=cid, address=address, right=Right.VIEW, now=clock.now()
    )
    if found.why.explanation.allowed:
        return Access.YES
    if found.why.undecided:
        wide = any(who.kind in _WIDE for who in found.why.undecided)
        return Access.UNKNOWN if wide else Access.UNNAMED
    if any(one.address == address for one in groups_in(organization.id, search=address)):
        # Its members may be let in by an entry that names more than the group.
        policy = document_for(caller.actor, cid).policy
        return Access.UNKNOWN if any(who.kind in _WIDE for who in policy.index) else Access.NO
    return Access.NO


def change_access(
    *,
    caller: Caller,
    organization: OrganizationFacts,
    cid: UUID,
    policy: Policy,
    expires_after_days: int | None = None,
    based_on: int | None = None,
    stated: Stated,
) -> Effect:
    """Set another policy; say what differs, and who is named in it but stays refused.

    It asks first where many lose access by it.  ``based_on`` is the version that the caller saw; the change is refused
    when another one was made since.
    """

    def act(reason: str) -> Changed:
        return change(
            actor=caller.actor,
            cid=cid,
            policy=policy,
            expires_after_days=expires_after_days,
            based_on=based_on,
            rights_on=caller.rights_on,
            reason=reason,
        )

    done = confirmed_by_outcome(
        stated,
        act,
        lambda made: losing_document(organization, cid, made.before, made.after),
    )
    sentences = shown_differences(done.differences, organization.id, organization.name)
    if done.left_template:
        sentences.append(_("It no longer follows its template."))
    if done.settled and not sentences:
        sentences.append(_("The policy stays as an administrator set it; it is the owner's from now on."))
    return effect(
        done.changed,
        " ".join([_("Changed from the next opening on."), *sentences]),
        _("The policy says this already."),
        *_named_but_refused(cid, done.after),
        rev=done.rev,
        differences=[one.as_json() for one in done.differences],
    )


def accept_document(*, caller: Caller, cid: UUID) -> Effect:
    """Accept a pending document."""
    changed = accept(actor=caller.actor, cid=cid)
    return effect(
        changed, _("The document is accepted and can be opened."), _("The document does not wait for a decision.")
    )


def block_document(*, caller: Caller, cid: UUID, stated: Stated) -> Effect:
    """Block a pending document for good, which asks first; the reason is recorded."""

    def act(reason: str) -> bool:
        return block(actor=caller.actor, cid=cid, reason=reason)

    def prompt_of(changed: bool) -> ConfirmationPrompt | None:
        return consequences.blocking_document(document_for(caller.actor, cid)) if changed else None

    changed = confirmed_by_outcome(stated, act, prompt_of)
    return effect(changed, _("The document is blocked for good."), _("The document does not wait for a decision."))


def _named_but_refused(cid: UUID, policy: Policy) -> Iterable[str]:
    """Warn of addresses that the policy names although access is taken back from them or they are denied."""
    taken = taken_back(cid)
    named = {who.value for who in policy.index if who.kind is PrincipalKind.ADDRESS}
    if taken.everybody_since is not None and policy.grants:
        yield _("Access is taken back from everyone. No one can open the document until you give it back.")
    refused = sorted(named & taken.addresses)
    if refused:
        yield _(
            "Access was taken back from {addresses}, so they stay refused whatever the policy says. Give it back to"
            " them to let them in."
        ).format(addresses=", ".join(refused))
    denied = sorted({who.value for who in policy.deny if who.kind is PrincipalKind.ADDRESS} & named)
    if denied:
        yield _("{addresses}: named as never to open it too, and that wins.").format(addresses=", ".join(denied))
    yield from ended_in_words(policy)
    if policy.expires is not None and policy.expires <= clock.now():
        yield _("Access has already ended by the policy, so only the owner can open the document.")
