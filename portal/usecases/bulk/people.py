"""Several people at once: disable or enable them, or send their invitations again."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.languages import grouped
from portal.usecases.bulk.each import Question, Tried, each
from portal.usecases.caller import Caller
from portal.usecases.confirmation import Stated, copies_until
from portal.usecases.effects import Effect
from portal.usecases.losses import listed
from portal.usecases.people import disable_person, enable_person, invite_person_again
from tenants.directory.selectors.people import person_in
from tenants.organizations.selectors import OrganizationFacts


def disable_people(*, caller: Caller, people: Sequence[UUID], stated: Stated) -> Effect:
    """Disable people, asked about once."""

    def act(person: UUID, stated: Stated) -> Effect:
        return disable_person(caller=caller, person_id=person, stated=stated)

    def done(number: int) -> str:
        return ngettext("{number} person is disabled.", "{number} people are disabled.", number).format(
            number=grouped(number)
        )

    return each(
        people, name_of=lambda one: _name(caller, one), act=act, done=done, stated=stated, question_of=_disabling
    )


def enable_people(*, caller: Caller, people: Sequence[UUID], stated: Stated) -> Effect:
    """Enable disabled people again."""

    def act(person: UUID, stated: Stated) -> Effect:
        return enable_person(caller=caller, person_id=person)

    def done(number: int) -> str:
        return ngettext("{number} person is enabled.", "{number} people are enabled.", number).format(
            number=grouped(number)
        )

    return each(people, name_of=lambda one: _name(caller, one), act=act, done=done, stated=stated)


def invite_people_again(
    *, caller: Caller, organization: OrganizationFacts, people: Sequence[UUID], stated: Stated
) -> Effect:
    """Mail people their invitations again."""

    def act(person: UUID, stated: Stated) -> Effect:
        return invite_person_again(caller=caller, organization=organization, person_id=person)

    def done(number: int) -> str:
        return ngettext("{number} invitation is sent again.", "{number} invitations are sent again.", number).format(
            number=grouped(number)
        )

    return each(people, name_of=lambda one: _name(caller, one), act=act, done=done, stated=stated)


def _name(caller: Caller, person: UUID) -> str:
    found = person_in(caller.organization, person)
    return found.email or found.name


def _disabling(tried: Tried) -> Question:
    """Say what disabling people does."""
    question = ngettext("Disable {number} person?", "Disable {number} people?", tried.number)
    return Question(
        question=question.format(number=grouped(tried.number)),
        consequences=(
            _("These people get no license from now on and cannot act here: {names}.").format(
                names=listed(tried.names)
            ),
            _("Documents that they protected or own do not change: others open them as before."),
            _("What they own can be handed over afterwards: People, then People who left."),
            copies_until(tried.until),
            _("They can be enabled again."),
        ),
        button=ngettext("Disable {number} person", "Disable {number} people", tried.number).format(
            number=grouped(tried.number)
        ),
        needs_reason=True,
    )
