"""The two recovery keys: by them two people approve a grant where no administrator can (docs/protocol.md P21).

Each keeper is shown their own key, once; only digests are kept.  A key is 160 random bits, so its digest needs no salt
and no slow function.  Both are spent by an approval.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now

from chancery.errors import Conflict, NotFound
from chancery.ledger.kinds import Kind, Outcome
from chancery.texts import message
from protection.actor import Actor
from protection.models import ApprovalState as State
from protection.models import RecoveryKey, SuperUserGrant
from protection.selectors.super_users import GrantFacts, facts_of
from protection.services.recording import record_action
from protection.services.super_user_grants import GrantAnswered, approve_grant

_BYTES: Final = 20
_GROUP: Final = 4


class KeyWasShown(Conflict):
    """A recovery key is shown once."""

    code = "key_was_shown"
    remedy = message("If it is lost, let an administrator name the keepers anew.")


@transaction.atomic
def name_keepers(*, actor: Actor, keepers: Sequence[tuple[UUID, str]], reason: str = "") -> None:
    """Let two people keep the recovery keys; those of before are no longer good, nor what was presented of them."""
    RecoveryKey.objects.all().delete()
    presented = SuperUserGrant.objects.filter(state=State.WAITING, application=False)
    presented.update(presented_by=None, presented_address="")
    RecoveryKey.objects.bulk_create(
        [RecoveryKey(person_id=person, address=address, named_by=actor.person) for person, address in keepers]
    )
    named = ", ".join(address for _, address in keepers)
    record_action(Kind.RECOVERY_KEYS_NAMED, actor, recipient=named, details={"reason": reason} if reason else None)


@transaction.atomic
def make_key(*, actor: Actor) -> str:
    """Make the key of a keeper and return it, this once.  Raises NotFound and KeyWasShown."""
    row = RecoveryKey.objects.select_for_update().filter(person_id=actor.person).first()
    if row is None:
        raise NotFound(message("You are not named as a keeper of a recovery key."))
    if row.digest is not None:
        raise KeyWasShown(message("Your recovery key was shown already."))
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode()
    row.digest, row.shown_at = _digest(text), Now()
    row.save(update_fields=["digest", "shown_at"])
    record_action(Kind.RECOVERY_KEY_SHOWN, actor)
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


@transaction.atomic
def present_key(*, actor: Actor, grant: UUID, key: str) -> GrantFacts | None:
    """Note that a keeper presented their key for a grant that waits; the second one approves it.

    Returns None for a wrong key, which is recorded.  Raises NotFound and GrantAnswered.
    """
    row = SuperUserGrant.objects.select_for_update().filter(id=grant).first()
    kept = RecoveryKey.objects.select_for_update().filter(person_id=actor.person, digest__isnull=False).first()
    if row is None or kept is None:
        raise NotFound(message("There is no such super-user grant, or you keep no recovery key."))
    if row.application:
        raise GrantAnswered(
            message("Recovery keys approve what a person asks for. An application's grant takes two administrators.")
        )
    if row.state != State.WAITING or row.holder == actor.person:
        raise GrantAnswered(message("This grant was already answered, or it is yours."))
    good = hmac.compare_digest(bytes(kept.digest or b""), _digest(key))
    known = {"super_user_grant": str(row.id), "grant_number": row.number}
    outcome = Outcome.DONE if good else Outcome.REFUSED
    record_action(Kind.RECOVERY_KEY_PRESENTED, actor, outcome=outcome, recipient=row.holder_address, details=known)
    if not good:
        return None
    first = row.presented_by
    if first is None or first == actor.person:
        row.presented_by, row.presented_address = actor.person, actor.address
        row.save(update_fields=["presented_by", "presented_address"])
        return facts_of(row)
    RecoveryKey.objects.update(digest=None, shown_at=None)
    return approve_grant(actor=actor, grant=grant, by_keys=True)


def _digest(key: str) -> bytes:
    return hashlib.sha256("".join(key.split()).replace("-", "").upper().encode()).digest()
