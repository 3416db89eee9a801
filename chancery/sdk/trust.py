"""The keys of one organization that this device believes, and where its requests go (docs/protocol.md P13, P14).

Both are in the organization's statement, which is kept for a day.  Keys change within that day.  So what is made with
a key that the kept statement does not list is judged only by a statement that was fetched after it was met.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from chancery.errors import ChanceryError, CompromisedKey, UntrustedKey
from chancery.objects.statement import OrganizationStatement
from chancery.objects.trust import Chain
from chancery.sdk.account import Service
from chancery.sdk.clock import TOLERANCE, Clock
from chancery.sdk.errors import Unreachable
from chancery.sdk.home import Home
from chancery.texts import message

CURRENT_SECONDS: Final = 5
"""How old the statement may be by which something is published while the service can be asked."""

_EARLY: Final = 3_600
_Checked = TypeVar("_Checked")


class Trust:
    """What is believed of one organization through one account."""

    def __init__(self, home: Home, service: Service, organization: UUID, clock: Clock, *, online: bool) -> None:
        """Keep the statement in ``home``; ``online`` false means that the network is not even tried."""
        self._home = home
        self._service = service
        self._organization = organization
        self._clock = clock
        self._online = online
        self._record = f"organizations/{service.account.scope}-{organization}-statement"
        self._statement: OrganizationStatement | None = None
        self._fetched = 0.0
        self._offered = ""
        self._is_offered = False

    def offer(self, statement: str) -> None:
        """Know a statement that came beside a file, not verified yet (decision 32).

        It counts where the service cannot be asked and this device keeps none that is newer, and only for what is
        signed: requests never go to the places that it names.
        """
        self._offered = statement

    def origin(self) -> str:
        """Return where requests of the organization go.  Raises Unreachable where only an offered statement says it."""
        statement = self.statement()
        if self._is_offered:
            raise _unknown()
        return statement.origins[0]

    def statement(self) -> OrganizationStatement:
        """Return the organization's statement, verified under the pinned key; fetched when the kept one ends soon.

        Raises Unreachable when there is none.
        """
        if self._statement is None:
            self._statement = self._kept_or_fetched()
        return self._statement

    def current(self) -> OrganizationStatement:
        """Return a statement of the last seconds, unless the service is away: new files need the present keys."""
        found = self.statement()
        if self._online and not 0 <= time.time() - self._fetched < CURRENT_SECONDS:
            try:
                return self.fetch()
            except Unreachable:
                return found
        return found

    def token(self) -> str:
        """Return the organization's statement of this moment, signed.  Raises Unreachable."""
        self.fetch()
        return str((self._home.read(self._record) or {})["token"])

    def fetch(self) -> OrganizationStatement:
        """Fetch the statement anew and keep it; the kept one stays when that fails."""
        answer = self._service.call("GET", self._service.account.iss, f"/api/v1/statements/{self._organization}")
        self._service.check_clock()
        statement = self._verified_statement(answer["statement"], int(time.time()))
        if statement.org != self._organization:
            raise UntrustedKey(message("The installation answered with the statement of another organization."))
        self._fetched = time.time()
        self._home.write(self._record, {"token": answer["statement"], "until": statement.exp, "fetched": self._fetched})
        self._statement, self._is_offered = statement, False
        return statement

    def verified(self, check: Callable[[Chain], _Checked], *delegations: str) -> _Checked:
        """Return what ``check`` makes of the chain of trust with these delegations.

        A key that it does not know may be younger than the kept statement.  Then the statement is fetched anew, once,
        before anything is called untrusted.  Raises Unreachable when it cannot be: what is not known is not judged.
        """
        try:
            return check(self._chain(delegations))
        except CompromisedKey:
            raise
        except UntrustedKey as unknown:
            try:
                self._ask_again()
            except Unreachable:
                if self._took_offered():
                    return check(self._chain(delegations))
                raise Unreachable(
                    message(
                        "This was made with a key that this device does not know. The organization may have a new one."
                    ),
                    remedy=message("Connect to the service once, then try again."),
                ) from unknown
        return check(self._chain(delegations))

    def _ask_again(self) -> None:
        if not self._online:
            raise Unreachable(message("The service was not to be asked."))
        self.fetch()

    def _chain(self, delegations: Sequence[str]) -> Chain:
        chain = Chain.of(self.statement())
        for delegation in delegations:
            chain = chain.learn(delegation)
        return chain

    def _kept_or_fetched(self) -> OrganizationStatement:
        record, now = self._home.read(self._record), self._clock.now()
        if record is not None and record["until"] - _EARLY > now:
            kept = self._believed(record, now)
            if kept is not None:
                return kept
        if self._online:
            try:
                return self.fetch()
            except Unreachable:
                if record is None and not self._offered:
                    raise
        # Without the service the last word counts: what it vouches for ends by itself, certificates and licenses alike.
        self._statement = None if record is None else self._believed(record, min(now, record["until"] - 1))
        self._took_offered()
        if self._statement is None:
            raise _unknown()
        return self._statement

    def _took_offered(self) -> bool:
        """Believe the offered statement from now on, if it is newer than what is believed; tell whether it is."""
        try:
            # Its own end does not count, as that of a kept one does not: it may be the last word.
            offered = self._verified_statement(self._offered, 0)
        except ChanceryError:
            return False
        ahead = offered.iat > self._clock.now() + TOLERANCE
        older = self._statement is not None and offered.iat <= self._statement.iat
        if offered.org != self._organization or ahead or older:
            return False
        self._statement, self._is_offered = offered, True
        return True

    def _believed(self, record: dict[str, Any], now: int) -> OrganizationStatement | None:
        """Return a kept statement, or None for one that does not verify: it is as if there were none."""
        try:
            statement = self._verified_statement(record["token"], now)
        except ChanceryError:
            return None
        self._fetched = float(record.get("fetched", 0))
        return statement

    def _verified_statement(self, token: str, now: int) -> OrganizationStatement:
        account = self._service.account
        return OrganizationStatement.verify(token, pinned=account.installation_key, iss=account.iss, now=now)


def _unknown() -> Unreachable:
    return Unreachable(
        message("This organization is not known on this device yet."), remedy=message("Connect once, then try.")
    )
