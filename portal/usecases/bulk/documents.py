"""Several documents at once: take access to them back from everybody, or give it back."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.bulk.each import Question, Tried, each
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, copies_until
from portal.usecases.consequences import people_lately
from portal.usecases.effects import Effect
from portal.usecases.losses import listed
from portal.usecases.revoking import restore_access, revoke_access
from protection.selectors.affected import affected_by_documents
from protection.selectors.documents import document_for
from tenants.organizations.selectors import OrganizationFacts


def revoke_documents(
    *, caller: Caller, organization: OrganizationFacts, cids: Sequence[UUID], stated: Stated
) -> Effect:
    """Take access to documents back, asked about once."""

    def act(cid: UUID, stated: Stated) -> Effect:
        return revoke_access(caller=caller, organization=organization, cid=cid, stated=stated)

    def done(number: int) -> str:
        return ngettext(
            "Access to {number} document is taken back.", "Access to {number} documents is taken back.", number
        ).format(number=grouped(number))

    return each(
        cids, name_of=lambda cid: _name(caller, cid), act=act, done=done, stated=stated, question_of=_losing_documents
    )


def restore_documents(
    *, caller: Caller, organization: OrganizationFacts, cids: Sequence[UUID], stated: Stated
) -> Effect:
    """Give access to documents back to everybody who had it."""

    def act(cid: UUID, stated: Stated) -> Effect:
        return restore_access(caller=caller, organization=organization, cid=cid)

    def done(number: int) -> str:
        return ngettext(
            "Access to {number} document is given back.", "Access to {number} documents is given back.", number
        ).format(number=grouped(number))

    return each(cids, name_of=lambda cid: _name(caller, cid), act=act, done=done, stated=stated)


def _name(caller: Caller, cid: UUID) -> str:
    return document_for(caller.actor, cid).row.title or str(cid)


def _losing_documents(tried: Tried) -> Question:
    """Say what taking documents back from everybody does."""
    question = ngettext(
        "Take access to {number} document back from everybody?",
        "Take access to {number} documents back from everybody?",
        tried.number,
    )
    return Question(
        question=question.format(number=grouped(tried.number)),
        consequences=(
            _("Everyone loses access to: {names}.").format(names=listed(tried.names)),
            people_lately(affected_by_documents(tried.ids).people),
            _("From then on, only the person who protected each of them can open it, or nobody if it was handed over."),
            copies_until(tried.until),
            _("Access can be given back at any time."),
        ),
        button=_("Take access back"),
        offers="reason",
    )
