"""The API's addresses at the base domain."""

from django.urls import path

from portal.api import (
    chosen,
    discovery,
    enrollments,
    individuals,
    lost_devices,
    me,
    merging,
    my_addresses,
    my_devices,
    my_sessions,
    shared,
    take_overs,
)

urlpatterns = [
    path("discovery", discovery.Discovery.as_view(), name="api_discovery"),
    path("statements/<uuid:organization_id>", discovery.Statement.as_view(), name="api_statement"),
    path("me", me.Me.as_view(), name="api_me"),
    path("me/addresses", my_addresses.MyAddresses.as_view(), name="api_my_addresses"),
    path("me/addresses/confirm", my_addresses.ConfirmMyAddress.as_view(), name="api_my_address_confirm"),
    path("me/addresses/remove", my_addresses.RemoveMyAddress.as_view(), name="api_my_address_remove"),
    path("me/addresses/main", my_addresses.MainMyAddress.as_view(), name="api_my_address_main"),
    path("me/merge-code", merging.MyMergeCode.as_view(), name="api_my_merge_code"),
    path("me/merge", merging.MergeAccounts.as_view(), name="api_my_merge"),
    path("me/sessions", my_sessions.MySessions.as_view(), name="api_my_sessions"),
    path("me/sessions/end-others", my_sessions.EndMyOtherSessions.as_view(), name="api_my_sessions_end_others"),
    path("me/sessions/<uuid:session_id>/end", my_sessions.EndMySession.as_view(), name="api_my_session_end"),
    path("organizations/start", individuals.StartOrganization.as_view(), name="api_organization_start"),
    path("organizations/end", individuals.EndOrganization.as_view(), name="api_organization_end"),
    path("organizations/<str:domain>/record", take_overs.RecordOfDomain.as_view(), name="api_take_over_record"),
    path("organizations/<str:domain>/announce", take_overs.AnnounceTakeOver.as_view(), name="api_take_over_announce"),
    path("organizations/<str:domain>/take-over", take_overs.TakeOver.as_view(), name="api_take_over"),
    path("organizations/<str:domain>/call-off", take_overs.CallOffTakeOver.as_view(), name="api_take_over_call_off"),
    path("devices", my_devices.Devices.as_view(), name="api_devices"),
    path("devices/chosen", chosen.ChosenDevices.as_view(), name="api_devices_chosen"),
    path("devices/<uuid:device_id>", my_devices.DeviceDetail.as_view(), name="api_device"),
    path("devices/<uuid:device_id>/certificate", my_devices.DeviceCertificate.as_view(), name="api_device_certificate"),
    path("devices/<uuid:device_id>/lost", lost_devices.DeviceLost.as_view(), name="api_device_lost"),
    path("loss-code/devices", lost_devices.DevicesByLossCode.as_view(), name="api_devices_by_loss_code"),
    path(
        "loss-code/devices/<uuid:device_id>/lost",
        lost_devices.DeviceLostByCode.as_view(),
        name="api_device_lost_by_code",
    ),
    path("shared", shared.Shared.as_view(), name="api_shared"),
    path("enrollments", enrollments.Enrollments.as_view(), name="api_enrollments"),
]
