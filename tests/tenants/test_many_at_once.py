"""What changes many groups at once does to each what the service for one does, and leaves out what is to be weighed."""

from typing import Any
from uuid import UUID, uuid4

from django.test import TestCase

from audit.selectors.events import Filter, events
from tenants.context import in_organization
from tenants.directory.errors import NotHere
from tenants.directory.members import Member
from tenants.directory.models import Group, Person, Revocation
from tenants.directory.selectors.groups import group_in
from tenants.directory.services.change_group import change_group
from tenants.directory.services.change_members import MembersChange, change_members
from tenants.directory.services.create_group import create_group
from tenants.directory.services.create_groups import create_groups
from tenants.directory.services.give_role import give_role
from tenants.directory.services.remove_person import remove_person
from tests.tenants import builders
from tests.tenants.builders import ACTOR


def events_of(organization: UUID, kind: str, title: str) -> list[tuple[Any, Any]]:
    """Return what the events of a kind say about one group, the newest first."""
    with in_organization(organization):
        rows = events(filter=Filter(kinds=(kind,)), limit=50).events
    return [(one.personal["changes"], one.details) for one in rows if one.personal and one.personal["title"] == title]


class ManyAtOnceTest(TestCase):
    """One organization with three people and a few groups."""

    def setUp(self) -> None:
        self.firm = builders.organization("contoso", "contoso.example").id
        self.people = [builders.person(self.firm, f"{name}@contoso.example") for name in ("ada", "bob", "cem")]
        self.ada, self.bob, self.cem = (one.id for one in self.people)
        self.one, self.other = self.group("one"), self.group("other")

    def group(self, name: str, *members: Member) -> UUID:
        return create_group(
            organization_id=self.firm, address=f"{name}@contoso.example", name=name, members=members, actor=ACTOR
        ).id

    def change(self, *changes: MembersChange) -> set[UUID]:
        return change_members(organization_id=self.firm, changes=changes, actor=ACTOR)

    def members(self, group: UUID) -> set[UUID | None]:
        return {one.id for one in group_in(self.firm, group).members}

    def test_each_group_changes_as_by_itself(self) -> None:
        people = [Member(person_id=one) for one in sorted([self.ada, self.bob])]
        change_group(organization_id=self.firm, group_id=self.other, add=people, actor=ACTOR)
        self.change(MembersChange(self.one, add=frozenset({self.ada, self.bob})))
        one, other = group_in(self.firm, self.one), group_in(self.firm, self.other)
        assert one.members == other.members
        assert one.version == other.version == 2
        said, as_one = (
            events_of(self.firm, "group.changed", one.address),
            events_of(self.firm, "group.changed", other.address),
        )
        assert [row[0] for row in said] == [row[0] for row in as_one]
        assert [{**row[1], "group": ""} for row in said] == [{**row[1], "group": ""} for row in as_one]

    def test_joining_and_leaving_is_revoked_and_decided_anew(self) -> None:
        outer = self.group("outer", Member(group_id=self.one))
        self.change(MembersChange(self.one, add=frozenset({self.ada})))
        epochs = dict(Person.objects.values_list("id", "epoch"))
        Revocation.objects.all().delete()
        self.change(
            MembersChange(self.one, add=frozenset({self.bob}), remove=frozenset({self.ada})),
            MembersChange(self.other, add=frozenset({self.cem})),
        )
        assert self.members(self.one) == {self.bob}
        assert self.members(self.other) == {self.cem}
        left, joined = Revocation.objects.order_by("joined")
        assert (left.people, set(left.groups)) == ([self.ada], {self.one, outer})
        assert (set(joined.people), set(joined.groups)) == ({self.bob, self.cem}, {self.one, outer, self.other})
        after = dict(Person.objects.values_list("id", "epoch"))
        assert all(after[one] == epochs[one] + 1 for one in (self.ada, self.bob, self.cem))

    def test_what_makes_no_difference_is_no_change(self) -> None:
        self.change(MembersChange(self.one, add=frozenset({self.ada})))
        Revocation.objects.all().delete()
        same = MembersChange(self.one, add=frozenset({self.ada}), remove=frozenset({self.bob}))
        assert self.change(same, MembersChange(self.other)) == {self.one, self.other}
        assert group_in(self.firm, self.one).version == 2
        assert len(events_of(self.firm, "group.changed", "one@contoso.example")) == 1
        assert not Revocation.objects.exists()

    def test_groups_that_give_a_role_are_left_out(self) -> None:
        keepers = self.group("keepers", Member(group_id=self.one))
        give_role(organization_id=self.firm, role="key_manager", group_id=keepers, actor=ACTOR)
        asked = [MembersChange(one, add=frozenset({self.ada})) for one in (self.one, keepers, self.other, uuid4())]
        assert self.change(*asked) == {self.other}
        assert self.members(self.one) == set()

    def test_groups_of_another_organization_are_left_out(self) -> None:
        stranger = builders.organization("fabrikam", "fabrikam.example").id
        assert change_members(organization_id=stranger, changes=[MembersChange(self.one)], actor=ACTOR) == set()

    def test_nobody_comes_in_who_is_no_member(self) -> None:
        remove_person(organization_id=self.firm, person_id=self.cem, reason="", actor=ACTOR)
        for stranger in (uuid4(), self.cem):
            with self.assertRaises(NotHere):
                self.change(MembersChange(self.one, add=frozenset({stranger})))

    def test_groups_are_made_where_nobody_has_the_address(self) -> None:
        builders.person(self.firm, "taken@contoso.example")
        wanted = {
            f"{name}@{domain}.example": name.title()
            for name, domain in (("new", "contoso"), ("one", "contoso"), ("taken", "contoso"), ("far", "fabrikam"))
        }
        made = create_groups(organization_id=self.firm, groups=wanted, actor=ACTOR)
        assert made.keys() == {"new@contoso.example"}
        single = self.group("single")
        new = group_in(self.firm, made["new@contoso.example"])
        assert (new.name, new.version) == ("New", 1)
        assert not Group.objects.of_installation().filter(address="far@fabrikam.example").exists()
        as_one = [
            {**change, "after": "New"}
            for change in events_of(self.firm, "group.created", "single@contoso.example")[0][0]
        ]
        assert events_of(self.firm, "group.created", new.address)[0][0] == as_one
        assert group_in(self.firm, single).version == 1
