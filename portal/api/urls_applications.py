"""The API's addresses at an organization's host for its applications."""

from django.urls import path

from portal.api import application_credentials, applications

urlpatterns = [
    path("applications", applications.Applications.as_view(), name="api_applications"),
    path(
        "applications/<str:client_id>/disable",
        applications.DisableApplication.as_view(),
        name="api_application_disable",
    ),
    path("applications/<str:client_id>/code", applications.ApplicationCode.as_view(), name="api_application_code"),
    path(
        "applications/<str:client_id>/credentials",
        application_credentials.ApplicationCredentials.as_view(),
        name="api_application_credentials",
    ),
    path(
        "applications/<str:client_id>/keys",
        application_credentials.ApplicationKeys.as_view(),
        name="api_application_keys",
    ),
    path(
        "applications/<str:client_id>/credentials/<uuid:credential_id>/end",
        application_credentials.EndCredential.as_view(),
        name="api_application_credential_end",
    ),
]
