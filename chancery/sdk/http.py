"""HTTP for the client: one pool, our own resolution of ``localhost``, problems turned into errors.

``*.localhost`` names the machine itself (RFC 6761 §6.3), but most systems' resolvers do not know that, so the client
connects to the loopback address and keeps the name in the Host header.
"""

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3

from chancery.objects.proof import WINDOW
from chancery.policy.reasons import reason_of_code
from chancery.sdk.errors import ClockWrong, NotSignedIn, Refused, RevocationNote, ServiceError, Unreachable
from chancery.sdk.routes import Routes
from chancery.sdk.timespan import in_words
from chancery.texts import joined, message

NOT_MODIFIED: Final = 304
_ASK_FOR_ROLE: Final = message("Ask an administrator of your organization for a role that may do this.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer; ``etag`` names the state it shows, and with ``If-None-Match`` asks for a newer one only."""

    members: Any
    status: int
    etag: str = ""

    @property
    def unchanged(self) -> bool:
        """Tell whether the state is still the one that the caller has named."""
        return self.status == NOT_MODIFIED


class Http:
    """Sends JSON and receives JSON; keeps connections for the life of the process."""

    def __init__(self, user_agent: str, *, language: str = "en") -> None:
        """Use this name towards the service, and ask it for answers in a language."""
        self._user_agent = user_agent
        self._language = language
        self._routes = Routes()
        self.ahead = 0.0
        """By how many seconds the clock of the service that answered last is ahead of this device's."""

    def close(self) -> None:
        """Close all connections."""
        self._routes.close()

    def check_clock(self) -> None:
        """Raise ClockWrong when this device's clock and the service's differ too much to prove or sign anything."""
        if abs(self.ahead) <= WINDOW:
            return
        difference = in_words(self.ahead)
        raise ClockWrong(
            message("This device's clock is {difference} behind the service's.", difference=difference)
            if self.ahead > 0
            else message("This device's clock is {difference} ahead of the service's.", difference=difference)
        )

    def send(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send a request and return the decoded answer, None for an empty one.

        Raises Refused, NotSignedIn, Unreachable or ServiceError.
        """
        return self.ask(method, url, body=body, headers=headers).members

    def ask(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and return the answer with what names its state.  Raises what ``send`` raises."""
        target, host = _reachable(url)
        full = {
            "User-Agent": self._user_agent,
            "Accept": "application/json",
            "Accept-Language": self._language,
            "Host": host,
            "X-Correlation-ID": str(uuid.uuid4()),
            **(headers or {}),
        }
        try:
            answer = self._routes.to(url).request(method, target, body=body, headers=full, redirect=False)
        except urllib3.exceptions.ProxyError as error:
            raise Unreachable(
                message("The proxy on the way to {host} does not answer.", host=host),
                remedy=message("Check HTTPS_PROXY and NO_PROXY, or the proxy settings of this computer."),
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(message("{host} does not answer.", host=host)) from error
        self.note_date(answer.headers.get("Date", ""))
        return Answer(decoded(answer.status, answer.data, host), answer.status, answer.headers.get("ETag", ""))

    def note_date(self, date: str) -> None:
        """Compare this device's clock with the one of an answer (its ``Date``, to the second)."""
        with suppress(ValueError, TypeError):
            self.ahead = parsedate_to_datetime(date).timestamp() - time.time()


def json_body(value: object) -> bytes:
    """Return the bytes of a JSON request body."""
    return json.dumps(value, separators=(",", ":")).encode()


def _reachable(url: str) -> tuple[str, str]:
    """Return the address to connect to and the Host header."""
    parts = urlsplit(url)
    name = (parts.hostname or "").lower()
    if name == "localhost" or name.endswith(".localhost"):
        port = f":{parts.port}" if parts.port else ""
        return parts._replace(netloc=f"127.0.0.1{port}").geturl(), parts.netloc
    return url, parts.netloc


def decoded(status: int, data: bytes, host: str) -> Any:
    """Return the JSON of a good answer, or raise the error that a bad one means."""
    try:
        members = json.loads(data) if data else None
    except ValueError:
        members = None
    if 200 <= status < 300 or status == NOT_MODIFIED:
        return members
    raise _error(status, members if isinstance(members, dict) else {}, host)


def _error(status: int, problem: Mapping[str, Any], host: str) -> Exception:
    """Turn a problem (RFC 9457) into the error that the caller handles."""
    code = str(problem.get("code") or problem.get("error") or "")
    detail = str(problem.get("detail") or problem.get("error_description") or problem.get("title") or "")
    remedy = str(problem.get("next_step") or "") or None
    if status == 401:
        return NotSignedIn(detail or message("{host} does not accept this sign-in.", host=host), remedy=remedy)
    reason = reason_of_code(code)
    if reason is not None:
        return Refused(
            detail or message("The service refused this."),
            reason=reason.value,
            remedy=remedy,
            contact=str(problem.get("contact") or ""),
            event=str(problem.get("event") or ""),
            note=RevocationNote.of(problem),
        )
    if status == 403:
        return Refused(
            detail or message("The service refused this."), reason=code or "forbidden", remedy=remedy or _ASK_FOR_ROLE
        )
    if status == 429 or status >= 500:
        return Unreachable(
            detail or message("{host} cannot answer at the moment ({status}).", host=host, status=status), remedy=remedy
        )
    named = [f"{name}: {_sentence(why)}" for name, why in dict(problem.get("errors") or {}).items()]
    if remedy is None and status == 400:
        remedy = message("Correct it and try again.")
    elif remedy is None and status == 409:
        remedy = ""  # What is there already, or was done meanwhile, is the whole message.
    elif remedy is None and problem.get("correlation_id"):
        remedy = message(
            "If you cannot see why, give your administrator this number: {number}", number=problem["correlation_id"]
        )
    said = detail or message("{host} answered {status}.", host=host, status=status)
    return ServiceError(
        joined((said, *named), " "),
        problem=code or str(status),
        status=status,
        remedy=remedy,
        members=problem,
    )


def _sentence(why: object) -> str:
    """Return what is wrong with one member of a request."""
    return " ".join(map(str, why)) if isinstance(why, list) else str(why)
