"""The report of a super-user grant or a read permission: who opened what and why, approved by whom, under a seal.

The report itself states the grant and a digest of its entries; these stand beside it, each with the proof that its
event is in the ledger (docs/protocol.md P21, P31).  It is signed with the log key, which also signs the checkpoints
that the proofs lead to, so one public key of the organization statement verifies all of it, years later as well.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chancery.crypto.signatures import Signer, VerifyKey
from chancery.errors import WrongBinding
from chancery.ledger.leaf import canonical
from chancery.objects import jws
from chancery.objects.claims import HASH, VERSION, Claims
from chancery.objects.jws import Kind, b64
from chancery.objects.strict_json import JSON
from chancery.texts import message


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantReport:
    """What a report says of its grant or permission; times in seconds since 1970.

    ``ended`` is when it really ended, 0 for a read permission that is active still.
    """

    org: UUID
    grant: UUID
    number: int
    holder: str
    reason: str
    case: str
    approved_by: str
    starts: int
    ends: int
    ended: int
    entries: int
    digest: bytes
    iat: int

    def sign(self, signer: Signer) -> str:
        """Sign with the log key."""
        claims: dict[str, JSON] = {
            "v": VERSION,
            "org": str(self.org),
            "grant": str(self.grant),
            "number": self.number,
            "holder": self.holder,
            "reason": self.reason,
            "case": self.case,
            "approved_by": self.approved_by,
            "starts": self.starts,
            "ends": self.ends,
            "ended": self.ended,
            "entries": self.entries,
            "digest": b64(self.digest),
            "iat": self.iat,
        }
        return jws.sign(Kind.REPORT, claims, signer)

    @classmethod
    def verify(cls, token: str, *, key: VerifyKey, org: UUID) -> "GrantReport":
        """Check the signature by the organization's log key, then the organization."""
        unverified = jws.parse(token, Kind.REPORT)
        unverified.verify(key)
        report = cls._read(unverified.claims)
        if report.org != org:
            raise WrongBinding(message("The report is of another organization."))
        return report

    def covers(self, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Tell whether these are the entries that the report was signed for."""
        return len(entries) == self.entries and digest_of(entries) == self.digest

    @classmethod
    def _read(cls, members: Mapping[str, JSON]) -> "GrantReport":
        claims = Claims(members, message("report"))
        report = cls(
            org=claims.uuid("org"),
            grant=claims.uuid("grant"),
            number=claims.count("number", minimum=1),
            holder=claims.text("holder"),
            reason=claims.text("reason"),
            case=claims.text("case"),
            approved_by=claims.text("approved_by"),
            starts=claims.moment("starts"),
            ends=claims.moment("ends"),
            ended=claims.moment("ended"),
            entries=claims.count("entries"),
            digest=claims.blob("digest", size=HASH),
            iat=claims.moment("iat"),
        )
        claims.done()
        return report


def digest_of(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the digest of entries, which does not depend on how they are written into a file."""
    return hashlib.sha256(canonical({"entries": list(entries)})).digest()
