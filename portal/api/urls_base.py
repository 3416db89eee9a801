"""The API's addresses at the base domain."""

from django.urls import path

from portal.api import base

urlpatterns = [
    path("discovery", base.Discovery.as_view(), name="api_discovery"),
    path("statements/<uuid:organization_id>", base.Statement.as_view(), name="api_statement"),
    path("me", base.Me.as_view(), name="api_me"),
    path("devices", base.Devices.as_view(), name="api_devices"),
    path("devices/<uuid:device_id>", base.DeviceDetail.as_view(), name="api_device"),
    path("devices/<uuid:device_id>/certificate", base.DeviceCertificate.as_view(), name="api_device_certificate"),
    path("enrollments", base.Enrollments.as_view(), name="api_enrollments"),
]
