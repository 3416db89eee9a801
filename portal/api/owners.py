"""Members for whom a document may be protected (promise C24)."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chancery.policy.permission import Permission
from portal.api.examples import OLGA, listed
from portal.api.framework import Answer, OrganizationView, page, page_answer
from portal.subjects.owners import owner_known_as, require_owner


class OwnerItem(Answer):
    """A member who may own documents."""

    id = serializers.UUIDField()
    address = serializers.CharField()


class Owners(OrganizationView):
    """The member with an address."""

    needs = {"GET": Permission.FILES_PROTECT_FOR_OTHERS}

    @extend_schema(
        summary="Find the member who is to own a document that you protect",
        parameters=[OpenApiParameter("address", str, required=True)],
        responses=page_answer("OwnerList", OwnerItem),
        examples=[OpenApiExample("Olga", listed({"id": OLGA, "address": "olga@contoso.example"}))],
    )
    def get(self, request: Request) -> Response:
        """Answer with this person, or with an empty list."""
        found = owner_known_as(self.organization.id, request.query_params.get("address", ""))
        if found is not None:
            application = self.caller.person if self.caller.is_application else None
            require_owner(self.organization.id, found, application=application)
        return page([] if found is None else [{"id": str(found.id), "address": found.address}])
