"""Everybody a policy can name, through the SDK and the real service."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from chancery.policy.policy import Conditions, Strength
from chancery.sdk.errors import Refused
from tenants.directory.members import Member
from tenants.directory.services.change_group import change_group
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.remove_address import remove_address
from tests.cast import ACTOR, Cast
from tests.protection.steps import MAX, RITA, confirmed, ledger, opening, protect, refusal, rights
from tests.second_address import give_address


@dataclass(frozen=True)
class Places:
    """The ids of both organizations."""

    contoso: UUID
    fabrikam: UUID
    hostile: UUID


@pytest.fixture
def places(cast: Cast) -> Places:
    return Places(*(cast.organizations[slug].id for slug in ("contoso", "fabrikam", "hostile")))


def group(organization: UUID, address: str, *members: Member) -> UUID:
    made = create_group(organization_id=organization, address=address, name=address, members=members, actor=ACTOR)
    return made.id


def test_an_address_of_another_organization(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW,PRINT").path
    assert rights(cast.rita, sealed) == {"VIEW", "PRINT"}
    assert refusal(cast.max, sealed).reason == "not_granted"


def test_a_group_of_ones_own_organization_and_the_groups_in_it(cast: Cast, plan: Path, places: Places) -> None:
    inner = group(places.contoso, "inner@contoso.example", Member(person_id=cast.max.id))
    group(places.contoso, "outer@contoso.example", Member(group_id=inner))
    sealed = protect(cast.olga, plan, "outer@contoso.example:EDIT,VIEW").path
    assert rights(cast.max, sealed) == {"VIEW", "EDIT"}
    assert refusal(cast.ada, sealed).reason == "not_granted"


def test_leaving_a_group_ends_access_at_the_next_request(cast: Cast, plan: Path, places: Places) -> None:
    team = group(places.contoso, "leaving@contoso.example", Member(person_id=cast.max.id))
    sealed = protect(cast.olga, plan, "leaving@contoso.example:VIEW", offline_days=0).path
    opening(cast.max, sealed)
    change_group(organization_id=places.contoso, group_id=team, remove=[Member(person_id=cast.max.id)], actor=ACTOR)
    assert refusal(cast.max, sealed).reason == "not_granted"


def test_a_partners_group_with_somebody_of_a_third_organization_in_it(cast: Cast, plan: Path, places: Places) -> None:
    members = Member(person_id=cast.rita.id), Member(address=MAX)
    group(places.fabrikam, "board@fabrikam.example", *members)
    sealed = protect(cast.olga, plan, "board@fabrikam.example:VIEW").path
    assert rights(cast.rita, sealed) == {"VIEW"}
    assert rights(cast.max, sealed) == {"VIEW"}
    assert refusal(cast.ada, sealed).reason == "not_granted"


def test_a_domain_means_members_of_the_organization_that_proved_it(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "domain:fabrikam.example:VIEW").path
    assert rights(cast.rita, sealed) == {"VIEW"}
    assert refusal(cast.max, sealed).reason == "not_granted"


def test_an_organization_means_its_members_and_not_its_guests(cast: Cast, plan: Path, places: Places) -> None:
    create_person(organization_id=places.contoso, address=RITA, guest=True, actor=ACTOR)
    sealed = protect(cast.olga, plan, f"organization:{places.contoso}:VIEW").path
    assert rights(cast.max, sealed) == {"VIEW"}
    assert refusal(cast.rita, sealed).reason == "not_granted"


def test_anybody_who_is_signed_in(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, "authenticated:VIEW").path
    assert rights(cast.rita, sealed) == rights(cast.mallory, sealed) == {"VIEW"}


def test_just_me_means_the_publisher_alone(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan).path
    assert "OWNER" in rights(cast.olga, sealed)
    for other in (cast.ada, cast.max, cast.rita):
        assert refusal(other, sealed).reason == "not_granted"


def test_a_denied_person_reads_the_same_as_one_who_was_never_granted(cast: Cast, plan: Path) -> None:
    denied = protect(cast.olga, plan, "domain:fabrikam.example:VIEW", deny=(RITA,))
    nobody = protect(cast.olga, plan)
    one, other = refusal(cast.rita, denied.path), refusal(cast.rita, nobody.path)
    assert (one.reason, one.message, one.next_step) == (other.reason, other.message, other.next_step)
    (event,) = ledger(cast, "contoso", "content.opened", cid=denied.cid)
    assert event.reason == "denied_by_entry", "the owner learns the true reason"


def test_an_unmet_condition_does_not_distinguish_a_denied_person_from_a_stranger(cast: Cast, plan: Path) -> None:
    shut = Conditions(not_after=1)
    denied = protect(cast.olga, plan, "domain:fabrikam.example:VIEW", deny=(RITA,), conditions=shut)
    nobody = protect(cast.olga, plan, conditions=shut)
    one, other = refusal(cast.rita, denied.path), refusal(cast.rita, nobody.path)
    assert one.reason == "condition_unmet"
    assert (one.reason, one.message, one.next_step) == (other.reason, other.message, other.next_step)
    (event,) = ledger(cast, "contoso", "content.opened", cid=denied.cid)
    assert event.reason == "denied_by_entry", "the owner learns the true reason"


def test_a_template_grants_what_it_says_to_whom_it_says(cast: Cast, plan: Path) -> None:
    template = cast.olga.session.own_organization().templates()[0]
    sealed = protect(cast.olga, plan, template=template["id"]).path
    assert "VIEW" in rights(cast.max, sealed)
    assert refusal(cast.rita, sealed).reason == "not_granted"


def test_a_refusal_names_the_owner_and_its_event(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan)
    refused = refusal(cast.rita, sealed.path)
    assert refused.contact == "olga@contoso.example"
    (event,) = ledger(cast, "contoso", "content.opened", cid=sealed.cid)
    assert str(event.id) == refused.event
    assert (event.outcome, event.reason) == ("refused", "not_granted")
    assert event.personal["addresses"] == [RITA]


def test_an_address_asserted_by_a_foreign_organization_matches_nothing(cast: Cast, plan: Path, places: Places) -> None:
    """Mallory's administrator writes a victim's address into her own directory, and nothing follows from it."""
    claimed = "treasurer@contoso.example"
    sealed = protect(cast.olga, plan, f"{claimed}:OWNER", "domain:contoso.example:VIEW")
    impostor = create_person(organization_id=places.hostile, address=claimed, actor=ACTOR)
    player = cast.enroll("impostor", impostor.id, impostor.email)
    assert refusal(player, sealed.path).reason == "not_granted"
    (event,) = ledger(cast, "contoso", "content.opened", cid=sealed.cid)
    assert (event.outcome, event.reason) == ("refused", "not_granted")


def test_a_reused_address_inherits_nothing(cast: Cast, plan: Path, places: Places) -> None:
    first = cast.join("intern", "contoso")
    sealed = protect(cast.olga, plan, "intern@contoso.example:VIEW", offline_days=0).path
    opening(first, sealed)
    give_address(places.contoso, first.id, "was-intern@contoso.example")
    remove_address(person_id=first.id, address="intern@contoso.example", actor=ACTOR, organization_id=places.contoso)
    second = create_person(organization_id=places.contoso, address="intern@contoso.example", actor=ACTOR)
    assert second.id != first.id
    player = cast.enroll("second intern", second.id, second.email)
    assert refusal(player, sealed).reason == "not_granted"


def test_a_condition_on_the_strength_of_the_sign_in(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"{RITA}:VIEW", offline_days=0)
    policy = {"grants": [{"who": RITA, "rights": ["VIEW"]}], "conditions": {"strength": Strength.MFA.value}}
    answer = confirmed(cast.olga, "contoso", "PUT", f"documents/{sealed.cid}/policy", {"policy": policy})
    assert answer.status_code == 200
    refused = refusal(cast.rita, sealed.path)
    assert refused.reason == "condition_unmet"
    assert "mfa" in refused.message


def test_a_group_that_does_not_exist_grants_nobody_anything(cast: Cast, plan: Path) -> None:
    sealed = protect(cast.olga, plan, f"nobody-{uuid4().hex[:6]}@contoso.example:OWNER").path
    with pytest.raises(Refused):
        opening(cast.max, sealed)
