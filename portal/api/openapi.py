"""How the API's calls are named and authenticated in its OpenAPI description."""

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from portal.problems import CONTENT_TYPE


class NamedByView(AutoSchema):
    """Names each call by its method and its view, which are unique; the framework's guess by path is not."""

    def get_operation_id(self) -> str:
        """Return for example ``get_documents``."""
        return f"{self.method.lower()}_{type(self.view).__name__}"

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Add a line that can be pasted into a shell, so that a call without a body has an example too."""
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is not None:
            method = "" if self.method == "GET" else f"-X {self.method} "
            lines = [f"curl {method}https://contoso.example.com{self.path}"]
            if operation.get("security"):
                lines.append('-H "Authorization: Bearer $TOKEN"')
            if "requestBody" in operation:
                lines.append("-H 'Content-Type: application/json' -d @body.json")
            operation["x-permission"] = getattr(self.view, "needs", {}).get(self.method, "")
            operation["x-codeSamples"] = [{"lang": "Shell", "source": " ".join(lines)}]
        return operation

    def get_tags(self) -> list[str]:
        """Return the file in which the call lives, which is its subject."""
        return [type(self.view).__module__.rpartition(".")[2]]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the base registers untyped
    """Describes our own bearer authentication."""

    target_class = "portal.identity.bearer.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme's description."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of this installation's issuer that names this origin.",
        }


_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_FLAG: Final = {"type": "boolean"}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "An error (RFC 9457). The last members come with some codes only.",
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": {**_TEXT, "description": "What happened, in the caller's language."},
        "code": {**_TEXT, "description": "What happened, for programs."},
        "next_step": {**_TEXT, "description": "What to do next, in the caller's language; may be empty."},
        "correlation_id": {**_TEXT, "description": "The id under which the log knows the request."},
        "errors": {
            "description": "invalid: what is wrong, by member, nested as the request is.",
            "anyOf": [{"type": "object", "additionalProperties": {}}, {"type": "array", "items": {}}],
        },
        "reason": {**_TEXT, "description": "A refusal: its code."},
        "message": {**_TEXT, "description": "A refusal: what it means."},
        "contact": {**_TEXT, "description": "A refusal: whom to ask."},
        "page_of_pause": {**_TEXT, "description": "openings_paused: where the person confirms that it was them."},
        "message_to_recipients": {**_TEXT, "description": "A refusal: what was written when access was taken back."},
        "successor": {
            "type": "object",
            "description": "A refusal: the document that replaces it; both are empty for those who may not open it.",
            "properties": {"title": _TEXT, "page": _TEXT},
            "required": ["title", "page"],
            "additionalProperties": False,
        },
        "event": {**_TEXT, "format": "uuid", "description": "A refusal: the event that records it."},
        "documents": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "send_whole_license: the places of the documents to send as objects.",
        },
        "entry": {**_TEXT, "description": "invalid_policy: the entry of grants or deny at fault, where it is one."},
        "consequences": {**_TEXTS, "description": "confirmation_required: what would happen."},
        "confirm": {**_TEXT, "description": "confirmation_required: what to send as confirm."},
        "typed": {**_FLAG, "description": "confirmation_required: whether people are to type it."},
        "reason_required": _FLAG,
        "fresh_sign_in_required": _FLAG,
    },
    "required": ["code", "correlation_id", "detail", "next_step", "status", "title", "type"],
}


def describe_problems(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the one form of errors to every call of a description; a postprocessing hook of drf-spectacular."""
    components = result["components"]
    components["schemas"] = dict(sorted({**components["schemas"], "Problem": _PROBLEM}.items()))
    components["responses"] = {
        "Problem": {
            "description": "An error.",
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    result["paths"] = dict(sorted(result["paths"].items()))
    for methods in result["paths"].values():
        for operation in methods.values():
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return result
