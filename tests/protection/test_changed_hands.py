"""Grants that nobody used, when the mail domain of their address changes hands (decision 20)."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F

from chancery.policy.policy import parse_policy
from chancery.sdk.results import Protected
from protection.models import Content, ContentChange, TemplateVersion
from protection.services.create_template import create_template
from protection.services.publish_template import publish_template
from protection.services.template_draft import TemplateDraft
from tenants.context import in_organization
from tenants.directory.errors import DomainRefused
from tenants.directory.members import Member
from tenants.directory.models import FormerDomainOwner, Person
from tenants.directory.selectors.people import holder_of
from tenants.directory.services.change_group import change_group
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_person import create_person
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.prove_domain import prove_domain
from tenants.directory.services.release_domain import release_domain
from tests.cast import ACTOR, Cast, Player
from tests.protection.steps import MAX, call, ledger, protect, refusal, rights
from tests.protection.test_editors import actor_of


@dataclass
class Domain:
    """A mail domain that organizations own one after another, and its Nina of the day."""

    cast: Cast
    name: str = field(default_factory=lambda: f"d{uuid4().hex[:8]}.example")

    @property
    def nina(self) -> str:
        return f"nina@{self.name}"

    def owned_by(self, slug: str) -> None:
        organization = self.cast.organizations[slug].id
        text = claim_domain(organization_id=organization, domain=self.name, actor=ACTOR)
        prove_domain(organization_id=organization, domain=self.name, text_records=lambda _: [text], actor=ACTOR)

    def given_up_by(self, slug: str) -> None:
        release_domain(organization_id=self.cast.organizations[slug].id, domain=self.name, actor=ACTOR)

    def person(self, slug: str) -> Player:
        organization = self.cast.organizations[slug].id
        made = create_person(organization_id=organization, address=self.nina, name="Nina", actor=ACTOR)
        return self.cast.enroll(f"nina-{uuid4().hex[:8]}", made.id, self.nina)

    def long_ago(self, shared: Protected) -> None:
        """Let what was granted be an hour old: the moments of a test lie within one second."""
        with in_organization(self.cast.organizations["contoso"].id):
            an_hour = timedelta(hours=1)
            Content.objects.filter(cid=shared.cid).update(published_at=F("published_at") - an_hour)
            ContentChange.objects.filter(content_id=shared.cid).update(at=F("at") - an_hour)


@pytest.fixture
def domain(cast: Cast) -> Domain:
    made = Domain(cast)
    made.owned_by("fabrikam")
    return made


def changes_hands(domain: Domain, *, longer: timedelta = timedelta(seconds=2)) -> Player:
    """Return the Nina of the next owner."""
    domain.given_up_by("fabrikam")
    domain.owned_by("hostile")
    # What is granted within the same second counts as granted before.
    FormerDomainOwner.objects.filter(domain=domain.name).update(ended_at=F("ended_at") - longer)
    return domain.person("hostile")


def test_an_unused_grant_is_not_for_the_next_owner_of_the_domain(cast: Cast, domain: Domain, plan: Path) -> None:
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW", f"{MAX}:VIEW")
    domain.long_ago(shared)
    nina = changes_hands(domain)
    refused = refusal(nina, shared.path)
    assert refused.reason == "not_granted"
    assert "hands" not in f"{refused.message} {refused.next_step}", "nobody learns what another holder was given"
    assert rights(cast.max, shared.path) == {"VIEW"}
    (event, *_) = ledger(cast, "contoso", "content.opened", cid=shared.cid, outcome="refused")
    assert event.reason == "domain_changed_hands"


def test_the_owner_sees_why_and_may_give_access_again(cast: Cast, domain: Domain, plan: Path) -> None:
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW")
    domain.long_ago(shared)
    nina = changes_hands(domain)
    listed = call(cast.olga, "contoso", "GET", f"documents/{shared.cid}/recipients").json()["results"]
    (row,) = [one for one in listed if one["who"] == f"address:{domain.nina}"]
    assert (row["access"], row["reason"]) == ("no", "domain_changed_hands")
    asked = call(cast.olga, "contoso", "GET", f"documents/{shared.cid}/why?who={domain.nina}&right=VIEW").json()
    assert not asked["allowed"]
    refusal(nina, shared.path)
    policy = {"grants": [{"who": f"address:{MAX}", "rights": ["VIEW"]}]}
    assert call(cast.olga, "contoso", "PUT", f"documents/{shared.cid}/policy", {"policy": policy}).status_code == 200
    policy["grants"].append({"who": f"address:{domain.nina}", "rights": ["VIEW"]})
    assert call(cast.olga, "contoso", "PUT", f"documents/{shared.cid}/policy", {"policy": policy}).status_code == 200
    assert rights(nina, shared.path) == {"VIEW"}


def test_changing_something_else_does_not_renew_an_old_grant(cast: Cast, domain: Domain, plan: Path) -> None:
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW")
    domain.long_ago(shared)
    nina = changes_hands(domain)
    grants = [{"who": f"address:{who}", "rights": ["VIEW"]} for who in (domain.nina, MAX)]
    call(cast.olga, "contoso", "PUT", f"documents/{shared.cid}/policy", {"policy": {"grants": grants}})
    assert rights(cast.max, shared.path) == {"VIEW"}
    assert refusal(nina, shared.path).reason == "not_granted"


def test_a_grant_to_the_whole_domain_or_to_a_group_address_is_not_for_the_next_owner(
    cast: Cast, domain: Domain, plan: Path
) -> None:
    team = f"team@{domain.name}"
    by_domain = protect(cast.olga, plan, f"domain:{domain.name}:VIEW")
    by_group = protect(cast.olga, plan, f"{team}:VIEW")
    for shared in (by_domain, by_group):
        domain.long_ago(shared)
    nina = changes_hands(domain)
    create_group(
        organization_id=cast.organizations["hostile"].id,
        address=team,
        name="Team",
        members=[Member(person_id=nina.id)],
        actor=ACTOR,
    )
    for shared in (by_domain, by_group):
        assert refusal(nina, shared.path).reason == "not_granted"
    assert rights(nina, protect(cast.olga, plan, f"domain:{domain.name}:VIEW").path) == {"VIEW"}
    assert rights(nina, protect(cast.olga, plan, f"{team}:VIEW").path) == {"VIEW"}


def test_proving_the_domain_again_does_not_make_its_next_owner_the_first_one(
    cast: Cast, domain: Domain, plan: Path
) -> None:
    """The next owner gives the domain up and proves it again: it is still not the one whose people were meant."""
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW", f"domain:{domain.name}:VIEW")
    domain.long_ago(shared)
    domain.given_up_by("fabrikam")
    for _ in range(2):
        domain.owned_by("hostile")
        domain.given_up_by("hostile")
    domain.owned_by("hostile")
    assert refusal(domain.person("hostile"), shared.path).reason == "not_granted"


def test_an_address_in_a_group_does_not_mean_the_next_owner_s_person(cast: Cast, domain: Domain, plan: Path) -> None:
    contoso, address = cast.organizations["contoso"].id, f"partners-{uuid4().hex[:6]}@contoso.example"
    member = Member(address=domain.nina)
    partners = create_group(organization_id=contoso, address=address, name="Partners", members=[member], actor=ACTOR)
    shared = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    denied = protect(cast.olga, plan, "authenticated:VIEW", deny=(address,), offline_days=0)
    assert rights(domain.person("fabrikam"), shared.path) == {"VIEW"}
    nina = changes_hands(domain, longer=timedelta())
    assert refusal(nina, shared.path).reason == "not_granted"
    refusal(nina, denied.path)  # What is denied to the group is never weakened.
    for change in ({"remove": [member]}, {"add": [member]}):
        change_group(organization_id=contoso, group_id=partners.id, **change, actor=ACTOR)  # type: ignore[arg-type]
    assert rights(nina, shared.path) == {"VIEW"}, "added again, the address means whoever has it now"


def test_the_same_owner_s_people_are_in_the_group_again(cast: Cast, domain: Domain, plan: Path) -> None:
    contoso, address = cast.organizations["contoso"].id, f"partners-{uuid4().hex[:6]}@contoso.example"
    member = Member(address=domain.nina)
    create_group(organization_id=contoso, address=address, name="Partners", members=[member], actor=ACTOR)
    shared = protect(cast.olga, plan, f"{address}:VIEW", offline_days=0)
    domain.given_up_by("fabrikam")
    domain.owned_by("fabrikam")
    assert rights(domain.person("fabrikam"), shared.path) == {"VIEW"}


def test_who_left_gets_nothing_back_by_joining_the_next_owner_of_the_domain(
    cast: Cast, domain: Domain, plan: Path
) -> None:
    """They are a member there under an address of another domain; what they had used was granted to Fabrikam's Nina."""
    nina, other = domain.person("fabrikam"), Domain(cast)
    prove_address(person_id=nina.id, address=f"{nina.id.hex}@home.example", actor=ACTOR)
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW", offline_days=0)
    assert rights(nina, shared.path) == {"VIEW"}
    stated = {"confirm": domain.nina, "reason": "left"}
    assert call(cast.rita, "fabrikam", "POST", f"people/{nina.id}/removal", stated).status_code == 200
    domain.given_up_by("fabrikam")
    domain.owned_by("hostile")
    other.owned_by("hostile")
    prove_address(person_id=nina.id, address=other.nina, actor=ACTOR)
    joined = cast.enroll(f"nina-{uuid4().hex[:8]}", nina.id, other.nina)
    assert refusal(joined, shared.path).reason == "not_granted"


@pytest.mark.parametrize("way", ["by the organization", "by the mailbox", "as a group"])
def test_what_is_made_while_a_domain_changes_hands_is_made_before_or_after(
    cast: Cast, domain: Domain, way: str
) -> None:
    """A domain that is given up meanwhile is given up once that is committed, with what was made by it."""
    fabrikam = cast.organizations["fabrikam"].id
    made, goes_on = threading.Event(), threading.Event()
    stranger = Person.objects.create(email=domain.nina, name="Nina")

    def make() -> None:
        if way == "as a group":
            create_group(organization_id=fabrikam, address=domain.nina, name="Nina", actor=ACTOR)
        elif way == "by the mailbox":
            prove_address(person_id=stranger.id, address=domain.nina, actor=ACTOR)
        else:
            create_person(organization_id=fabrikam, address=domain.nina, name="Nina", actor=ACTOR)

    def slowly() -> None:
        with transaction.atomic():
            make()
            made.set()
            goes_on.wait(10)

    def hand_over() -> None:
        domain.given_up_by("fabrikam")
        domain.owned_by("hostile")

    with ThreadPoolExecutor(2) as threads:
        making = threads.submit(closing, slowly)
        assert made.wait(10)
        handing_over = threads.submit(closing, hand_over)
        wait([handing_over], timeout=0.5)
        assert not handing_over.done()
        goes_on.set()
        making.result(10)
        if way == "as a group":
            with pytest.raises(DomainRefused):
                handing_over.result(10)
            return
        handing_over.result(10)
    assert holder_of(domain.nina) is None


def closing(act: Callable[[], None]) -> None:
    """Do something in a thread of its own, which has a connection of its own."""
    try:
        act()
    finally:
        connection.close()


def test_a_template_is_as_old_as_its_entry(cast: Cast, domain: Domain, plan: Path) -> None:
    with in_organization(cast.organizations["contoso"].id):
        draft = TemplateDraft(
            names={"en": f"Partners {uuid4().hex[:6]}"},
            descriptions={"en": "For partners"},
            policy=parse_policy({"grants": [{"who": f"address:{domain.nina}", "rights": ["VIEW"]}]}),
        )
        template = create_template(actor=actor_of(cast.ada), draft=draft)
        publish_template(actor=actor_of(cast.ada), template=template)
        TemplateVersion.objects.filter(template_id=template).update(made_at=F("made_at") - timedelta(hours=1))
    nina = changes_hands(domain)
    shared = protect(cast.olga, plan, template=str(template))
    assert refusal(nina, shared.path).reason == "not_granted"


def test_the_same_organization_proving_its_domain_again_loses_nothing(cast: Cast, domain: Domain, plan: Path) -> None:
    shared = protect(cast.olga, plan, f"{domain.nina}:VIEW")
    domain.long_ago(shared)
    domain.given_up_by("fabrikam")
    domain.owned_by("fabrikam")
    assert rights(domain.person("fabrikam"), shared.path) == {"VIEW"}


def test_a_grant_made_before_anybody_had_proven_the_domain_counts(cast: Cast, plan: Path) -> None:
    free = Domain(cast)
    shared = protect(cast.olga, plan, f"{free.nina}:VIEW")
    free.owned_by("fabrikam")
    assert rights(free.person("fabrikam"), shared.path) == {"VIEW"}
