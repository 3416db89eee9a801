"""What clients read about this interface: its capabilities, resource types and schemas (RFC 7644, section 4)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from scim2_models import ListResponse, Meta, Resource, ResourceType, Schema

from portal.scim.answers import Refusal, Reply
from portal.scim.reading import Call
from portal.scim.resources import CONFIG, PROVIDER


def config(call: Call, name: str) -> Reply:
    """Answer with what this interface can do."""
    found = CONFIG.model_copy(deep=True)
    found.meta = Meta(resource_type="ServiceProviderConfig", location=f"{call.base}/ServiceProviderConfig")
    return Reply(200, found.model_dump())


def resource_types(call: Call, name: str) -> Reply:
    """Answer with all resource types."""
    _refuse_filter(call)
    return _listed(ListResponse[ResourceType], [_type(call, one) for one in PROVIDER.resource_types])


def resource_type(call: Call, name: str) -> Reply:
    """Answer with one resource type."""
    found = next((one for one in PROVIDER.resource_types if one.name == name), None)
    if found is None:
        raise Refusal(404, "There is no such resource type.")
    return Reply(200, _type(call, found).model_dump())


def schemas(call: Call, name: str) -> Reply:
    """Answer with all schemas."""
    _refuse_filter(call)
    return _listed(ListResponse[Schema], [_schema(call, one) for one in PROVIDER.schemas])


def schema(call: Call, name: str) -> Reply:
    """Answer with one schema."""
    found = next((one for one in PROVIDER.schemas if str(one.id) == unquote(name)), None)
    if found is None:
        raise Refusal(404, "There is no such schema.")
    return Reply(200, _schema(call, found).model_dump())


def _refuse_filter(call: Call) -> None:
    """RFC 7644, section 4: a filter on these answers 403, so that clients do not take all of them for its outcome."""
    if "filter" in call.request.GET:
        raise Refusal(403, "These resources cannot be filtered.")


def _type(call: Call, one: ResourceType) -> ResourceType:
    found = one.model_copy(deep=True)
    found.meta = Meta(resource_type="ResourceType", location=f"{call.base}/ResourceTypes/{one.name}")
    return found


def _schema(call: Call, one: Schema) -> Schema:
    found = one.model_copy(deep=True)
    found.meta = Meta(resource_type="Schema", location=f"{call.base}/Schemas/{one.id}")
    return found


def _listed(model: Any, found: Sequence[Resource[Any]]) -> Reply:
    body: Mapping[str, Any] = model(
        total_results=len(found), start_index=1, items_per_page=len(found), resources=list(found)
    ).model_dump()
    return Reply(200, body)
