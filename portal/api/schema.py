"""Where the API's OpenAPI description is served, and what it covers."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.permissions import AllowAny

# What the description covers: the calls at the base domain and those at an organization's host, as one.
urlpatterns = [
    path("api/v1/", include("portal.api.urls_base")),
    path("api/v1/", include("portal.api.urls_organization")),
]


class Schema(SpectacularJSONAPIView):
    """Serves the description; it says nothing that the handbook does not."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    urlconf = "portal.api.schema"
    schema = None
