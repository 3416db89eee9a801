"""A person's home at another installation says who they are: whose account that is here, or why there is none."""

from dataclasses import dataclass
from uuid import UUID

from portal.subjects.subject import is_disabled
from tenants.actor import Actor
from tenants.homes.selectors import HomeFacts
from tenants.homes.services.accounts import HomeSignInRefused, Refusal, Said, admitted


@dataclass(frozen=True, slots=True)
class Arrived:
    """The person whom their home signs in."""

    person_id: UUID


def arrive(*, actor: Actor, home: HomeFacts, said: Said) -> Arrived:
    """Return the person who is signed in, with a new account where they have none.

    ``actor`` is the home.  Raises HomeSignInRefused.
    """
    person_id = admitted(home, said, actor)
    if is_disabled(person_id):
        raise HomeSignInRefused(Refusal.DISABLED)
    return Arrived(person_id)
