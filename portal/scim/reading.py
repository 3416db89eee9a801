"""One request of a client: who sends it, and the forms of its answers."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from scim2_models import Context, Resource, ResponseParameters

from portal.scim.answers import Refusal, Reply
from portal.usecases.provisioning.provisioner import Provisioner


@dataclass
class Call:
    """A request whose sender is known; ``known`` are the ids of what a bulk request made, by their bulkIds."""

    request: HttpRequest
    provisioner: Provisioner
    parameters: ResponseParameters[Any]
    if_match: str = ""
    known: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The address of this interface."""
        return f"{self.provisioner.organization.origin}/scim/v2"

    def location(self, kind: str, identity: UUID) -> str:
        """Return the address of a resource."""
        return f"{self.base}/{kind}/{identity}"

    def shown(self, found: Resource[Any], *, what: str = "", changes: tuple[str, ...] = ()) -> Reply:
        """Answer with a resource, or that the client has its present version already."""
        version = version_of(found)
        headers = {"ETag": version, "Location": str(found.meta.location) if found.meta else ""}
        asked = self.request.headers.get("If-None-Match", "")
        if self.request.method == "GET" and asked and _names(asked, version):
            return Reply(304, None, {"ETag": version})
        return Reply(200, dumped(found, self.parameters), headers, what, changes)

    def created(self, made: Resource[Any], what: str, changes: tuple[str, ...]) -> Reply:
        """Answer with a resource that is new."""
        reply = self.shown(made)
        return Reply(201, reply.body, reply.headers, what, changes)


def dumped(found: Resource[Any], parameters: ResponseParameters[Any]) -> dict[str, Any]:
    """Return a resource as it is answered: the attributes that are asked for, else all."""
    return found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters)


def version_of(found: Resource[Any]) -> str:
    """Return the version of a resource as its ETag."""
    return str(found.meta.version) if found.meta and found.meta.version else ""


def require_match(call: Call, present: Resource[Any]) -> None:
    """Refuse a change of another version than the present one, where the client names one."""
    if call.if_match and not _names(call.if_match, version_of(present)):
        raise Refusal(412, "The resource has changed since: read it again.")


def _names(header: str, version: str) -> bool:
    """Tell whether a list of ETags names the version; weak ones compare by what they hold."""
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return "*" in tags or version.removeprefix("W/") in tags
