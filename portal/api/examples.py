"""The examples of the API's description: one organization, so that a document or a template is the same in every call.

A test holds each example against the schema of its body or answer.
"""

from typing import Any, Final

from chancery.policy.reasons import WORDS, Reason

Example = dict[str, Any]

CONTOSO: Final = "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10"
OLGA: Final = "3f0c7a34-6a38-4d0e-9c0b-3f2a9f0f8b11"
MAX: Final = "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e12"
ADA: Final = "8f2c1d5e-0b7a-4c3d-9e6f-5a4b3c2d1e0f"
PLAN: Final = "8c2b6d0e-5c1f-8d22-9f7e-0d6c1a2b3c4d"
EMPLOYEES_ONLY: Final = "0f4e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10"
OPENING: Final = "3a5c0b9c-8d2e-4b7a-9c55-0c7a3c1f2e13"
BOARD: Final = "6f1e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e11"

VIEWER: Final = ["VIEW", "REPLY", "REPLYALL", "OBJMODEL", "VIEWRIGHTSDATA"]
RITA: Final[Example] = {"who": "address:rita@fabrikam.example", "rights": VIEWER}


def policy(*grants: Example) -> Example:
    """Return a policy of these grants as answers show it."""
    return {
        "v": 1,
        "grants": list(grants),
        "deny": [],
        "expires": None,
        "offline_days": -1,
        "lease": None,
        "enforcement": "client",
        "conditions": {},
    }


def done(message: str, **members: Any) -> Example:
    """Return the answer of a call that changed something."""
    return {"changed": True, "message": message, "warnings": [], **members}


def listed(*results: Example, **members: Any) -> Example:
    """Return the only page of a list."""
    return {"results": list(results), "next": "", **members}


APPLICATION: Final[Example] = {
    "client_id": "8f2c6d0e5c1f4d229f7e0d6c1a2b3c4d",
    "name": "archive",
    "roles": ["connector"],
    "person": "2d7b1c3e-4f5a-4b6c-8d9e-0f1a2b3c4d5e",
    "created_at": "2026-06-01T08:00:00Z",
    "disabled": False,
    "known_outside": False,
    "last_used_at": "2026-11-30T08:00:00Z",
}
CREDENTIAL: Final[Example] = {
    "id": "0b1c2d3e-4f5a-4b6c-8d9e-0f1a2b3c4d5e",
    "kind": "key",
    "name": "nightly job",
    "thumbprints": ["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"],
    "keys_url": "",
    "made_by": "Ada",
    "created_at": "2026-06-01T08:00:00Z",
    "expires_at": "2026-11-28T08:00:00Z",
    "last_used_at": "2026-11-20T08:00:00Z",
    "ended_at": None,
    "valid": True,
}
ASKED: Final[Example] = {
    "id": "5f0e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10",
    "cid": PLAN,
    "state": "open",
    "who": "rita@fabrikam.example",
    "level": "viewer",
    "note": "I prepare the meeting.",
    "asked_at": "2026-11-29T09:00:00Z",
    "answered_at": None,
    "message": "",
    "rights": None,
    "until": None,
    "owner": "olga@contoso.example",
    "title": "plan.docx",
    "name": "Rita",
    "organization": "Fabrikam",
    "reason": "not_granted",
}
DEVICE: Final[Example] = {
    "id": "0f4e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10",
    "name": "laptop",
    "platform": "linux",
    "created_at": "2026-06-01T08:00:00Z",
    "revoked_at": None,
}
SESSION: Final[Example] = {
    "id": "5d0c6c5e-6f0b-4b0e-9d3a-0d5a3c1b7e21",
    "kind": "browser",
    "name": "Firefox, Linux",
    "ip": "192.0.2.7",
    "since": "2026-11-29T08:00:00Z",
    "last_used": "2026-11-29T09:12:00Z",
    "current": False,
    "devices": [],
}
DISCOVERY: Final[Example] = {
    "iss": "https://id.example.com",
    "oidc": "https://id.example.com/.well-known/openid-configuration",
    "client_id": "chancery-cli",
    "enrollment": "https://id.example.com/api/v1/enrollments",
    "installation_key": {"alg": "EdDSA", "public": "kz2…", "kid": "9d5e…"},
    "organizations": [],
}
DOCUMENT: Final[Example] = {
    "cid": PLAN,
    "title": "plan.docx",
    "state": "active",
    "issuer": "olga@contoso.example",
    "owner": "olga@contoso.example",
    "template": None,
    "label": None,
    "registered_at": "2026-11-25T09:00:00Z",
    "revoked_at": None,
    "expires": None,
    "opened": 2,
    "refused": 1,
}
DOCUMENT_GRANT: Final[Example] = {**RITA, "level": "viewer"}
DOCUMENT_SHOWN: Final[Example] = {
    "document": DOCUMENT,
    "policy": policy(RITA),
    "grants": [DOCUMENT_GRANT],
    "rev": 1,
    "pending_because": "",
    "editions": 1,
    "revocations": [],
    "scheduled": [],
    "message_to_recipients": "",
    "successor": None,
    "personal_grants": [],
    "changes": [],
    "latest_offline_moment": "2026-12-25T09:00:00Z",
}
DOCUMENT_POLICY: Final[Example] = {
    "policy": policy(RITA),
    "grants": [DOCUMENT_GRANT],
    "template": None,
    "rev": 1,
    "version": 1,
    "may_change": False,
    "personal_grants": [],
}
DOMAIN: Final[Example] = {
    "domain": "contoso.example",
    "challenge": "chancery-domain=q83vEjRWeJAq83vEjRWeJAq83vEjRWeJ",
    "proven_at": None,
    "checked_at": "2026-06-01T09:00:00Z",
    "checked_by": ADA,
    "check_result": "empty",
    "check_resolver": "192.0.2.53",
    "check_seen": [],
    "found_at": None,
    "missing_since": None,
    "check": "contoso.example has no TXT record. Add it; that can take an hour to be seen everywhere."
    " Answer of 192.0.2.53.",
}
GROUP: Final[Example] = {"id": BOARD, "address": "board@contoso.example", "name": "Board", "archived": False}
GROUP_SHOWN: Final[Example] = {
    **GROUP,
    "description": "",
    "members": [
        {"kind": "person", "id": ADA, "label": "Ada", "address": "ada@contoso.example", "changed_hands": False}
    ],
}
KEY: Final[Example] = {
    "id": "1f0c3f0c-7f5d-4c59-9d0e-2c5d3f1b7a10",
    "kid": "9d5e…",
    "suite": "hybrid",
    "store": "software",
    "status": "active",
    "created_at": "2026-06-01T08:00:00Z",
    "status_changed_at": "2026-06-01T08:00:00Z",
    "documents": 412,
    "encryption_public": "q83v…",
    "signing_public": "kz2…",
}
LABEL: Final[Example] = {
    "id": "5f0e3f0c-7f5d-4c59-9d0e-2c5d3f1b7a11",
    "status": "published",
    "version": 3,
    "name": "Confidential",
    "description": "For employees only.",
    "names": {"en": "Confidential", "de": "Vertraulich"},
    "descriptions": {"en": "For employees only."},
    "sensitivity": 30,
    "effect": "protect",
    "template": {"id": EMPLOYEES_ONLY, "version": 2, "name": "Employees only"},
}
ME: Final[Example] = {
    "id": OLGA,
    "email": "olga@contoso.example",
    "name": "Olga",
    "language": "en",
    "time_zone": "Europe/Berlin",
    "addresses": ["olga@contoso.example"],
    "organizations": [
        {
            "id": CONTOSO,
            "name": "Contoso",
            "slug": "contoso",
            "origin": "https://contoso.example.com",
            "roles": ["user"],
            "guest": False,
        }
    ],
}
PERSON: Final[Example] = {
    "id": MAX,
    "email": "max@contoso.example",
    "name": "Max",
    "roles": ["user"],
    "guest": False,
    "disabled": False,
    "invited": False,
    "since": "2026-06-01T08:00:00Z",
    "addresses": [{"address": "max@contoso.example", "proven": True}],
}
OWN_ADDRESS: Final[Example] = {
    "address": "olga@home.example",
    "main": False,
    "proven_by": "person",
    "proven_at": "2026-06-02T08:00:00Z",
    "signs_in": True,
    "organization": "",
    "code_until": None,
}
RECIPIENT: Final[Example] = {
    "who": RITA["who"],
    "name": "",
    "listed": "policy",
    "group": False,
    "access": "no",
    "reason": Reason.REVOKED_FOR_YOU.value,
    "message": str(WORDS[Reason.REVOKED_FOR_YOU].owner),
    "rights": [],
    "level": None,
    "through": [],
    "since": "2026-11-25T09:00:00Z",
    "until": None,
    "ended_at": "2026-11-29T09:00:00Z",
    "ended_by": "olga@contoso.example",
    "taken": {"address": "rita@fabrikam.example", "at": "2026-11-29T09:00:00Z"},
    "opened": 2,
    "last_opened": "2026-11-28T09:00:00Z",
    "refused": 1,
    "last_refused": "2026-11-29T09:30:00Z",
    "by_code": False,
    "last_from": "203.0.113.7",
    "kept_until": "2026-12-05T09:00:00Z",
    "done": [{"action": "printed", "allowed": 2, "refused": 0}],
}
SHARED: Final[Example] = {
    "cid": PLAN,
    "title": "plan.pdf",
    "organization": {"id": CONTOSO, "name": "Contoso", "origin": "https://contoso.example.com"},
    "owner": "olga@contoso.example",
    "rights": VIEWER,
    "level": "viewer",
    "until": "2026-12-31T23:00:00Z",
    "reason": "",
    "message": "",
    "first_opened": "2026-11-28T09:00:00Z",
    "last_opened": "2026-11-29T09:00:00Z",
    "page": f"https://contoso.example.com/documents/{PLAN}/access/",
}
SCHEDULED: Final[Example] = {
    "id": "5b1d2c3e-4f60-4a71-8b92-0c1d2e3f4a5b",
    "document": PLAN,
    "title": "Offer.pdf",
    "owner": "olga@contoso.example",
    "recipient": "rita@fabrikam.example",
    "at": "2026-12-31T23:00:00Z",
    "reason": "",
    "message": "The offer has ended.",
    "successor": None,
    "issuer_too": False,
    "set_by": "olga@contoso.example",
}
SETTINGS: Final[Example] = {
    "name": "Contoso",
    "suite": "hybrid",
    "max_license_days": 30,
    "lease_seconds": None,
    "registration_days": 90,
    "keep_titles": True,
    "tracking": "named",
    "untracked_group": "",
    "account_required": False,
    "owners_restore": False,
    "contact": "ada@contoso.example",
    "alarm_address": "",
    "strength": "",
    "networks": [],
    "times": [],
    "protectors": [],
    "protectors_on": [],
    "protecting_off": [],
    "platforms_off": [],
    "browser_idle_minutes": 480,
    "browser_hours": 24,
    "program_idle_days": 0,
    "program_days": 0,
}
NEW_TEMPLATE: Final[Example] = {
    "names": {"en": "Read only, all employees"},
    "descriptions": {"en": "All members of Contoso may read."},
    "policy": {"grants": [{"who": f"organization:{CONTOSO}", "rights": ["viewer"]}]},
}
TEMPLATE: Final[Example] = {
    **NEW_TEMPLATE,
    "id": "0f4e0b9c-8d2e-4b7a-9c55-0c7a3c1f2e10",
    "status": "published",
    "version": 3,
    "name": "Read only, all employees",
    "description": "All members of Contoso may read.",
    "policy": policy({"who": f"organization:{CONTOSO}", "rights": VIEWER}),
    "expiry_option": "never",
    "expires": None,
    "expires_after_days": None,
    "scope": [],
    "offered_to_legacy": True,
    "is_default": False,
    "changed_at": "2026-11-25T09:00:00Z",
}
