"""The pages' addresses at the base domain."""

from django.urls import path

from portal.web import (
    browser_client,
    client,
    devices,
    handbook,
    opening,
    opening_by_code,
    operator,
    preferences,
    protecting,
    reference,
    start,
)

urlpatterns = [
    path("", start.start, name="base_home"),
    path("organizations/new/", start.organization_new, name="organization_new"),
    path("organizations/ready/", start.organization_ready, name="organization_ready"),
    path("devices/", devices.device_list, name="devices"),
    path("devices/code/", devices.device_code, name="device_code"),
    path("devices/<uuid:device_id>/revoke/", devices.device_revoke, name="device_revoke"),
    path("protect/", protecting.protect_page, name="protect"),
    path("protect/afresh/", protecting.afresh, name="protect_afresh"),
    path("client/", client.client, name="client"),
    path("client/<str:name>", client.client_package, name="client_package"),
    path("open/", opening.open_page, name="open"),
    path("open/afresh/", opening.afresh, name="open_afresh"),
    path("browser/token/", browser_client.token, name="browser_token"),
    path("open/code/", opening_by_code.ask, name="open_code"),
    path("open/code/enter/", opening_by_code.enter, name="open_code_enter"),
    path("open/code/token/", opening_by_code.token, name="open_code_token"),
    path("open/viewer/", opening.viewer, name="open_viewer"),
    path("accounts/preferences/", preferences.preferences, name="preferences"),
    path("operator/", operator.organizations, name="operator"),
    path("operator/mail/", operator.mail, name="operator_mail"),
    path("operator/mail/retry/", operator.mail_retry, name="operator_mail_retry_all"),
    path("operator/mail/<uuid:message_id>/retry/", operator.mail_retry, name="operator_mail_retry"),
    path("operator/mail/<uuid:message_id>/drop/", operator.mail_drop, name="operator_mail_drop"),
    path("operator/record/", operator.record, name="operator_record"),
    path("operator/health/", operator.parts, name="operator_health"),
    path("api/", reference.reference, name="api_reference"),
    path("handbook/", handbook.handbook, name="handbook"),
    path("handbook/rights/", handbook.rights, name="handbook_rights"),
    path("handbook/<slug:name>/", handbook.handbook, name="handbook_page"),
]
