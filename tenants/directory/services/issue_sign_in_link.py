"""Issue a link that signs one person in, once; the embedded mode's demonstration uses it."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tenants.actor import Actor
from tenants.directory import one_time
from tenants.directory.change import note_of_person
from tenants.directory.models import SignInLink
from tenants.events import DirectoryKind


@transaction.atomic
def issue_sign_in_link(*, person_id: UUID, goes_to: str = "", actor: Actor) -> str:
    """Return the secret part of a fresh link, good for ten minutes and one use."""
    token = one_time.new_token()
    SignInLink.objects.create(
        token_hash=one_time.token_hash(token),
        person_id=person_id,
        goes_to=goes_to,
        expires_at=timezone.now() + one_time.LIFETIME,
    )
    note_of_person(kind=DirectoryKind.SIGN_IN_LINK_ISSUED, person_id=person_id, actor=actor)
    return token
