"""Addresses that pass from one person to another at the same company: what was meant for the first one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chancery.policy.policy import parse_policy
from protection.services.create_template import create_template
from protection.services.edit_template import edit_template
from protection.services.publish_template import publish_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.errors import AddressTaken
from tenants.directory.members import Member
from tenants.directory.models import Person
from tenants.directory.services.change_group import change_group
from tenants.directory.services.claim_address import claim_address
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.delete_group import delete_group
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.remove_address import remove_address
from tenants.directory.services.remove_person import remove_person
from tests.cast import ACTOR, Cast, Player
from tests.isolation.endpoints import Site
from tests.protection.steps import MAX, call, ledger, protect, refusal, rights
from tests.protection.test_editors import actor_of
from tests.protection.test_previews import by_who, draft, make_template, preview


@dataclass
class Desk:
    """An address at Fabrikam that one person after another has."""

    cast: Cast
    address: str

    @property
    def fabrikam(self) -> UUID:
        return self.cast.organizations["fabrikam"].id

    def taken(self) -> Player:
        made = create_person(organization_id=self.fabrikam, address=self.address, name="Nina", actor=ACTOR)
        return self.cast.enroll(f"nina-{uuid4().hex[:8]}", made.id, self.address)

    def passed_on(self, holder: Player) -> Player:
        """Return the next person with the address."""
        remove_person(organization_id=self.fabrikam, person_id=holder.id, reason="left", actor=ACTOR)
        return self.taken()


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return Desk(cast, f"desk-{uuid4().hex[:8]}@fabrikam.example")


@pytest.fixture
def partners(cast: Cast, desk: Desk) -> Callable[..., object]:
    """Contoso's group that names the address; returns how to change it."""
    contoso, group = cast.organizations["contoso"].id, f"partners-{uuid4().hex[:6]}@contoso.example"
    made = create_group(
        organization_id=contoso,
        address=group,
        name="Partners",
        members=[Member(address=desk.address)],
        actor=ACTOR,
    )

    def change(**how: object) -> object:
        return change_group(organization_id=contoso, group_id=made.id, **how, actor=ACTOR)  # type: ignore[arg-type]

    change.id, change.address = made.id, made.address  # type: ignore[attr-defined]
    return change


def test_another_organization_s_group_does_not_hold_the_successor(
    cast: Cast, desk: Desk, partners: Callable[..., object], plan: Path
) -> None:
    address = partners.address  # type: ignore[attr-defined]
    first = desk.taken()
    shared = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    denied = protect(cast.olga, plan, "authenticated:VIEW", deny=(address,), offline_days=0)
    assert rights(first, shared.path) == {"VIEW"}
    successor = desk.passed_on(first)
    assert refusal(successor, shared.path).reason == "not_granted"
    refusal(successor, denied.path)  # What is denied to the group is never weakened.
    shown = call(cast.ada, "contoso", "GET", f"groups/{partners.id}").json()  # type: ignore[attr-defined]
    assert [(one["address"], one["changed_hands"]) for one in shown["members"]] == [(desk.address, True)]
    page = Site(cast, {}).browser("contoso.localhost:8000", cast.ada)
    assert "Changed hands" in page.get(f"/groups/{partners.id}/").content.decode()  # type: ignore[attr-defined]
    for change in ({"remove": [Member(address=desk.address)]}, {"add": [Member(address=desk.address)]}):
        partners(**change)
    assert rights(successor, shared.path) == {"VIEW"}, "added again, the address means whoever has it now"
    shown = call(cast.ada, "contoso", "GET", f"groups/{partners.id}").json()  # type: ignore[attr-defined]
    assert [one["changed_hands"] for one in shown["members"]] == [False]


def test_a_grant_that_the_first_holder_never_used_is_not_for_the_successor(cast: Cast, desk: Desk, plan: Path) -> None:
    first = desk.taken()
    shared = protect(cast.olga, plan, f"{desk.address}:VIEW", f"{MAX}:VIEW", offline_days=0)
    successor = desk.passed_on(first)
    refused = refusal(successor, shared.path)
    assert refused.reason == "not_granted"
    assert "another person" not in f"{refused.message} {refused.next_step}", "nobody learns what others were given"
    (event, *_) = ledger(cast, "contoso", "content.opened", cid=shared.cid, outcome="refused")
    assert event.reason == "address_changed_hands"
    listed = call(cast.olga, "contoso", "GET", f"documents/{shared.cid}/recipients").json()["results"]
    (row,) = [one for one in listed if one["who"] == f"address:{desk.address}"]
    assert (row["access"], row["reason"]) == ("no", "address_changed_hands")
    later = protect(cast.olga, plan, f"{desk.address}:VIEW", offline_days=0)
    assert rights(successor, later.path) == {"VIEW"}


def test_a_new_version_of_a_template_means_nobody_else(cast: Cast, desk: Desk, plan: Path) -> None:
    """Each version resolves its addresses anew, so an old entry would find the successor."""
    first = desk.taken()
    with in_organization(cast.organizations["contoso"].id):
        draft = TemplateDraft(
            names={"en": f"Partners {uuid4().hex[:6]}"},
            descriptions={"en": "For partners"},
            policy=parse_policy({"grants": [{"who": f"address:{desk.address}", "rights": ["VIEW"]}]}),
        )
        template = create_template(actor=actor_of(cast.ada), draft=draft)
        publish_template(actor=actor_of(cast.ada), template=template)
    shared = protect(cast.olga, plan, template=str(template))
    assert rights(first, shared.path) == {"VIEW"}
    successor = desk.passed_on(first)
    with in_organization(cast.organizations["contoso"].id):
        other = TemplateDraft(names=draft.names, descriptions={"en": "For our partners"}, policy=draft.policy)
        edit_template(actor=actor_of(cast.ada), template=template, draft=other, based_on=1)
    assert refusal(successor, shared.path).reason == "not_granted"


def test_who_takes_a_private_address_back_loses_nothing(cast: Cast, desk: Desk, plan: Path) -> None:
    person, private = desk.taken(), f"{uuid4().hex[:8]}@home.example"
    prove_address(person_id=person.id, address=private, actor=ACTOR)
    shared = protect(cast.olga, plan, f"{private}:VIEW")
    remove_address(person_id=person.id, address=private, actor=ACTOR)
    assert refusal(person, shared.path).reason == "not_granted"
    prove_address(person_id=person.id, address=private, actor=ACTOR)
    assert rights(person, shared.path) == {"VIEW"}


def test_a_private_address_that_somebody_else_proves_brings_nothing(cast: Cast, desk: Desk, plan: Path) -> None:
    person, private = desk.taken(), f"{uuid4().hex[:8]}@home.example"
    prove_address(person_id=person.id, address=private, actor=ACTOR)
    shared = protect(cast.olga, plan, f"{private}:VIEW")
    remove_address(person_id=person.id, address=private, actor=ACTOR)
    prove_address(person_id=cast.max.id, address=private, actor=ACTOR)
    try:
        assert refusal(cast.max, shared.path).reason == "not_granted"
    finally:
        remove_address(person_id=cast.max.id, address=private, actor=ACTOR)


def test_the_address_of_a_group_is_nobody_s(cast: Cast, plan: Path) -> None:
    """Who reads the mail of a list, or adds a person under its address, is not what documents are shared with."""
    contoso, team = cast.organizations["contoso"].id, f"team-{uuid4().hex[:6]}@contoso.example"
    create_group(organization_id=contoso, address=team, name="Team", members=[Member(address=MAX)], actor=ACTOR)
    shared = protect(cast.olga, plan, f"{team}:VIEW", offline_days=0)
    with pytest.raises(AddressTaken):
        create_person(organization_id=contoso, address=team, name="Mallory", actor=ACTOR)
    with pytest.raises(AddressTaken):
        prove_address(person_id=Person.objects.create(email=team, name="Mallory").id, address=team, actor=ACTOR)
    added = call(cast.ada, "contoso", "POST", "people", {"email": team})
    assert added.status_code == 400, added.content
    assert rights(cast.max, shared.path) == {"VIEW"}


def test_what_was_meant_for_a_deleted_group_is_not_for_who_gets_its_address(cast: Cast, plan: Path) -> None:
    contoso, team = cast.organizations["contoso"].id, f"team-{uuid4().hex[:6]}@contoso.example"
    made = create_group(organization_id=contoso, address=team, name="Team", members=[Member(address=MAX)], actor=ACTOR)
    shared = protect(cast.olga, plan, f"{team}:VIEW", offline_days=0)
    delete_group(organization_id=contoso, group_id=made.id, named_by_a_denial=False, actor=ACTOR)
    person = create_person(organization_id=contoso, address=team, name="Nina", actor=ACTOR)
    nina = cast.enroll(f"nina-{uuid4().hex[:8]}", person.id, team)
    assert refusal(nina, shared.path).reason == "not_granted"


def test_what_was_meant_for_a_person_is_not_for_a_group_with_their_address(cast: Cast, plan: Path) -> None:
    contoso, desk = cast.organizations["contoso"].id, f"desk-{uuid4().hex[:6]}@contoso.example"
    person = create_person(organization_id=contoso, address=desk, name="Nina", actor=ACTOR)
    shared = protect(cast.olga, plan, f"{desk}:VIEW", offline_days=0)
    remove_person(organization_id=contoso, person_id=person.id, reason="left", actor=ACTOR)
    create_group(organization_id=contoso, address=desk, name="Desk", members=[Member(address=MAX)], actor=ACTOR)
    assert refusal(cast.max, shared.path).reason == "not_granted"


def test_previews_know_for_whom_an_entry_was_made(
    cast: Cast, desk: Desk, partners: Callable[..., object], plan: Path
) -> None:
    """The successor has nothing, so nothing is lost by taking it away; added anew, the entry is theirs."""
    first = desk.taken()
    named, empty = make_template(cast, (desk.address, ["VIEW"])), make_template(cast, (MAX, ["VIEW"]))
    for template in (named, empty):
        protect(cast.olga, plan, template=template)
    protect(cast.olga, plan, f"{partners.address}:VIEW")  # type: ignore[attr-defined]
    before = preview(cast, "template", named, draft((MAX, ["VIEW"])))["result"]
    assert desk.address in by_who(before["loses"])
    out = {"remove": [desk.address]}
    assert desk.address in by_who(preview(cast, "group", partners.id, out)["result"]["loses"])  # type: ignore[attr-defined]
    desk.passed_on(first)
    after = preview(cast, "template", named, draft((MAX, ["VIEW"])))["result"]
    assert desk.address not in by_who(after["loses"])
    assert MAX in by_who(after["gains"])
    assert desk.address not in by_who(preview(cast, "group", partners.id, out)["result"]["loses"])  # type: ignore[attr-defined]
    anew = preview(cast, "template", empty, draft((MAX, ["VIEW"]), (desk.address, ["VIEW"])))["result"]
    assert desk.address in by_who(anew["gains"])


def test_a_stranger_s_claim_keeps_no_group_from_being_made(cast: Cast) -> None:
    """Anybody can sign up with any address; what is not proven counts for nothing."""
    contoso, team = cast.organizations["contoso"].id, f"team-{uuid4().hex[:6]}@contoso.example"
    stranger = Person.objects.create(email=team, name="Mallory")
    claim_address(person_id=stranger.id, address=team)
    assert create_group(organization_id=contoso, address=team, name="Team", members=[], actor=ACTOR).address == team
    with pytest.raises(AddressTaken):
        prove_address(person_id=stranger.id, address=team, actor=ACTOR)
