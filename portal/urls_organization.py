"""What lives at an organization's host."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from portal.api.schema import Schema
from portal.identity import organization_sign_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.web.urls")),
    path("api/v1/schema", Schema.as_view(), name="api_schema"),
    path("api/v1/", include("portal.api.urls_organization")),
    path("scim/v2/", include("portal.scim.urls")),
    path("language/", set_language, name="set_language"),
    path("signin/", organization_sign_in.begin, name="signin"),
    path("signin/callback/", organization_sign_in.finish, name="signin_callback"),
    path("signout/", organization_sign_in.sign_out, name="signout"),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.not_permitted"
handler404 = "portal.web.errors.not_found"
# The account suite looks here, whatever host was asked.
handler429 = "portal.web.errors.too_many"
handler500 = "portal.web.errors.failed"
