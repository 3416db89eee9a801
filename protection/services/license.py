"""Issue use licenses: the hot path, for one document or up to a thousand (docs/protocol.md P9, decision 5).

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
from protection.services.decide import (
    Decided,
    Granted,
    LicenseRequest,
    LicensingDatabase,
    Reading,
    Refused,
    decide,
    refusal_details,
)
from protection.services.register_on_first_use import LicenseRequestItem
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


def license_one(*, database: LicensingDatabase, request: LicenseRequest, item: LicenseRequestItem) -> Answer:
    """Decide, record and license one document.  Raises Unavailable when nothing could be recorded or released."""
    reading, decided = decide(database=database, request=request, items=[item])
    (granted,) = decided
    if isinstance(granted, Refused):
        return Answer(decided, reading, None, None)
    with released(database, request, reading, [granted]) as signing:
        sealed = seal_content_key(
            request.device.encryption,
            content_key(request, granted),
            org=request.organization,
            cid=granted.state.facts.cid,
            dev=request.device.id,
            jti=granted.event,
        )
        use = use_license(request, reading, granted, signing, sealed)
        return Answer(decided, reading, use.sign(signing.key), signing.delegation)


def license_batch(
    *, database: LicensingDatabase, request: LicenseRequest, items: Sequence[LicenseRequestItem]
) -> Answer:
    """Decide, record and license up to ``MAX_BATCH`` documents with one signature and one sealed blob."""
    reading, decided = decide(database=database, request=request, items=items)
    granted = [item for item in decided if isinstance(item, Granted)]
    with released(database, request, reading, granted) as signing:
        return Answer(decided, reading, _batch(request, reading, decided, signing), signing.delegation)


def _batch(request: LicenseRequest, reading: Reading, decided: Sequence[Decided], signing: Issuer) -> str:
    """Return the signed batch: one result for each decision, in order, and one sealed blob of content keys."""
    keys: list[bytes] = []
    results: list[BatchResult] = []
    for item in decided:
        if isinstance(item, Refused):
            results.append(_refusal(item, reading))
            continue
        keys.append(content_key(request, item))
        results.append(use_license(request, reading, item, signing, None))
    jti = uuid4()
    batch = UseLicenseBatch(
        jti=jti,
        common=Common(
            iss=request.iss,
            org=request.organization,
            sub=request.device.person,
            dev=request.device.id,
            iat=reading.service.now,
        ),
        results=tuple(results),
        keys=seal_batch_keys(request.device.encryption, keys, org=request.organization, dev=request.device.id, jti=jti),
    )
    return batch.sign(signing.key)


def _refusal(item: Refused, reading: Reading) -> Refusal:
    details = refusal_details(item, reading)
    return Refusal(pl=item.item.pl, jti=item.event, reason=details["reason"], details=details)
