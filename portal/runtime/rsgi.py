"""What granian runs: Django behind the intake."""

# Django is set up first: what follows imports models.
# isort: off
from portal.wsgi import application

# isort: on
from django.conf import settings

from portal.runtime.intake import Intake
from portal.runtime.pulse import Pulse
from portal.usecases.compare_ledgers import compare_ledgers

app = Intake(application, proxies=settings.CHANCERY_TRUSTED_PROXIES, pulse=Pulse(on_connect=compare_ledgers))
