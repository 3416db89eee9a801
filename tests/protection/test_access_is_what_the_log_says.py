"""Whatever people do in whatever order: who may open a document is what its events in the audit log say.

The machine changes a document, its owner, a group, people and the read permissions of an application, and replays what
was recorded.  Nothing but the log says who should have access; then everybody asks for a license, and the application
with each of its permissions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from audit.selectors.events import EventRow
from chancery.sdk.errors import NotSignedIn
from tests.cast import Cast, Player
from tests.protection.reading import PERMISSIONS, application_of
from tests.protection.steps import call, ledger, objects, protect

PEOPLE = ("olga", "max", "nina", "rita")
MAY_OWN = ("olga", "max")
LEAVES = ("max", "nina")


@dataclass
class ToldPermission:
    """What the log has told so far of one read permission; for whom it reads is Max, where it reads for people."""

    for_user: bool
    owner: str
    active: bool = False


@dataclass
class Told:
    """What the log has told so far of one document."""

    issuer: str = ""
    owner: str = ""
    handed_over: bool = False
    grants: set[str] = field(default_factory=set)
    denied: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    disabled: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    permissions: dict[str, ToldPermission] = field(default_factory=dict)
    group: str = ""

    def hear(self, event: EventRow) -> None:
        """Take in one event."""
        personal, kind = event.personal, event.kind
        if kind == "content.registered":
            self.issuer, self.owner = personal["issuer"], personal["owner"]
        if kind == "content.handed_over":
            self.owner, self.handed_over = personal["recipient"], True
        for change in personal.get("changes", ()):
            self._change(change)
        if kind == "content.revoked":
            self.revoked.add(personal.get("recipient", ""))
        if kind == "content.restored":
            self.revoked.discard(personal.get("recipient", ""))
        if kind == "person.disabled":
            self.disabled.update(personal["addresses"])
        if kind == "person.enabled":
            self.disabled.difference_update(personal["addresses"])
        if kind == "read_permission.asked":
            told = ToldPermission(event.details.get("for_user", False), personal.get("owner", ""))
            self.permissions[event.details["read_permission"]] = told
        if kind in {"read_permission.approved", "read_permission.withdrawn"}:
            self.permissions[event.details["read_permission"]].active = kind == "read_permission.approved"

    def _change(self, change: dict[str, Any]) -> None:
        if change["member"] == "members":
            self.members = self.members.union(change["added"]).difference(change["removed"])
        elif change["member"] in {"grants", "deny"}:
            place = self.grants if change["member"] == "grants" else self.denied
            who = str(change["who"]).removeprefix("address:")
            (place.discard if change["after"] is None else place.add)(who)

    def opens(self, address: str) -> bool:
        """Tell whether this person opens the document by what was told."""
        names = {address, *([self.group] if address in self.members else [])}
        if address in self.disabled:
            return False
        if address == self.issuer and not self.handed_over:
            return True
        if "" in self.revoked or names & self.revoked:
            return False
        if address == self.owner:
            return True
        return bool(names & self.grants) and not names & self.denied

    def reads(self, permission: str, person: str) -> bool:
        """Tell whether the application reads the document by a permission, which may be one to read for a person."""
        found = self.permissions[permission]
        if not found.active or found.owner not in {"", self.owner}:
            return False
        return self.opens(person) if found.for_user else "" not in self.revoked


class Machine(RuleBasedStateMachine):
    """One document of Olga's, for as long as one run."""

    cast: Cast
    plan: Path

    def __init__(self) -> None:
        super().__init__()
        cast, mark = self.cast, uuid4().hex[:6]
        self.players = {"olga": cast.olga, "rita": cast.rita, "ada": cast.ada}
        for name in LEAVES:
            player = cast.join(f"{name}{mark}", "contoso")
            self.players[name] = cast.enroll(name, player.id, player.address)
        self.players["hugo"] = cast.join(f"hugo{mark}", "contoso", role="global_administrator")
        self.search = application_of(cast, "contoso")
        self.waiting: list[str] = []
        self.approved: list[str] = []
        self.group = f"team{mark}@contoso.example"
        made = self.ask("ada", "POST", "groups", {"address": self.group, "name": "Team"})
        self.group_id = made["id"]
        self.before = {event.id for event in ledger(cast, "contoso")}
        self.sealed = protect(cast.olga, self.plan, offline_days=0)
        self.owner = "olga"
        self.disabled: set[str] = set()

    def ask(self, name: str, method: str, path: str, body: dict[str, Any]) -> Any:
        """Send a write, and confirm it where the service asks first."""
        answer = call(self.players[name], "contoso", method, path, body)
        if answer.status_code == 409 and answer.json()["code"] == "confirmation_required":
            stated = {**body, "confirm": answer.json()["confirm"], "reason": "A test"}
            answer = call(self.players[name], "contoso", method, path, stated)
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    def known(self, names: Iterable[str]) -> list[str]:
        return [self.group if name == "team" else self.players[name].address for name in names]

    @rule(
        granted=st.sets(st.sampled_from(("max", "nina", "rita", "team"))),
        denied=st.sets(st.sampled_from(("nina", "team"))),
    )
    def the_policy_changes(self, granted: set[str], denied: set[str]) -> None:
        grants = [{"who": f"address:{one}", "rights": ["VIEW"]} for one in self.known(sorted(granted))]
        policy = {"grants": grants, "deny": [f"address:{one}" for one in self.known(sorted(denied))], "offline_days": 0}
        self.ask(self.owner, "PUT", f"documents/{self.sealed.cid}/policy", {"policy": policy})

    @rule(whom=st.sampled_from(("", "max", "nina", "rita", "team")), back=st.booleans())
    def access_is_taken_or_given_back(self, whom: str, back: bool) -> None:
        recipient = {"recipient": self.known([whom])[0]} if whom else {}
        path = f"documents/{self.sealed.cid}/{'restore' if back else 'revoke'}"
        self.ask(self.owner, "POST", path, recipient)

    @rule(to=st.sampled_from(MAY_OWN))
    def it_is_handed_over(self, to: str) -> None:
        if to != self.owner and to not in self.disabled:
            body = {"to": self.players[to].address, "documents": [str(self.sealed.cid)]}
            self.ask(self.owner, "POST", "hand-overs", body)
            self.owner = to

    @rule(whom=st.sampled_from(LEAVES), inside=st.booleans())
    def the_group_changes(self, whom: str, inside: bool) -> None:
        body = {"add" if inside else "remove": [self.players[whom].address]}
        self.ask("ada", "PATCH", f"groups/{self.group_id}", body)

    @rule(whom=st.sampled_from(LEAVES))
    def a_person_is_disabled_or_enabled(self, whom: str) -> None:
        if whom == self.owner:
            return
        player, path = self.players[whom], f"people/{self.players[whom].id}"
        if whom not in self.disabled:
            self.ask("ada", "PATCH", path, {"disabled": True})
            self.disabled.add(whom)
            return
        self.ask("ada", "PATCH", path, {"disabled": False})
        # Their sign-ins have ended for good, so they come on another device.
        self.players[whom] = self.cast.enroll(f"{whom}{uuid4().hex[:6]}", player.id, player.address)
        self.disabled.discard(whom)

    @rule()
    def the_key_is_changed(self) -> None:
        self.ask("ada", "POST", "keys/rotate", {})

    @rule(kind=st.sampled_from(("all", "for_user")), owner=st.sampled_from(("", "olga", "max")))
    def a_read_permission_is_asked_for(self, kind: str, owner: str) -> None:
        if owner in self.disabled:
            return
        scope = {"owner": self.players[owner].address} if owner else {}
        body = {"application": self.search.address, "kind": kind, **scope}
        self.waiting.append(self.ask("ada", "POST", PERMISSIONS, body)["permission"])

    @precondition(lambda self: self.waiting)
    @rule()
    def a_read_permission_is_approved(self) -> None:
        permission = self.waiting.pop()
        self.ask("hugo", "POST", f"{PERMISSIONS}/{permission}/approve", {})
        self.approved.append(permission)

    @precondition(lambda self: self.approved)
    @rule()
    def a_read_permission_is_withdrawn(self) -> None:
        self.ask("hugo", "POST", f"{PERMISSIONS}/{self.approved.pop(0)}/withdraw", {})

    @invariant()
    def access_is_what_the_log_says(self) -> None:
        told = Told(group=self.group)
        for event in reversed(ledger(self.cast, "contoso")):
            if event.id not in self.before and event.content_id in {None, self.sealed.cid}:
                told.hear(event)
        expected = {name: told.opens(self.players[name].address) for name in PEOPLE}
        assert {name: self.opens(self.players[name]) for name in PEOPLE} == expected
        person = self.players["max"].address
        for permission, found in told.permissions.items():
            named = {"read_permission": permission, **({"for_person": person} if found.for_user else {})}
            assert self.opens(self.search, named) == told.reads(permission, person), (permission, found)

    def opens(self, player: Player, named: dict[str, str] | None = None) -> bool:
        asked = {**objects(self.sealed.path), **(named or {})}
        try:
            answer = call(player, "contoso", "POST", "licenses", asked)
        except NotSignedIn:
            return False
        assert answer.status_code in {200, 401, 403}, answer.content
        return answer.status_code == 200


def test_access_is_what_the_log_says(cast: Cast, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "cast", cast, raising=False)
    monkeypatch.setattr(Machine, "plan", plan, raising=False)
    # Without a database of examples, and without shrinking, which would take minutes.
    quick = settings(
        max_examples=8,
        stateful_step_count=12,
        phases=(Phase.generate,),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Machine, settings=quick)
