"""The addresses of SCIM at an organization's host (RFC 7644, section 3.2)."""

from django.urls import path

from portal.scim.entrance import scim

urlpatterns = [
    path("ServiceProviderConfig", scim, {"route": "config"}, name="scim_config"),
    path("ResourceTypes", scim, {"route": "resource_types"}, name="scim_resource_types"),
    path("ResourceTypes/<str:name>", scim, {"route": "resource_type"}, name="scim_resource_type"),
    path("Schemas", scim, {"route": "schemas"}, name="scim_schemas"),
    path("Schemas/<str:name>", scim, {"route": "schema"}, name="scim_schema"),
    path("Users", scim, {"route": "users"}, name="scim_users"),
    path("Users/.search", scim, {"route": "users_search"}, name="scim_users_search"),
    path("Users/<str:name>", scim, {"route": "user"}, name="scim_user"),
    path("Groups", scim, {"route": "groups"}, name="scim_groups"),
    path("Groups/.search", scim, {"route": "groups_search"}, name="scim_groups_search"),
    path("Groups/<str:name>", scim, {"route": "group"}, name="scim_group"),
    path("Bulk", scim, {"route": "bulk"}, name="scim_bulk"),
    path("Me", scim, {"route": "me"}, name="scim_me"),
    path(".search", scim, {"route": "search"}, name="scim_search"),
    path("", scim, {"route": "nothing"}, name="scim_root"),
    path("<path:name>", scim, {"route": "nothing"}, name="scim_nothing"),
]
