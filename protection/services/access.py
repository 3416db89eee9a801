"""On which basis a person may manage one document; every managing service asks here (docs/protocol.md P18)."""

from uuid import UUID

from chancery.errors import ChanceryError, Conflict, NotFound
from chancery.policy.case import Basis
from chancery.policy.permission import Permission
from chancery.texts import message
from protection.actor import Actor
from protection.models import AccessRequest, Content, RequestState
from protection.selectors.decisions import ADMINISTRATOR, RightsOn, changes_by_right

_ANSWERS = {RequestState.GRANTED: message("granted"), RequestState.DECLINED: message("declined")}


class OnlyTheOwner(ChanceryError):
    """A person who may see a request, but neither issued nor owns the document, tried to answer it."""

    code = "only_the_owner"
    remedy = message("Ask the owner to answer it.")


class AlreadyAnswered(Conflict):
    """Somebody was faster; the first answer counts."""

    code = "already_answered"
    remedy = message("Look at the request to see the answer; access is changed or taken back on the document's page.")


def managed_content(actor: Actor, cid: UUID, rights_on: RightsOn | None = None) -> tuple[Content, str]:
    """Return the locked content row and the basis: ``issuer``, ``owner``, ``grant`` or ``administrator``.

    ``rights_on`` returns the rights that the actor holds by the policy, where a right is enough for what they do;
    the role counts only for a person who has no such right, since it allows less.  Raises NotFound for everybody else:
    people who may not manage a document do not learn that it exists.
    """
    content = Content.objects.select_for_update().filter(cid=cid).first()
    basis = None if content is None else basis_of(actor, content.deciding_issuer, content.owner_id)
    if content is not None and rights_on is not None and basis in {None, ADMINISTRATOR}:
        by_right = changes_by_right(content, rights_on(bytes(content.pl_digest)))
        basis = Basis.GRANT.value if by_right else basis
    if content is None or basis is None:
        raise NotFound(message("There is no such document, or you may not manage it."))
    return content, basis


def basis_of(actor: Actor, issuer: UUID | None, owner: UUID) -> str | None:
    """Return on which basis the actor manages a document of this issuer and owner, or None."""
    if actor.person == issuer:
        return Basis.ISSUER.value
    if actor.person == owner:
        return Basis.OWNER.value
    return ADMINISTRATOR if actor.may(Permission.DOCUMENTS_REVOKE) else None


def open_request(actor: Actor, request_id: UUID) -> tuple[AccessRequest, Content, str]:
    """Return an unanswered request with its document, both locked, and the basis on which the actor may answer it.

    Only issuer and owner may: letting somebody in gives more than there was (P18).  The document's lock
    comes first, as in every change of it, so that two answers come one after the other.  Raises NotFound,
    OnlyTheOwner and AlreadyAnswered.
    """
    cid = AccessRequest.objects.filter(id=request_id).values_list("content_id", flat=True).first()
    if cid is None:
        raise NotFound(message("There is no such request, or you may not answer it."))
    content, basis = managed_content(actor, cid)
    if basis == ADMINISTRATOR:
        raise OnlyTheOwner(
            message("Requests are answered by the owner of the document or the person who protected it.")
        )
    request = AccessRequest.objects.select_for_update().get(id=request_id)
    if request.state != RequestState.OPEN:
        raise AlreadyAnswered(
            message("This request was already answered: {answer}.", answer=_ANSWERS[RequestState(request.state)])
        )
    return request, content, basis
