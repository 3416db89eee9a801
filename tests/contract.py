"""Holds every answer of the API, and every body that it accepted, against its own OpenAPI description.

A description tells clients what may be there, so it allows further members.  Here they are drift: an object may have
no member that is not declared, and must have all that are declared as required.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer


class Answered(Protocol):
    """An answer, Django's own or the one of its test client."""

    status_code: int
    content: Any

    def __getitem__(self, header: str, /) -> str: ...


_PREFIX: Final = "#/components/schemas/"


@cache
def _made() -> Any:
    generator = SchemaGenerator(urlconf="portal.api.schema")  # type: ignore[no-untyped-call]
    return generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]


@cache
def description() -> dict[str, Any]:
    """Return the description as clients read it."""
    read: dict[str, Any] = json.loads(json.dumps(_made(), default=str))
    return read


def rendered() -> bytes:
    """Return the description as it is committed."""
    text: bytes = OpenApiYamlRenderer().render(_made(), renderer_context={})
    return text


def check_exchange(method: str, path: str, sent: bytes, answer: Answered) -> None:
    """Raise AssertionError where the answer, or a body that was accepted, is not as the description says."""
    found = _operation(method, path.partition("?")[0])
    if found is None:
        return
    name, operation = found
    status = answer.status_code
    if status < 400:
        assert str(status) in operation["responses"], f"{name} answers {status}, which is not described"
        _check_accepted(name, operation, sent)
        declared = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
        unknown = {key for key, _ in parse_qsl(path.partition("?")[2])} - declared
        assert not unknown, f"{name} accepted parameters that are not described: {unknown}"
    if answer.content:
        kind = answer["Content-Type"].partition(";")[0]
        validator = _answer_validator(name, str(status))
        assert validator is not None, f"{name} answers {status} with a body, which is not described"
        described, schema = validator
        assert kind == described, f"{name} answers {status} as {kind}, described is {described}"
        _check(schema, json.loads(answer.content), f"the answer {status} of {name}")


def faulty_examples() -> list[str]:
    """Return what is wrong with the examples of bodies and of answers, each against its own schema."""
    found = []
    for name, operation in _by_name().items():
        listed = [("the body", _body_validator(name), operation.get("requestBody", {}))]
        for status, response in operation["responses"].items():
            if status != "default":
                answer = _answer_validator(name, status)
                listed.append((f"the answer {status}", None if answer is None else answer[1], response))
        for what, validator, holder in listed:
            for media in holder.get("content", {}).values():
                for title, example in media.get("examples", {}).items():
                    assert validator is not None
                    found += [
                        f"{name}, {what}, {title}: {'/'.join(map(str, fault.instance_path))}: {fault.message}"
                        for fault in validator.iter_errors(example["value"])
                    ]
    return found


def _check_accepted(name: str, operation: Mapping[str, Any], sent: bytes) -> None:
    if operation["method"] == "DELETE":
        # What confirms a DELETE may come as a body too, which OpenAPI 3.0 cannot describe.
        return
    body = json.loads(sent) if sent else None
    validator = _body_validator(name)
    if validator is None:
        assert not body, f"{name} accepted a body, which is not described: {body}"
    elif body is not None:
        _check(validator, body, f"the accepted body of {name}")


def _check(validator: jsonschema_rs.Validator, value: object, what: str) -> None:
    faults = [f"{'/'.join(map(str, one.instance_path))}: {one.message}" for one in validator.iter_errors(value)]
    assert not faults, f"{what} is not as described: {'; '.join(faults)[:2_000]}"


def _operation(method: str, path: str) -> tuple[str, Mapping[str, Any]] | None:
    for pattern, name, operation in _operations().get(method, ()):
        if pattern.fullmatch(path):
            return name, operation
    return None


@cache
def _operations() -> dict[str, list[tuple[re.Pattern[str], str, dict[str, Any]]]]:
    """Return by method what each path means, paths without parameters first."""
    found: dict[str, list[tuple[re.Pattern[str], str, dict[str, Any]]]] = {}
    for path, methods in sorted(description()["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            found.setdefault(method.upper(), []).append((pattern, name, {**operation, "method": method.upper()}))
    return found


@cache
def _by_name() -> dict[str, dict[str, Any]]:
    return {name: operation for listed in _operations().values() for _, name, operation in listed}


@cache
def _answer_validator(name: str, status: str) -> tuple[str, jsonschema_rs.Validator] | None:
    responses = _by_name()[name]["responses"]
    response = responses.get(status) if int(status) < 400 else responses["default"]
    if response is not None and "$ref" in response:
        response = description()["components"]["responses"][response["$ref"].rpartition("/")[2]]
    if not response or "content" not in response:
        return None
    ((kind, content),) = response["content"].items()
    return kind, _validator(json.dumps(content["schema"]))


@cache
def _body_validator(name: str) -> jsonschema_rs.Validator | None:
    body = _by_name()[name].get("requestBody")
    return None if body is None else _validator(json.dumps(body["content"]["application/json"]["schema"]))


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    """Compile a schema with the components that it names; the same schema is compiled once."""
    root, components, waiting = json.loads(schema), {}, [json.loads(schema)]
    while waiting:
        for name in re.findall(rf'"{_PREFIX}(\w+)"', json.dumps(waiting.pop())):
            if name not in components:
                components[name] = _closed(description()["components"]["schemas"][name])
                waiting.append(components[name])
    whole = {**_closed(root), "components": {"schemas": components}}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def _closed(schema: Any) -> Any:
    """Return a schema of OpenAPI 3.0 in the words of JSON Schema, its objects closed."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        name: {key: _closed(one) for key, one in value.items()} if name == "properties" else _closed(value)
        for name, value in schema.items()
        if name != "nullable"
    }
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") else made
