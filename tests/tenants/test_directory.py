"""People, addresses, groups, devices: who may say what about whom (docs/protocol.md P12)."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from allauth.idp.oidc.models import Client, Token
from django.db import connection
from django.test import TestCase
from django.utils import timezone

from chancery.policy.policy import Strength
from chancery.policy.subject import Subject
from portal.subjects.subject import subject_of
from tenants.context import in_organization
from tenants.directory.errors import (
    AddressTaken,
    CodeRefused,
    DirectoryRefused,
    DomainRefused,
    LastAdministrator,
    NotHere,
)
from tenants.directory.managers import OrganizationRequired
from tenants.directory.members import Member
from tenants.directory.models import Address, EnrollmentCode, Group, Membership, Person
from tenants.directory.selectors.devices import DeviceFacts
from tenants.directory.selectors.groups import group_in
from tenants.directory.selectors.people import PersonFacts, holder_of, names_of, people_in
from tenants.directory.selectors.subject import SubjectRow, subject_row
from tenants.directory.services.change_group import change_group
from tenants.directory.services.change_role import change_role
from tenants.directory.services.claim_address import claim_address
from tenants.directory.services.claim_domain import claim_domain
from tenants.directory.services.create_application import create_application
from tenants.directory.services.create_group import create_group
from tenants.directory.services.delete_group import delete_group
from tenants.directory.services.disable_application import disable_application
from tenants.directory.services.disable_person import disable_person
from tenants.directory.services.enable_person import enable_person
from tenants.directory.services.enroll_device import enroll_device
from tenants.directory.services.expire import expire
from tenants.directory.services.issue_enrollment_code import issue_enrollment_code
from tenants.directory.services.issue_sign_in_link import issue_sign_in_link
from tenants.directory.services.prove_address import prove_address
from tenants.directory.services.prove_domain import prove_domain
from tenants.directory.services.redeem_enrollment_code import redeem_enrollment_code
from tenants.directory.services.redeem_sign_in_link import redeem_sign_in_link
from tenants.directory.services.release_domain import release_domain
from tenants.directory.services.remove_address import remove_address
from tenants.directory.services.revoke_device import revoke_device
from tenants.directory.statements import EPOCH_SQL
from tenants.organizations.selectors import OrganizationFacts
from tenants.organizations.services.suspend_organization import suspend_organization
from tests.second_address import give_address
from tests.tenants import builders

ACTOR = builders.ACTOR


def enroll(person_id: UUID, name: str = "laptop") -> DeviceFacts:
    return enroll_device(
        person_id=person_id,
        name=name,
        platform="linux",
        signing_algorithm="EdDSA",
        signing_key=os.urandom(32),
        signing_key_id=os.urandom(32),
        encryption_kem="mlkem768-x25519",
        encryption_key=os.urandom(1216),
        actor=ACTOR,
    )


def row_of(person_id: UUID, organization_id: UUID, device_id: UUID | None = None) -> SubjectRow:
    row = subject_row(person_id, organization_id, device_id)
    assert row is not None
    return row


def subject_for(person_id: UUID, organization_id: UUID) -> Subject:
    return subject_of(row_of(person_id, organization_id), organization=organization_id, strength=Strength.PASSWORD)


def kinds(organization_id: UUID) -> list[str]:
    with in_organization(organization_id), connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM audit_event ORDER BY received_at")
        return [kind for (kind,) in cursor.fetchall()]


class DirectoryTest(TestCase):
    contoso: OrganizationFacts
    fabrikam: OrganizationFacts
    mallory: OrganizationFacts
    ada: PersonFacts
    olga: PersonFacts
    rita: PersonFacts

    @classmethod
    def setUpTestData(cls) -> None:
        cls.contoso = builders.organization("contoso", "contoso.example")
        cls.fabrikam = builders.organization("fabrikam", "fabrikam.example")
        cls.mallory = builders.organization("mallory")
        cls.ada = builders.person(cls.contoso.id, "ada@contoso.example", name="Ada", role="global_administrator")
        cls.olga = builders.person(cls.contoso.id, "olga@contoso.example", name="Olga")
        cls.rita = builders.person(cls.fabrikam.id, "rita@fabrikam.example", name="Rita")


class AddressTest(DirectoryTest):
    def test_the_organization_of_the_domain_vouches(self) -> None:
        assert holder_of("Olga@CONTOSO.example") == self.olga.id
        assert subject_for(self.olga.id, self.contoso.id).addresses == {"olga@contoso.example"}

    def test_an_address_asserted_by_a_foreign_organization_matches_nothing(self) -> None:
        false_ceo = builders.person(self.mallory.id, "ceo@fabrikam.example")
        subject = subject_for(false_ceo.id, self.mallory.id)
        assert subject.addresses == frozenset()
        assert subject.domains == frozenset()
        assert holder_of("ceo@fabrikam.example") is None

    def test_a_foreign_organization_only_gains_a_guest(self) -> None:
        guest = builders.person(self.mallory.id, "rita@fabrikam.example")
        assert guest.id == self.rita.id
        assert guest.guest

    def test_an_invitation_does_not_reveal_whether_the_person_exists(self) -> None:
        """Fabrikam vouches for Rita, who has a name and a second address; nobody@ is unknown to it."""
        give_address(self.fabrikam.id, self.rita.id, "r@fabrikam.example")
        here = self.mallory.id
        rita = builders.person(here, "r@fabrikam.example", name="Somebody")
        nobody = builders.person(here, "nobody@fabrikam.example", name="Somebody")
        assert rita.id == self.rita.id
        shown = [
            replace(one, id=UUID(int=0), email="", since=datetime.min.replace(tzinfo=UTC)) for one in (rita, nobody)
        ]
        assert shown[0] == shown[1]
        assert (rita.email, rita.name, rita.addresses) == ("r@fabrikam.example", "Somebody", ())
        found = {one.email for one in people_in(here)}
        assert {"r@fabrikam.example", "nobody@fabrikam.example"} <= found
        assert people_in(here, search="Rita") == ()
        assert people_in(here, search="rita@fabrikam.example") == ()
        assert names_of(here, [rita.id]) == {rita.id: "Somebody"}
        builders.own_domain(here, "evil.example")
        group = create_group(
            organization_id=here,
            address="all@evil.example",
            name="All",
            members=[Member(person_id=rita.id)],
            actor=ACTOR,
        )
        (member,) = group_in(here, group.id).members
        assert (member.label, member.address) == ("Somebody", "r@fabrikam.example")

    def test_a_person_proves_by_code_and_is_taken_into_the_domain_s_organization(self) -> None:
        eve = Person.objects.create(email="eve@fabrikam.example")
        claim_address(person_id=eve.id, address="eve@fabrikam.example")
        assert subject_for(eve.id, self.contoso.id).addresses == frozenset()
        prove_address(person_id=eve.id, address="eve@fabrikam.example", actor=ACTOR)
        assert Membership.objects.of_installation().get(person_id=eve.id).added_by == eve.id
        subject = subject_for(eve.id, self.contoso.id)
        assert subject.addresses == {"eve@fabrikam.example"}
        assert subject.domains == {"fabrikam.example"}
        assert "address.proven" in kinds(self.fabrikam.id)

    def test_a_proven_address_belongs_to_one_person(self) -> None:
        eve = Person.objects.create(email="eve@other.example")
        with pytest.raises(AddressTaken):
            prove_address(person_id=eve.id, address="rita@fabrikam.example", actor=ACTOR)

    def test_an_organization_alone_takes_its_addresses_from_its_people(self) -> None:
        give_address(self.contoso.id, self.olga.id, "o@contoso.example")
        with pytest.raises(DirectoryRefused, match=re.escape("managed by Contoso")):
            remove_address(person_id=self.olga.id, address="o@contoso.example", actor=ACTOR)
        remove_address(
            person_id=self.olga.id, address="o@contoso.example", actor=ACTOR, organization_id=self.contoso.id
        )
        with pytest.raises(DirectoryRefused):
            remove_address(person_id=self.olga.id, address="olga@contoso.example", actor=ACTOR)

    def test_a_domain_is_proven_by_its_text_only_and_only_once(self) -> None:
        claim_domain(organization_id=self.mallory.id, domain="contoso.example", actor=ACTOR)
        with pytest.raises(DomainRefused):
            prove_domain(
                organization_id=self.mallory.id, domain="contoso.example", text_records=lambda _d: ["x"], actor=ACTOR
            )
        text = claim_domain(organization_id=self.mallory.id, domain="evil.example", actor=ACTOR)
        with pytest.raises(DomainRefused):
            prove_domain(
                organization_id=self.mallory.id, domain="evil.example", text_records=lambda _d: [text[:-1]], actor=ACTOR
            )
        for public in ("gmail.com", "GMX.de"):
            with pytest.raises(DomainRefused):
                claim_domain(organization_id=self.mallory.id, domain=public, actor=ACTOR)

    def test_people_asserted_before_the_proof_become_proven(self) -> None:
        early = builders.person(self.mallory.id, "m@evil.example")
        assert holder_of("m@evil.example") is None
        builders.own_domain(self.mallory.id, "evil.example")
        assert holder_of("m@evil.example") == early.id
        release_domain(organization_id=self.mallory.id, domain="evil.example", actor=ACTOR)
        assert holder_of("m@evil.example") is None


class PeopleTest(DirectoryTest):
    def test_a_query_without_an_organization_is_impossible(self) -> None:
        for model in (Membership, Group):
            with pytest.raises(OrganizationRequired):
                model.objects.all()
            with pytest.raises(OrganizationRequired):
                model.objects.count()
            with pytest.raises(OrganizationRequired):
                model.objects.create()

    def test_lists_hold_values_of_one_organization(self) -> None:
        found = people_in(self.contoso.id)
        assert isinstance(found, tuple)
        assert [person.name for person in found] == ["Ada", "Olga"]
        assert [person.name for person in people_in(self.contoso.id, after="ada@contoso.example")] == ["Olga"]
        assert [person.name for person in people_in(self.contoso.id, search="OLG")] == ["Olga"]

    def test_disabling_ends_access_and_is_recorded(self) -> None:
        client = Client.objects.create(id="c", name="c")
        Token.objects.create(type="rt", hash="h", client=client, user_id=self.olga.id)
        before = row_of(self.olga.id, self.contoso.id).epoch
        assert disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=ACTOR)
        assert not disable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=ACTOR)
        assert not Token.objects.filter(user_id=self.olga.id).exists()
        assert not subject_for(self.olga.id, self.contoso.id).active
        assert not subject_for(self.olga.id, self.fabrikam.id).active, "her domain's organization said so"
        assert row_of(self.olga.id, self.contoso.id).epoch > before
        assert kinds(self.contoso.id).count("person.disabled") == 1
        enable_person(organization_id=self.contoso.id, person_id=self.olga.id, actor=ACTOR)
        assert subject_for(self.olga.id, self.contoso.id).active

    def test_an_inviting_organization_locks_nobody_out_of_others(self) -> None:
        builders.person(self.mallory.id, "rita@fabrikam.example")
        disable_person(organization_id=self.mallory.id, person_id=self.rita.id, actor=ACTOR)
        assert not subject_for(self.rita.id, self.mallory.id).active
        assert subject_for(self.rita.id, self.contoso.id).active

    def test_the_last_administrator_stays(self) -> None:
        with pytest.raises(LastAdministrator):
            change_role(organization_id=self.contoso.id, person_id=self.ada.id, role="user", actor=ACTOR)
        with pytest.raises(LastAdministrator):
            disable_person(organization_id=self.contoso.id, person_id=self.ada.id, actor=ACTOR)
        change_role(organization_id=self.contoso.id, person_id=self.olga.id, role="global_administrator", actor=ACTOR)
        assert change_role(organization_id=self.contoso.id, person_id=self.ada.id, role="auditor", actor=ACTOR)

    def test_a_stranger_is_not_here(self) -> None:
        with pytest.raises(NotHere):
            disable_person(organization_id=self.contoso.id, person_id=self.rita.id, actor=ACTOR)

    def test_a_guest_holds_no_role(self) -> None:
        builders.person(self.mallory.id, "rita@fabrikam.example")
        with pytest.raises(DirectoryRefused):
            change_role(organization_id=self.mallory.id, person_id=self.rita.id, role="auditor", actor=ACTOR)


class GroupTest(DirectoryTest):
    def group(self, address: str, *members: Member) -> UUID:
        made = create_group(
            organization_id=self.contoso.id, address=address, name=address, members=members, actor=ACTOR
        )
        return made.id

    def test_membership_is_transitive_and_by_proven_address(self) -> None:
        team = self.group("team@contoso.example", Member(person_id=self.olga.id))
        everyone = self.group("all@contoso.example", Member(group_id=team), Member(address="rita@fabrikam.example"))
        olga = row_of(self.olga.id, self.fabrikam.id)
        assert {group.address for group in olga.groups} == {"team@contoso.example", "all@contoso.example"}
        rita = row_of(self.rita.id, self.contoso.id)
        assert [group.id for group in rita.groups] == [everyone]
        assert self.contoso.id in rita.concerned

    def test_the_address_of_a_group_means_the_group(self) -> None:
        team = self.group("team@contoso.example", Member(person_id=self.olga.id))
        everyone = self.group("all@contoso.example", Member(address="TEAM@contoso.example"))
        assert [one.id for one in group_in(self.contoso.id, everyone).members] == [team]
        assert everyone in {group.id for group in row_of(self.olga.id, self.contoso.id).groups}
        with pytest.raises(DirectoryRefused):
            self.change(team, add=[Member(address="all@contoso.example")])
        self.change(everyone, remove=[Member(address="team@contoso.example")])
        assert group_in(self.contoso.id, everyone).members == ()

    def test_an_address_takes_out_the_person_who_holds_it(self) -> None:
        team = self.group("team@contoso.example", Member(person_id=self.olga.id))
        self.change(team, remove=[Member(address="olga@contoso.example")])
        assert group_in(self.contoso.id, team).members == ()

    def change(self, group: UUID, *, add: list[Member] | None = None, remove: list[Member] | None = None) -> None:
        change_group(organization_id=self.contoso.id, group_id=group, actor=ACTOR, add=add or (), remove=remove or ())

    def test_an_unproven_address_joins_no_group(self) -> None:
        self.group("board@contoso.example", Member(address="ceo@fabrikam.example"))
        false_ceo = builders.person(self.mallory.id, "ceo@fabrikam.example")
        assert row_of(false_ceo.id, self.contoso.id).groups == ()

    def test_circles_are_refused_and_would_end_anyway(self) -> None:
        first = self.group("first@contoso.example", Member(person_id=self.olga.id))
        second = self.group("second@contoso.example", Member(group_id=first))
        for member in (first, second):
            with pytest.raises(DirectoryRefused):
                change_group(
                    organization_id=self.contoso.id, group_id=first, add=[Member(group_id=member)], actor=ACTOR
                )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO directory_groupmember (organization_id, group_id, member_group_id) VALUES (%s, %s, %s)",
                [self.contoso.id, first, second],
            )
        assert len(row_of(self.olga.id, self.contoso.id).groups) == 2

    def test_a_group_needs_an_address_of_a_proven_domain(self) -> None:
        with pytest.raises(DomainRefused):
            create_group(organization_id=self.mallory.id, address="board@contoso.example", name="Board", actor=ACTOR)
        with pytest.raises(AddressTaken):
            self.group("olga@contoso.example")

    def test_members_come_from_the_organization(self) -> None:
        with pytest.raises(NotHere):
            self.group("x@contoso.example", Member(person_id=self.rita.id))
        theirs = create_group(organization_id=self.fabrikam.id, address="g@fabrikam.example", name="G", actor=ACTOR)
        with pytest.raises(NotHere):
            self.group("y@contoso.example", Member(group_id=theirs.id))

    def test_archived_groups_hold_nobody_and_denied_ones_cannot_be_deleted(self) -> None:
        team = self.group("team@contoso.example", Member(person_id=self.olga.id))
        with pytest.raises(DirectoryRefused):
            delete_group(organization_id=self.contoso.id, group_id=team, named_by_a_denial=True, actor=ACTOR)
        before = row_of(self.olga.id, self.contoso.id)
        change_group(organization_id=self.contoso.id, group_id=team, archived=True, actor=ACTOR)
        after = row_of(self.olga.id, self.contoso.id)
        assert [(group.id, group.live) for group in before.groups] == [(team, True)]
        assert [(group.id, group.live) for group in after.groups] == [(team, False)]
        assert after.epoch > before.epoch
        delete_group(organization_id=self.contoso.id, group_id=team, named_by_a_denial=False, actor=ACTOR)

    def test_what_an_archived_group_passes_on_gives_nothing(self) -> None:
        inner = self.group("inner@contoso.example", Member(person_id=self.olga.id))
        outer = self.group("outer@contoso.example", Member(group_id=inner))
        change_group(organization_id=self.contoso.id, group_id=inner, archived=True, actor=ACTOR)
        held = {group.id: group.live for group in row_of(self.olga.id, self.contoso.id).groups}
        assert held == {inner: False, outer: False}
        other = self.group("other@contoso.example", Member(person_id=self.olga.id))
        change_group(organization_id=self.contoso.id, group_id=outer, add=[Member(group_id=other)], actor=ACTOR)
        held = {group.id: group.live for group in row_of(self.olga.id, self.contoso.id).groups}
        assert held == {inner: False, outer: True, other: True}

    def test_the_recheck_gives_the_same_sum(self) -> None:
        row = row_of(self.rita.id, self.contoso.id)
        with connection.cursor() as cursor:
            cursor.execute(EPOCH_SQL, {"person": self.rita.id, "concerned": list(row.concerned)})
            assert cursor.fetchone()[0] == row.epoch


class DeviceTest(DirectoryTest):
    def test_a_device_is_enrolled_found_and_revoked(self) -> None:
        device = enroll(self.olga.id)
        row = row_of(self.olga.id, self.contoso.id, device.id)
        assert row.device is not None
        assert row.device.signing_key == device.signing_key
        assert len(row.device.feed_id) == 16
        assert not row.device.revoked
        revoked = revoke_device(person_id=self.olga.id, device_id=device.id, actor=ACTOR)
        again = revoke_device(person_id=self.olga.id, device_id=device.id, actor=ACTOR)
        assert revoked.revoked_at == again.revoked_at
        after = row_of(self.olga.id, self.contoso.id, device.id)
        assert after.device is not None
        assert after.device.revoked
        assert after.epoch > row.epoch
        assert kinds(self.contoso.id).count("device.revoked") == 1

    def test_somebody_else_s_device_is_not_found(self) -> None:
        device = enroll(self.olga.id)
        assert row_of(self.rita.id, self.contoso.id, device.id).device is None
        with pytest.raises(NotHere):
            revoke_device(person_id=self.rita.id, device_id=device.id, actor=ACTOR)

    def test_a_key_is_enrolled_once(self) -> None:
        device = enroll(self.olga.id)
        with pytest.raises(DirectoryRefused):
            enroll_device(
                person_id=self.rita.id, name="x", platform="linux", signing_algorithm="EdDSA",
                signing_key=device.signing_key, signing_key_id=device.signing_key_id,
                encryption_kem="x25519", encryption_key=b"x", actor=ACTOR,
            )  # fmt: skip


class OneTimeTest(DirectoryTest):
    def test_an_enrollment_code_works_once(self) -> None:
        code = issue_enrollment_code(person_id=self.olga.id, actor=ACTOR)
        assert code not in str(EnrollmentCode.objects.values_list())
        assert redeem_enrollment_code(code=code.lower().replace("-", " ")) == self.olga.id
        with pytest.raises(CodeRefused):
            redeem_enrollment_code(code=code)

    def test_an_enrollment_code_expires_and_is_replaced(self) -> None:
        old = issue_enrollment_code(person_id=self.olga.id, actor=ACTOR)
        new = issue_enrollment_code(person_id=self.olga.id, actor=ACTOR)
        with pytest.raises(CodeRefused):
            redeem_enrollment_code(code=old)
        EnrollmentCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(CodeRefused):
            redeem_enrollment_code(code=new)
        assert expire() == 1

    def test_a_sign_in_link_works_once(self) -> None:
        token = issue_sign_in_link(person_id=self.olga.id, goes_to="/x", actor=ACTOR)
        assert redeem_sign_in_link(token=token) == (self.olga.id, "/x")
        with pytest.raises(CodeRefused):
            redeem_sign_in_link(token=token)

    def test_a_disabled_person_s_code_is_worth_nothing(self) -> None:
        code = issue_enrollment_code(person_id=self.olga.id, actor=ACTOR)
        Person.objects.filter(id=self.olga.id).update(is_active=False)
        with pytest.raises(CodeRefused):
            redeem_enrollment_code(code=code)


class ApplicationTest(DirectoryTest):
    def test_an_application_is_a_person_with_a_client(self) -> None:
        made = create_application(organization_id=self.contoso.id, name="Indexer", roles=["connector"], actor=ACTOR)
        row = row_of(made.person_id, self.contoso.id)
        assert row.is_service
        assert Address.objects.filter(person_id=made.person_id).count() == 0
        disable_application(organization_id=self.contoso.id, client_id=made.client_id, actor=ACTOR)
        assert not Client.objects.filter(id=made.client_id).exists()
        assert not subject_for(made.person_id, self.contoso.id).active


class EpochTest(DirectoryTest):
    def moved(self, row: SubjectRow) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(EPOCH_SQL, {"person": row.person_id, "concerned": list(row.concerned)})
            return bool(cursor.fetchone()[0] != row.epoch)

    def test_a_group_of_an_unrelated_organization(self) -> None:
        for member in (Member(address="rita@fabrikam.example"), Member(person_id=self.olga.id)):
            person_id = member.person_id or self.rita.id
            asked = self.mallory.id
            before = row_of(person_id, asked)
            assert not self.moved(before)
            create_group(
                organization_id=self.contoso.id,
                address=f"g-{person_id.hex[:8]}@contoso.example",
                name="G",
                members=[member],
                actor=ACTOR,
            )
            assert self.moved(before)

    def test_a_domain_that_is_proven_by_somebody_new(self) -> None:
        eve = Person.objects.create(email="eve@new.example")
        prove_address(person_id=eve.id, address="eve@new.example", actor=ACTOR)
        before = row_of(eve.id, self.contoso.id)
        builders.own_domain(self.mallory.id, "new.example")
        assert self.moved(before)
        assert row_of(eve.id, self.contoso.id).domains == {"new.example"}

    def test_somebody_else_s_change_moves_nothing(self) -> None:
        before = row_of(self.rita.id, self.fabrikam.id)
        builders.person(self.contoso.id, "new@contoso.example")
        assert not self.moved(before)

    def test_suspension_moves(self) -> None:
        before = row_of(self.rita.id, self.contoso.id)
        suspend_organization(organization_id=self.contoso.id, reason="test", actor=ACTOR)
        assert self.moved(before)
