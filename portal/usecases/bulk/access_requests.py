"""Several requests for access at once: give what is asked for, or decline."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.access_requests import decline_request, grant_request
from portal.usecases.bulk.each import Question, Tried, each
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, moment_in_words
from portal.usecases.effects import Effect
from portal.usecases.losses import listed
from portal.words.access_levels import level_called
from protection.selectors.requests import request_for
from protection.services.grant_request import Terms
from tenants.organizations.selectors import OrganizationFacts


def grant_requests(
    *, caller: Caller, organization: OrganizationFacts, requests: Sequence[UUID], until: int | None, stated: Stated
) -> Effect:
    """Give each person what they ask for until the same moment, asked about once.

    A request for which more would have to change is refused, and stays open for an answer of its own.
    """

    def act(request: UUID, stated: Stated) -> Effect:
        asked = request_for(caller.actor, request)
        terms = Terms(until=until, level=asked.wanted)
        return grant_request(caller=caller, organization=organization, request_id=request, terms=terms)

    def done(number: int) -> str:
        return ngettext("{number} request is granted.", "{number} requests are granted.", number).format(
            number=grouped(number)
        )

    def granting(tried: Tried) -> Question:
        ends = _("Their access has no end of its own.")
        if until is not None:
            ends = _("Their access ends on {when}.").format(when=moment_in_words(datetime.fromtimestamp(until, UTC)))
        question = ngettext("Grant {number} request?", "Grant {number} requests?", tried.number)
        return Question(
            question=question.format(number=grouped(tried.number)),
            consequences=(_("They get access: {names}.").format(names=listed(tried.names)), ends),
            button=_("Give access"),
            gives=True,
        )

    return each(
        requests, name_of=lambda one: _name(caller, one), act=act, done=done, stated=stated, question_of=granting
    )


def decline_requests(
    *, caller: Caller, organization: OrganizationFacts, requests: Sequence[UUID], message: str = "", stated: Stated
) -> Effect:
    """Decline requests with the same message, asked about once."""

    def act(request: UUID, stated: Stated) -> Effect:
        return decline_request(caller=caller, organization=organization, request_id=request, message=message)

    def done(number: int) -> str:
        return ngettext("{number} request is declined.", "{number} requests are declined.", number).format(
            number=grouped(number)
        )

    return each(
        requests, name_of=lambda one: _name(caller, one), act=act, done=done, stated=stated, question_of=_declining
    )


def _name(caller: Caller, request: UUID) -> str:
    asked = request_for(caller.actor, request)
    return _("{who}: {level} of “{title}”").format(
        who=asked.address, level=level_called(asked.wanted), title=asked.title or asked.cid
    )


def _declining(tried: Tried) -> Question:
    question = ngettext("Decline {number} request?", "Decline {number} requests?", tried.number)
    return Question(
        question=question.format(number=grouped(tried.number)),
        consequences=(
            _("They get no access: {names}.").format(names=listed(tried.names)),
            _("Nothing about the documents changes. They get a mail without the documents' names, and can ask again."),
        ),
        button=_("Decline"),
        offers="message",
    )
