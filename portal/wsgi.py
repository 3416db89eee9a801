"""The web application, served by granian; refuses to exist with unsafe settings."""

import os

from django.core.wsgi import get_wsgi_application

from portal.checks import refuse_unsafe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()
refuse_unsafe()
