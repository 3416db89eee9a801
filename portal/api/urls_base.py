"""The API's addresses at the base domain."""

from django.urls import path

from portal.api import chosen, discovery, enrollments, me, my_addresses, my_devices, shared

urlpatterns = [
    path("discovery", discovery.Discovery.as_view(), name="api_discovery"),
    path("statements/<uuid:organization_id>", discovery.Statement.as_view(), name="api_statement"),
    path("me", me.Me.as_view(), name="api_me"),
    path("me/addresses", my_addresses.MyAddresses.as_view(), name="api_my_addresses"),
    path("me/addresses/confirm", my_addresses.ConfirmMyAddress.as_view(), name="api_my_address_confirm"),
    path("me/addresses/remove", my_addresses.RemoveMyAddress.as_view(), name="api_my_address_remove"),
    path("me/addresses/main", my_addresses.MainMyAddress.as_view(), name="api_my_address_main"),
    path("devices", my_devices.Devices.as_view(), name="api_devices"),
    path("devices/chosen", chosen.ChosenDevices.as_view(), name="api_devices_chosen"),
    path("devices/<uuid:device_id>", my_devices.DeviceDetail.as_view(), name="api_device"),
    path("devices/<uuid:device_id>/certificate", my_devices.DeviceCertificate.as_view(), name="api_device_certificate"),
    path("shared", shared.Shared.as_view(), name="api_shared"),
    path("enrollments", enrollments.Enrollments.as_view(), name="api_enrollments"),
]
