"""What the envelope of a publishing license holds: content key, policy, issuer, owner.

Key and policy are sealed together, so that nobody can put the key of one document under the policy of another, and so
that the people a policy names are visible to nobody who merely holds the file (docs/protocol.md P1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chancery.errors import InvalidObject
from chancery.objects import limits, strict_json
from chancery.objects.claims import Claims
from chancery.objects.jws import b64
from chancery.objects.strict_json import JSON
from chancery.policy.policy import MAX_OFFLINE_DAYS
from chancery.texts import message


@dataclass(frozen=True, slots=True)
class TemplateReference:
    """A template by id and the version the publisher saw; never a copy of it (P4)."""

    id: UUID
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The secret part of a publishing license; exactly one of ``policy`` and ``template`` is given."""

    key: bytes = field(repr=False)
    issuer: UUID
    owner: UUID
    policy: Mapping[str, JSON] | None = None
    """The policy as a JSON object; its schema belongs to ``policy.py``."""
    template: TemplateReference | None = None
    expires: int | None = None
    offline: int | None = None
    """Days for which a license may be cached; -1 sets no limit of its own, 0 asks for a license at each opening, and
    None leaves the rule to the policy or template."""
    app_data: Mapping[str, JSON] = field(default_factory=dict)
    title: str | None = None
    second: Mapping[str, JSON] | None = None
    """Where the second key is asked for (P17); passed on, never used here."""

    def encode(self) -> bytes:
        """Write the bytes that are sealed."""
        if (self.policy is None) == (self.template is None):
            raise InvalidObject(message("An envelope holds either a policy or a template."))
        members: dict[str, JSON] = {"key": b64(self.key)}
        if self.policy is not None:
            members["policy"] = dict(self.policy)
        if self.template is not None:
            members["template"] = {"id": str(self.template.id), "version": self.template.version}
        members |= {"issuer": str(self.issuer), "owner": str(self.owner)}
        members |= {"expires": self.expires, "offline": self.offline, "app_data": dict(self.app_data)}
        if self.title is not None:
            members["title"] = self.title
        if self.second is not None:
            members["second"] = dict(self.second)
        data = strict_json.encode(members)
        if self != self.decode(data):
            raise InvalidObject(message("The envelope does not survive writing and reading."))
        return data

    @classmethod
    def decode(cls, data: bytes) -> "Envelope":
        """Read the unsealed bytes; an unknown member is refused, because it may be a restriction."""
        claims = Claims(strict_json.decode(data), message("envelope"), versioned=False)
        envelope = cls(
            key=claims.blob("key", limit=limits.CONTENT_KEY),
            issuer=claims.uuid("issuer"),
            owner=claims.uuid("owner"),
            policy=claims.mapping("policy") if claims.has("policy") else None,
            template=_read_template(claims.inner("template")) if claims.has("template") else None,
            expires=None if claims.is_null("expires") else claims.moment("expires"),
            offline=None
            if claims.is_null("offline")
            else claims.integer("offline", minimum=-1, maximum=MAX_OFFLINE_DAYS),
            app_data=claims.mapping("app_data"),
            title=claims.line("title", 1024) if claims.has("title") else None,
            second=claims.mapping("second") if claims.has("second") else None,
        )
        claims.done()
        if (envelope.policy is None) == (envelope.template is None):
            raise InvalidObject(message("An envelope holds either a policy or a template."))
        return envelope


def _read_template(claims: Claims) -> TemplateReference:
    template = TemplateReference(claims.uuid("id"), claims.count("version"))
    claims.done()
    return template
