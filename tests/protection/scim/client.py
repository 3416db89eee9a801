"""A provisioning client without a network: a connection with its token, and requests in the form of SCIM."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tenants.connections.services.create_connection import create_connection
from tenants.connections.services.tokens import make_token
from tests.cast import ACTOR, Cast
from tests.portal.identity.browser import Browser, host_of

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


@dataclass
class Scim:
    """One connection; ``ask`` returns the answer, the other verbs its body after they checked the status."""

    id: UUID
    token: str
    slug: str
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(host_of(self.slug))

    def ask(self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str) -> Any:
        """Send one request."""
        return self.browser.generic(
            method,
            f"/scim/v2/{path}",
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {self.token if token is None else token}", **headers},
        )

    def done(self, method: str, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        """Send one request, and return the body of an answer with this status."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code == status, (answer.status_code, answer.content)
        if not answer.content:
            return None
        assert answer["Content-Type"] == "application/scim+json"
        return json.loads(answer.content)

    def refused(self, method: str, path: str, body: object = None, *, status: int, scim_type: str = "") -> str:
        """Send one request that is refused, and return why."""
        told = self.done(method, path, body, status)
        assert told["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert told["status"] == str(status)
        assert told.get("scimType", "") == scim_type, told
        return str(told["detail"])

    def make(self, name: str = "", /, **more: Any) -> Any:
        """Make a user."""
        return self.done("POST", "Users", user(name or fresh(), **more), 201)

    def patch(self, path: str, *operations: Mapping[str, Any], status: int = 200) -> Any:
        """Change a resource."""
        return self.done("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, status)

    def found(self, kind: str, text: str, **more: object) -> list[str]:
        """Return the ids of what a filter finds."""
        asked = {"schemas": [SEARCH], "filter": text, **more}
        return [one["id"] for one in self.done("POST", f"{kind}/.search", asked)["Resources"]]


def connected(cast: Cast, *may: str, slug: str = "contoso", dry_run: bool = False) -> Scim:
    """Connect a provider to an organization."""
    organization = cast.organizations[slug].id
    made = create_connection(
        organization_id=organization,
        name=f"IdP {uuid4().hex[:6]}",
        may=may or ("people", "groups"),
        dry_run=dry_run,
        actor=ACTOR,
    )
    token = make_token(organization_id=organization, connection_id=made.id, actor=ACTOR)
    return Scim(made.id, token.value, slug)


def fresh(slug: str = "contoso") -> str:
    """Return an address that nobody has."""
    return f"u{uuid4().hex[:12]}@{slug}.example"


def user(name: str, /, **more: Any) -> dict[str, Any]:
    """Return a user to be."""
    return {"schemas": [USER], "userName": name, **more}


def group(name: str = "", *members: str, **more: Any) -> dict[str, Any]:
    """Return a group to be."""
    return {
        "schemas": [GROUP],
        "displayName": name or f"Group {uuid4().hex[:8]}",
        "members": [{"value": one} for one in members],
        **more,
    }
