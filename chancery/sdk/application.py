"""An application: a program that signs in as itself and reads by a permission (docs/protocol.md P31).

import os
from pathlib import Path
from chancery import Application

with Application.sign_in("https://id.example.com", "svc-1f", os.environ["CHANCERY_CLIENT_SECRET"]) as application:
for reading in application.read_many(Path("archive").rglob("*.sealed"), permission="2"):
print(reading.path, reading.error or len(reading.content.stream.read()))
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from chancery.errors import NotFound
from chancery.sdk.account import Tokens, load
from chancery.sdk.batches import BATCH, Reading, read_many
from chancery.sdk.client_key import ClientKey
from chancery.sdk.errors import Misused, NotSignedIn
from chancery.sdk.home import Home
from chancery.sdk.http import Http
from chancery.sdk.named_access import NamedAccess
from chancery.sdk.organization import Organization
from chancery.sdk.session import USER_AGENT, Session
from chancery.sdk.signin import discover, enroll, sign_in_as_application
from chancery.sdk.stated import THIS_LIBRARY
from chancery.texts import message

PERMISSIONS: Final = "/api/v1/read-permissions"


class Application(Session):
    """What an application does beside all that a person does: read many files by a permission, and ask about people."""

    @classmethod
    def sign_in(
        cls, host: str, client_id: str, secret: str = "", *, key: Path | str | None = None, language: str = "en"
    ) -> Self:
        """Sign in by client id and secret, or by a private key; the device's own keys are made once and kept.

        ``key`` is the path of a PEM file, which is read for each sign-in, or its text.  Raises Misused and NotSignedIn.
        """
        if (key is None) == (not secret):
            raise Misused(message("Sign in by a secret or by a key: one of the two."))
        shown = ClientKey(secret=secret) if key is None else ClientKey.of(key)
        home, http = Home.default(), Http(USER_AGENT, language=language)
        try:
            account = load(home, host)
        except NotSignedIn:
            account = None
        if account is None or account.client_id != client_id:
            installation = replace(discover(http, host), client_id=client_id)
            account = enroll(home, http, installation, sign_in_as_application(http, installation, shown))
        else:
            Tokens(home, http, account.iss).start(refresh_token="", key=shown)
        session = cls(home, account, http, stated=THIS_LIBRARY)
        session.renew_certificate()
        return session

    def __enter__(self) -> Self:
        """Begin a block at whose end all connections are closed."""
        return self

    def permission(self, named: str) -> UUID:
        """Return the id of one of the application's own permissions, which is named by number or id.

        Raises NotFound.
        """
        return permission_named(self.own_organization(), named)

    def read_many(
        self, paths: Iterable[Path], *, permission: str | UUID, for_person: str = "", size: int = BATCH
    ) -> Iterator[Reading]:
        """Open sealed files in batches by a permission, for itself or for a person by address or id.

        Each has its content, to be read before the next one, or an error of its own.  Raises Refused where the
        permission is not valid, not any more, or not yet.
        """
        named = NamedAccess(read_permission=self._id(permission), for_person=for_person)
        session = Session(self.home, self.account, self._http, online=self.online, stated=self.stated)
        session.named = named
        yield from read_many(session, paths, size=size)

    def readable(self, documents: Sequence[UUID], *, permission: str | UUID, for_person: str) -> set[UUID]:
        """Return those of the documents that a person may read now; nothing is opened by asking.

        Raises Refused where the permission is not valid or does not include the person.
        """
        found: set[UUID] = set()
        place, path = self.own_organization(), f"{PERMISSIONS}/{self._id(permission)}/readable"
        enforces = self.stated.as_json()["enforces"]
        for start in range(0, len(documents), BATCH):
            asked = [str(cid) for cid in documents[start : start + BATCH]]
            body = {"for_person": for_person, "documents": asked, "enforces": enforces}
            found.update(UUID(cid) for cid in place.call("POST", path, body)["documents"])
        return found

    def _id(self, permission: str | UUID) -> UUID:
        return permission if isinstance(permission, UUID) else self.permission(permission)


def permission_named(place: Organization, named: str) -> UUID:
    """Return the id of a read permission that is named by number or id.  Raises NotFound."""
    try:
        return UUID(named)
    except ValueError:
        pass
    found = next((one for one in place.each(PERMISSIONS) if str(one["number"]) == named.removeprefix("#")), None)
    if found is None:
        raise NotFound(
            message("There is no read permission {name} that you may see.", name=named),
            remedy=message("See: chancery read-permission list"),
        )
    return UUID(found["id"])
