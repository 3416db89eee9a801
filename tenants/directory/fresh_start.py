"""The rightful person starts afresh: nothing that predates the proof of an address survives it (docs/protocol.md P12).

Anybody can sign up with somebody else's address, choose a password and wait.  Once the address is proven, by its
mailbox or by the organization that owns its domain, the account is its holder's, and so must be every way into it.
"""

from uuid import UUID

from tenants.actor import Actor
from tenants.directory.access import end_access, end_credentials
from tenants.directory.change import note_of_person
from tenants.directory.services.remove_operator import remove_operator_with_id
from tenants.events import DirectoryKind


def start_afresh(
    person_id: UUID, *, address: str, actor: Actor, except_session: str | None = None, keep_password: bool = False
) -> None:
    """End every credential, sign-in, device and code of the person, and record what there was.

    An operator is none any more: their second factors go, so the mailbox alone would lead to the operators' console.
    ``except_session`` is the browser's session in which the proof was made; ``keep_password`` says that the password
    was chosen in that same session.
    """
    ended = end_credentials(person_id, keep_password=keep_password)
    sign_ins = end_access(person_id, except_session=except_session)
    if sign_ins:
        ended["sign_ins"] = sign_ins
    remove_operator_with_id(person_id, actor=actor)
    if ended:
        note_of_person(
            kind=DirectoryKind.PERSON_STARTED_AFRESH,
            person_id=person_id,
            actor=actor,
            addresses=[address],
            details=ended,
        )
