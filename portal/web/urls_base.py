"""The pages' addresses at the base domain."""

from django.urls import path

from portal.web import devices, handbook, preferences, reference, start

urlpatterns = [
    path("", start.start, name="base_home"),
    path("organizations/new/", start.organization_new, name="organization_new"),
    path("organizations/ready/", start.organization_ready, name="organization_ready"),
    path("devices/", devices.device_list, name="devices"),
    path("devices/code/", devices.device_code, name="device_code"),
    path("devices/<uuid:device_id>/revoke/", devices.device_revoke, name="device_revoke"),
    path("accounts/preferences/", preferences.preferences, name="preferences"),
    path("api/", reference.reference, name="api_reference"),
    path("handbook/", handbook.handbook, name="handbook"),
    path("handbook/rights/", handbook.rights, name="handbook_rights"),
    path("handbook/<slug:name>/", handbook.handbook, name="handbook_page"),
]
