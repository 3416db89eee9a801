"""The API's reference, rendered from its own description: nothing here can differ from what is served."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET
from drf_spectacular.generators import SchemaGenerator

from portal.web.framework import show_to_all

SUBJECTS: Mapping[str, str] = {
    "discovery": "Base domain: discovery",
    "me": "Base domain: yourself",
    "my_devices": "Base domain: your devices",
    "enrollments": "Base domain: enrollment codes",
    "licensing": "Protecting and opening",
    "documents": "Documents",
    "templates": "Templates",
    "people": "People",
    "groups": "Groups",
    "domains": "Mail domains",
    "applications": "Applications",
    "administration": "Keys, settings and the service",
    "audit": "Audit log",
}
NEEDS: Mapping[str, str] = {"anybody": "anybody signed in", "member": "any member"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    needs: str
    parameters: tuple[str, ...]
    body: str
    line: str


@dataclass(frozen=True, slots=True)
class Subject:
    """The calls about one subject; ``name`` is the last part of its page's address."""

    name: str
    headline: str
    calls: tuple[Call, ...]


@require_GET
def reference(request: HttpRequest) -> HttpResponse:
    """List every call by subject."""
    return show_to_all(request, "reference", "api_reference", {"subjects": subjects()})


@require_GET
def subject(request: HttpRequest, name: str) -> HttpResponse:
    """Show the calls of a subject, each with its permission and an example that can be pasted."""
    found = next((one for one in subjects() if one.name == name), None)
    if found is None:
        raise Http404
    return show_to_all(request, "reference_subject", "api_reference", {"subject": found})


@lru_cache(maxsize=1)
def subjects() -> tuple[Subject, ...]:
    """Return all calls by subject; made once in each process, since they change only with the program."""
    generator = SchemaGenerator(urlconf="portal.api.schema")  # type: ignore[no-untyped-call]
    description = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    calls: dict[str, list[Call]] = {name: [] for name in SUBJECTS}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            calls.setdefault(operation["tags"][0], []).append(_call(method, path, operation))
    return tuple(Subject(name, _headline(name), tuple(found)) for name, found in calls.items() if found)


def _headline(name: str) -> str:
    return SUBJECTS.get(name, name.replace("_", " ").capitalize())


def _call(method: str, path: str, operation: Mapping[str, Any]) -> Call:
    needs = operation.get("x-permission") or ("anybody" if operation.get("security") else "")
    samples = operation.get("x-codeSamples") or [{"source": ""}]
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=_as_text(operation.get("summary", "")),
        text=_as_text(operation.get("description", "").replace("``", "")),
        needs=NEEDS.get(needs, needs) or "no token",
        parameters=tuple(_parameter(one) for one in operation.get("parameters", ()) if one["in"] == "query"),
        body=_as_text(_body(operation)),
        line=_as_text(samples[0]["source"]),
    )


def _as_text(code: str) -> SafeString:
    """Escape what is between tags and leave its quotes: the page has a thousand of them, five bytes more each."""
    return mark_safe(escape(code, quote=False))  # noqa: S308 - escaped, and in no attribute


def _parameter(parameter: Mapping[str, Any]) -> str:
    """Return a parameter with its values; of an order only the names, each of which can have a ``-`` before it."""
    values = [str(one) for one in parameter.get("schema", {}).get("enum", ())]
    if parameter["name"] == "sort":
        values = [one for one in values if not one.startswith("-")]
    return f"{parameter['name']}={'|'.join(values)}" if values else str(parameter["name"])


def _body(operation: Mapping[str, Any]) -> str:
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    examples = [one["value"] for one in media.get("examples", {}).values() if "value" in one]
    return json.dumps(examples[0], indent=1) if examples else ""
