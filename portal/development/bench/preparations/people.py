"""An organization with people on enrolled devices and documents that they may open."""

import secrets
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from allauth.idp.oidc.models import Token
from django.conf import settings
from django.utils import timezone

from chancery.crypto.keys import EncryptionPrivateKey
from chancery.crypto.signatures import SigningKey
from chancery.crypto.suites import ED25519, MLKEM768_X25519
from chancery.objects.jws import b64
from chancery.policy.policy import Strength
from chancery.sdk import signin
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.options import ProtectOptions
from chancery.sdk.session import USER_AGENT, Session
from chancery.sealing.read import open_sealed
from portal.identity import clients
from portal.identity.strength import Authentication
from portal.identity.tokens import AUTHENTICATION, FAMILY, hash_of
from portal.usecases.organizations import create_organization
from tenants.actor import Actor
from tenants.directory.services.create_person import create_person
from tenants.directory.services.enroll_device import enroll_device
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code

BENCH = Actor(person_id=None, name="a bench", source="command")
LASTING = timedelta(hours=2)


def assemble(*, people: int, documents: int, folder: str) -> dict[str, Any]:
    """Found an organization, let one person protect documents, and give everybody a device and a token."""
    founded = create_organization(
        name="Bench",
        slug="bench",
        administrator="ada@bench.example",
        administrator_name="Ada",
        mail_domain="bench.example",
        actor=BENCH,
    )
    organization = founded.organization
    origin = organization.origin
    clients.ensure()
    home = Path(folder) / "client"
    with _session(home, founded.administrator.id) as session:
        everybody = f"organization:{organization.id}"
        readable = [_protected(session, Path(folder), f"{everybody}:VIEW") for _ in range(documents)]
        editable = [_protected(session, Path(folder), f"{everybody}:VIEW,EDIT") for _ in range(max(1, documents // 5))]
        private = _protected(session, Path(folder), "nobody@elsewhere.example:VIEW")
    callers = [_caller(organization.id, origin, number) for number in range(people)]
    return {
        "organization": str(organization.id),
        "schema": organization.schema_name,
        "origin": origin,
        "home": str(home),
        "callers": callers,
        "readable": readable,
        "editable": editable,
        "private": private,
        "administrator": str(founded.administrator.id),
        "auditor": _token(founded.administrator.id, origin),
    }


def _session(home: Path, person: UUID) -> Session:
    http = Http(USER_AGENT)
    kept = Home(home, use_key_ring=False)
    installation = signin.discover(http, settings.CHANCERY_BASE_URL)
    code = issue_enrollment_code(person_id=person, actor=BENCH)
    account = signin.enroll(kept, http, installation, signin.sign_in_by_code(http, installation, code))
    return Session(kept, account, http)


def _protected(session: Session, folder: Path, grant: str) -> dict[str, str]:
    """Protect a small file and return the digests by which a license for it is asked."""
    source = folder / f"{uuid.uuid4()}.txt"
    source.write_text("A document of the bench.\n", encoding="utf-8")
    done = session.protect(source, ProtectOptions(grants=(grant,)))
    with open_sealed(done.path) as file:
        asked = {"pl": b64(file.publishing_license.digest), "seal": b64(file.body_seal.digest)}
    source.unlink()
    done.path.unlink()
    return {**asked, "cid": str(done.cid)}


def _caller(organization: UUID, origin: str, number: int) -> dict[str, str]:
    person = create_person(
        organization_id=organization, address=f"person{number}@bench.example", name=f"Person {number}", actor=BENCH
    )
    signing, encryption = SigningKey.generate(ED25519), EncryptionPrivateKey.generate(MLKEM768_X25519)
    enroll_device(
        person_id=person.id,
        name="bench",
        platform="linux",
        signing_algorithm=ED25519.name,
        signing_key=signing.verify_key.raw,
        signing_key_id=signing.key_id,
        encryption_kem=MLKEM768_X25519.name,
        encryption_key=encryption.public.raw,
        actor=BENCH,
    )
    return {
        "algorithm": ED25519.name,
        "signing": b64(signing.private_bytes()),
        "token": _token(person.id, origin),
    }


def _token(person: UUID, origin: str) -> str:
    """Give out an access token that outlives the bench; the issuer's own end after ten minutes."""
    value = secrets.token_urlsafe(32)
    token = Token(
        type=Token.Type.ACCESS_TOKEN,
        hash=hash_of(value),
        client_id=clients.CLI,
        user_id=person,
        expires_at=timezone.now() + LASTING,
        data={
            FAMILY: str(uuid.uuid4()),
            AUTHENTICATION: Authentication(Strength.CODE, int(timezone.now().timestamp())).as_json(),
            "resources": [origin],
        },
    )
    token.set_scopes([clients.ACCESS])
    token.save()
    return value
