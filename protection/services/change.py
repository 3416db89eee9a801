"""Change the policy of a document that was already sent; the file itself stays as it is (docs/protocol.md P4)."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from chancery.errors import ChanceryError, Conflict
from chancery.ledger.kinds import Kind
from chancery.policy.difference import Difference, differences
from chancery.policy.narrowing import narrows
from chancery.policy.policy import Policy, parse_policy
from chancery.texts import message
from protection.actor import Actor
from protection.models import Content, ContentChange
from protection.selectors.decisions import ADMINISTRATOR, RightsOn
from protection.selectors.licensing import DAY, registered_policy
from protection.services.access import managed_content
from protection.services.feed import invalidate_revisions_below, touch
from protection.services.paused import refuse_paused
from protection.services.recording import record_action, stated


class Widening(ChanceryError):
    """An administrator by role tried to give somebody more than issuer or owner had given."""

    code = "widening_not_allowed"
    remedy = message("Ask the owner to make this change, or take rights away instead of adding them.")


@dataclass(frozen=True, slots=True)
class Changed:
    """The document's revision, its policy before and after, and every difference between the two.

    ``left_template`` tells that it followed a template until now and has a policy of its own from now on, ``settled``
    that an administrator had set it last and now the owner did.
    """

    rev: int
    before: Policy
    after: Policy
    differences: tuple[Difference, ...]
    left_template: bool = False
    settled: bool = False

    @property
    def changed(self) -> bool:
        """Tell whether anything was changed."""
        return bool(self.differences) or self.left_template or self.settled


@transaction.atomic
def change(
    *,
    actor: Actor,
    cid: UUID,
    policy: Policy,
    expires_after_days: int | None = None,
    based_on: int | None = None,
    reason: str = "",
    request: UUID | None = None,
    rights_on: RightsOn | None = None,
) -> Changed:
    """Replace the document's policy; return what differs.  ``expires_after_days`` counts from its protection.

    ``request`` is the request for access that the change is part of the answer to.
    Issuer, owner and people with EDITRIGHTSDATA may change anything; an administrator only narrows, or sets again what
    they had last set.  ``based_on`` is the version that the editor saw; when somebody made another change meanwhile,
    nothing is changed.  The revision is raised, and cached licenses are invalidated, unless the new policy takes
    nothing away; a policy that says the same changes nothing and is not recorded.  Raises NotFound, Widening,
    PausedGivesNothing and Conflict.
    """
    # Read again as strictly as it will be read from the table: what cannot be read must never get there.
    policy = parse_policy(policy.as_json())
    content, basis = managed_content(actor, cid, rights_on)
    if based_on is not None and based_on != content.changes.count():
        raise Conflict(
            message("Another person has changed who may open this document in the meantime."),
            remedy=message("Look at the current state, then make your change again."),
        )
    if expires_after_days is not None:
        policy = replace(policy, expires=int(content.published_at.timestamp()) + expires_after_days * DAY)
    before = registered_policy(content)
    left, differing = content.template_id is not None, differences(before, policy)
    # What an administrator set counts as the owner's will once the owner sets it too (P18).
    settled = basis != ADMINISTRATOR and _newest_basis(content) == ADMINISTRATOR
    if not (left or differing or settled):
        return Changed(content.rev, before, policy, ())
    followed = content.template_id
    _set(content, policy=policy)
    rev = _put(actor, content, basis, before, reason, followed, request=request)
    return Changed(rev, before, policy, differing, left, settled)


def follow_template(*, actor: Actor, content: Content, basis: str, template: UUID, reason: str = "") -> int:
    """Let a locked document follow a template from now on, under the rules of ``change``; return its revision.

    An administrator by role lets it follow none but the one that it had been given: a person who edits templates would
    widen in two steps what they may not widen in one.  By any other one they set what that says now, once.  Raises
    Widening.
    """
    before, last, followed = registered_policy(content), _last_set(content), content.template_id
    given = last is not None and last.template_id == template
    _set(content, template=template, like=last if given and basis == ADMINISTRATOR else None)
    if basis == ADMINISTRATOR and not given:
        _set(content, policy=registered_policy(content))
    return _put(actor, content, basis, before, reason, followed)


def _set(
    content: Content, *, policy: Policy | None = None, template: UUID | None = None, like: Content | None = None
) -> None:
    """Set a policy of its own or a template, with the limits beside it as another state had them, else with none."""
    content.policy, content.template_id = None if policy is None else policy.as_json(), template
    content.expires = None if policy is None else policy.expires
    content.offline_days = None
    if like is not None:
        content.expires, content.offline_days = like.expires, like.offline_days


def _put(
    actor: Actor,
    content: Content,
    basis: str,
    before: Policy,
    reason: str,
    followed: UUID | None,
    request: UUID | None = None,
) -> int:
    """Write what was set on a document, if the actor may set it, and record it; ``followed`` is its template before."""
    policy = registered_policy(content)
    if basis == ADMINISTRATOR and not narrows(policy, before):
        last = _last_set(content)
        if last is None or policy != registered_policy(last):
            raise Widening(message("Administrators may narrow a document's policy or restore it, not widen it."))
    if not narrows(policy, before):
        refuse_paused(actor)
    if narrows(before, policy):
        touch()
    else:
        content.rev += 1
        invalidate_revisions_below(bytes(content.feed_id), content.rev)
    content.save(update_fields=["policy", "template_id", "expires", "offline_days", "rev"])
    ContentChange.objects.create(
        content=content,
        person_id=actor.person,
        basis=basis,
        rev=content.rev,
        policy=content.policy,
        template_id=content.template_id,
        expires=content.expires,
        offline_days=content.offline_days,
        reason=reason[:500],
    )
    record_action(
        Kind.CONTENT_CHANGED,
        actor,
        content=content,
        changes=stated(differences(before, policy)),
        details={
            "basis": basis,
            "rev": content.rev,
            **({"reason": reason[:500]} if reason else {}),
            **({} if request is None else {"request": str(request)}),
            **({"followed": str(followed)} if followed not in (None, content.template_id) else {}),
        },
    )
    return content.rev


def _newest_basis(content: Content) -> str | None:
    return content.changes.order_by("-at", "-id").values_list("basis", flat=True).first()


def _last_set(content: Content) -> Content | None:
    """Return the document as a person who may set anything last set it, which an administrator may bring back."""
    last = content.changes.exclude(basis=ADMINISTRATOR).order_by("-at", "-id").first()
    if last is None or (last.policy is None and last.template_id is None):
        return None
    return Content(
        published_at=content.published_at,
        policy=last.policy,
        template_id=last.template_id,
        expires=last.expires,
        offline_days=last.offline_days,
    )
