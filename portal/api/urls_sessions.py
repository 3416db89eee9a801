"""The API's addresses at an organization's host for what its people are signed in with."""

from django.urls import path

from portal.api import lost_devices, person_sessions

urlpatterns = [
    path("people/<uuid:person_id>/loss-code", lost_devices.PersonLossCode.as_view(), name="api_person_loss_code"),
    path("people/<uuid:person_id>/sessions", person_sessions.PersonSessions.as_view(), name="api_person_sessions"),
    path(
        "people/<uuid:person_id>/sessions/end-all",
        person_sessions.EndPersonSessions.as_view(),
        name="api_person_sessions_end",
    ),
    path(
        "people/<uuid:person_id>/sessions/<uuid:session_id>/end",
        person_sessions.EndPersonSession.as_view(),
        name="api_person_session_end",
    ),
]
