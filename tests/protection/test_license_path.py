"""The modules that one license request runs through, as docs/architecture.md counts them."""

import sys
from pathlib import Path
from types import FrameType
from typing import Any

from django.test import Client

from chancery.objects.jws import b64
from chancery.sealing.read import open_sealed
from portal.runtime.bootstrap.environment import ROOT
from tests.cast import Cast
from tests.protection.steps import opening, origin_of, proof_for, protect, token_of

SERVICE, LIBRARY = 19, 21
"""What docs/architecture.md says; a module more on this path is a decision, and the page says so then."""


def test_one_license_request_runs_through_few_modules(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "rita@fabrikam.example:VIEW")
    opening(cast.rita, sealed.path)
    with open_sealed(sealed.path) as file:
        body = f'{{"pl": "{b64(file.publishing_license.digest)}", "seal": "{b64(file.body_seal.digest)}"}}'.encode()
    origin, path, client = origin_of("contoso"), "/api/v1/licenses", Client()
    token, seen = token_of(cast.rita, "contoso"), set[str]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        # Middleware is made once for each process, and a test client is one.
        if event == "call" and frame.f_code.co_name not in {"__init__", "<module>"}:
            seen.add(frame.f_code.co_filename)

    for profile in (None, note):
        headers = {
            "Host": "contoso.localhost:8000",
            "Authorization": f"Bearer {token}",
            "Chancery-Proof": proof_for(cast.rita, "POST", origin + path, token, body),
        }
        sys.setprofile(profile)
        try:
            answer = client.generic("POST", path, data=body, content_type="application/json", headers=headers)
        finally:
            sys.setprofile(None)
        assert answer.status_code == 200

    inside = [Path(one).relative_to(ROOT).parts[0] for one in seen if one.startswith(f"{ROOT}/")]
    service = [one for one in inside if one in {"portal", "tenants", "protection", "audit"}]
    assert (len(service), inside.count("chancery")) == (SERVICE, LIBRARY)
