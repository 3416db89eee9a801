"""The fast path in the API's OpenAPI description: no view of the framework answers it, so none can describe it.

The members are those that ``portal.license_requests`` reads and that ``portal.fastpath.middleware`` answers.
"""

from typing import Any, Final

from portal.fastpath.middleware import BATCH, ONE
from portal.license_requests import MAX_PROGRAM
from protection.services.license import MAX_BATCH

_TEXT: Final = {"type": "string"}
_DOCUMENT: Final[dict[str, Any]] = {
    "pl": {**_TEXT, "description": "SHA-256 of the publishing license, in base64url."},
    "seal": {**_TEXT, "description": "SHA-256 of the body seal, in base64url."},
    "publishing_license": {**_TEXT, "description": "The license itself, where the service may not know it."},
    "body_seal": {**_TEXT, "description": "The seal itself, where the service may not know it."},
}
_PROGRAM: Final[dict[str, Any]] = {
    "program": {**_TEXT, "maxLength": MAX_PROGRAM, "description": "The program's name; recorded as its statement."},
    "enforces": {
        "type": "array",
        "items": _TEXT,
        "description": "The rights that the program withholds from people who were not granted them.",
    },
    "super_user_grant": {
        **_TEXT,
        "format": "uuid",
        "description": "The super-user grant on which the openings are to rest, and on nothing else.",
    },
    "read_permission": {
        **_TEXT,
        "format": "uuid",
        "description": "The application's read permission on which the openings are to rest, and on nothing else.",
    },
    "for_person": {
        **_TEXT,
        "maxLength": 320,
        "description": "For whom is read, by address or id; for permissions to read for people, and only for these.",
    },
}
_SCHEMAS: Final[dict[str, Any]] = {
    "LicenseRequestItem": {
        "type": "object",
        "description": "One document: digests, or the objects themselves.",
        "properties": _DOCUMENT,
    },
    "LicenseRequest": {
        "type": "object",
        "description": "One document, and what the program says of itself.",
        "properties": {
            **_PROGRAM,
            **_DOCUMENT,
            "rendering": {
                "type": "integer",
                "minimum": 1,
                "description": (
                    "The size of the sealed file, from a program that can show pages which the service draws."
                    " The license of a viewer-only document then has no key, and its id names the rendering."
                ),
            },
        },
    },
    "LicenseBatchRequest": {
        "type": "object",
        "description": "Several documents, and what the program says of itself.",
        "properties": {
            **_PROGRAM,
            "items": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/LicenseRequestItem"},
                "minItems": 1,
                "maxItems": MAX_BATCH,
            },
        },
        "required": ["items"],
    },
    "UseLicense": {
        "type": "object",
        "properties": {"use_license": _TEXT, "delegation": _TEXT, "cid": {**_TEXT, "format": "uuid"}},
        "required": ["cid", "delegation", "use_license"],
    },
    "UseLicenseBatch": {
        "type": "object",
        "properties": {"batch": _TEXT, "delegation": _TEXT},
        "required": ["batch", "delegation"],
    },
}
_ITEM: Final = {"pl": "q83v…", "seal": "EjRW…"}
_CALLS: Final[dict[str, dict[str, Any]]] = {
    ONE: {
        "operationId": "post_Licenses",
        "summary": "Ask for the license to open a document",
        "description": (
            "A refusal is 403 with the reason as code; 409 send_whole_license asks for the objects themselves."
        ),
        "request": "LicenseRequest",
        "answer": "UseLicense",
        "examples": {"ByDigest": {"value": _ITEM, "summary": "By digest"}},
    },
    BATCH: {
        "operationId": "post_LicenseBatch",
        "summary": f"Ask for up to {MAX_BATCH:,} licenses at once",
        "description": (
            "Each document has a result of its own, in order. 409 send_whole_license means that nothing was decided:"
            " documents lists the places of those that must be sent as objects, counted from 0."
        ),
        "request": "LicenseBatchRequest",
        "answer": "UseLicenseBatch",
        "examples": {"Two": {"value": {"items": [_ITEM, _ITEM]}, "summary": "Two"}},
    },
}


def describe_fast_path(result: dict[str, Any], **_generator: Any) -> dict[str, Any]:
    """Add the fast path's calls to a description; a postprocessing hook of drf-spectacular."""
    result["components"]["schemas"].update(_SCHEMAS)
    for path, call in _CALLS.items():
        result["paths"][path] = {"post": _operation(path, call)}
    return result


def _operation(path: str, call: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": call["operationId"],
        "summary": call["summary"],
        "description": call["description"],
        "parameters": [
            {
                "in": "header",
                "name": "Chancery-Proof",
                "schema": _TEXT,
                "description": "The device proof of this request.",
                "required": True,
            }
        ],
        "tags": ["licensing"],
        "requestBody": {
            "content": {"application/json": {"schema": _reference(call["request"]), "examples": call["examples"]}},
            "required": True,
        },
        "security": [{"bearer": []}],
        "responses": {
            "200": {"content": {"application/json": {"schema": _reference(call["answer"])}}, "description": ""}
        },
        "x-permission": "anybody",
        "x-codeSamples": [
            {
                "lang": "Shell",
                "source": (
                    f'curl -X POST https://contoso.example.com{path} -H "Authorization: Bearer $TOKEN"'
                    " -H 'Content-Type: application/json' -d @body.json"
                ),
            }
        ],
    }


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}
