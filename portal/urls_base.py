"""What lives at the base domain: accounts, the issuer, sign-up of organizations, discovery, the operator's console."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from portal.api.schema import Schema
from portal.identity import pages
from portal.identity.issuer import authorization, device_authorization, device_code, revoke, token
from portal.identity.sign_on import realm

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("portal.web.urls_base")),
    path("signin/", pages.sign_in_here, name="signin"),
    path("signin/link/<str:token>/", pages.sign_in_link, name="signin_link"),
    path("language/", set_language, name="set_language"),
    path("outbox/", pages.outbox, name="outbox"),
    path("outbox/<str:name>/", pages.outbox_message, name="outbox_message"),
    path("api/v1/schema", Schema.as_view(), name="api_schema"),
    path("api/v1/", include("portal.api.urls_base")),
    # Addresses of connected mail domains are led to their providers before the account suite sees them.
    path("accounts/login/", realm.login, name="account_login"),
    path("accounts/login/code/", realm.request_login_code, name="account_request_login_code"),
    path("accounts/signup/", realm.signup, name="account_signup"),
    path("accounts/", include("allauth.urls")),
    # Ours are before the include, under the same paths, because each closes a hole of the page behind it.
    path("identity/o/device", device_authorization, name="issuer_device"),
    path("identity/o/authorize", authorization, name="issuer_authorize"),
    path("identity/o/api/token", token, name="issuer_token"),
    path("identity/o/api/revoke", revoke, name="issuer_revoke"),
    path("identity/o/api/device/code", device_code, name="issuer_device_code"),
    path("", include("allauth.idp.urls")),
]

handler400 = "portal.web.errors.bad_request"
handler403 = "portal.web.errors.not_permitted"
handler404 = "portal.web.errors.not_found"
handler500 = "portal.web.errors.failed"
