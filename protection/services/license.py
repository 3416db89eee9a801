"""Issue use licenses: the hot path, for one document or up to a thousand (DESIGN.md §5, §10; PROTOCOL P9).

Decided and recorded first (``decide.py``), and only then keys are touched and licenses signed (``release.py``).  No
durable event, no license.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from chancery.objects.batch import BatchResult, Refusal, UseLicenseBatch, seal_batch_keys
from chancery.objects.use import Common, seal_content_key
from protection.keys.issuing import Issuer
from protection.services.arrive import Wanted
from protection.services.decide import Caller, Decided, Granted, Lane, Reading, Refused, decide, refusal_details
from protection.services.release import content_key, released, use_license

MAX_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Signed licenses for the granted, reasons for the refused, in the order asked."""

    decided: tuple[Decided, ...]
    reading: Reading
    token: str | None
    """One use license, or the signed batch; None when a single request was refused."""
    delegation: str | None


def license_one(*, lane: Lane, caller: Caller, wanted: Wanted) -> Answer:
    """Decide, record and license one document.  Raises Unavailable when nothing could be recorded or released."""
    reading, decided = decide(lane=lane, caller=caller, wanted=[wanted])
    (granted,) = decided
    if isinstance(granted, Refused):
        return Answer(decided, reading, None, None)
    with released(lane, caller, reading, [granted]) as signing:
        sealed = seal_content_key(
            caller.device.encryption,
            content_key(caller, granted),
            org=caller.organization,
            cid=granted.state.facts.cid,
            dev=caller.device.id,
            jti=granted.event,
        )
        use = use_license(caller, reading, granted, signing, sealed)
        return Answer(decided, reading, use.sign(signing.key), signing.delegation)


def license_batch(*, lane: Lane, caller: Caller, wanted: Sequence[Wanted]) -> Answer:
    """Decide, record and license up to ``MAX_BATCH`` documents with one signature and one sealed blob."""
    reading, decided = decide(lane=lane, caller=caller, wanted=wanted)
    granted = [item for item in decided if isinstance(item, Granted)]
    with released(lane, caller, reading, granted) as signing:
        return Answer(decided, reading, _batch(caller, reading, decided, signing), signing.delegation)


def _batch(caller: Caller, reading: Reading, decided: Sequence[Decided], signing: Issuer) -> str:
    """Return the signed batch: one result for each decision, in order, and one sealed blob of content keys."""
    keys: list[bytes] = []
    results: list[BatchResult] = []
    for item in decided:
        if isinstance(item, Refused):
            results.append(_refusal(item, reading))
            continue
        keys.append(content_key(caller, item))
        results.append(use_license(caller, reading, item, signing, None))
    jti = uuid4()
    batch = UseLicenseBatch(
        jti=jti,
        common=Common(
            iss=caller.iss,
            org=caller.organization,
            sub=caller.device.person,
            dev=caller.device.id,
            iat=reading.service.now,
        ),
        results=tuple(results),
        keys=seal_batch_keys(caller.device.encryption, keys, org=caller.organization, dev=caller.device.id, jti=jti),
    )
    return batch.sign(signing.key)


def _refusal(item: Refused, reading: Reading) -> Refusal:
    details = refusal_details(item, reading)
    return Refusal(pl=item.wanted.pl, jti=item.event, reason=details["reason"], details=details)
