"""What granian runs: Django behind the intake."""

# Django is set up first: what follows imports models.
# isort: off
from portal.wsgi import application

# isort: on
from django.conf import settings

from portal.intake import Intake
from portal.operations.compare_ledgers import compare_ledgers
from portal.pulse import Pulse

app = Intake(application, proxies=settings.CHANCERY_TRUSTED_PROXIES, pulse=Pulse(on_connect=compare_ledgers))
