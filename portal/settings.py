"""Django's settings, all of them derived from the environment (``portal/env.py``).

Nothing here asks which machine it runs on: the mode decides, ``embedded`` being the single-machine start and anything
else production.  Unsafe combinations are not repaired here but refused by the system checks in ``portal/checks.py``.
"""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from portal import env, locations

ROOT = Path(__file__).resolve().parent.parent

CHANCERY_MODE = env.text("CHANCERY_MODE")
CHANCERY_EMBEDDED = CHANCERY_MODE == "embedded"
CHANCERY_NAME = env.text("CHANCERY_NAME")
CHANCERY_DATA = (ROOT / env.text("CHANCERY_DATA")).resolve()
CHANCERY_OPEN_SIGNUP = CHANCERY_EMBEDDED or env.flag("CHANCERY_OPEN_SIGNUP")
CHANCERY_KEYRING = Path(env.text("CHANCERY_KEYRING") or CHANCERY_DATA / "keyring")
CHANCERY_BASE = locations.base(env.text("CHANCERY_BASE_URL"))
CHANCERY_BASE_URL = CHANCERY_BASE.origin
CHANCERY_ROOT_KEY = locations.root_key(env.secret("CHANCERY_ROOT_KEY"))
CHANCERY_DATABASE_ROLE = env.text("CHANCERY_DATABASE_ROLE")
CHANCERY_DNS_RESOLVERS = locations.resolvers(env.text("CHANCERY_DNS_RESOLVERS"))
CHANCERY_APPROVER_DAYS = env.number("CHANCERY_APPROVER_DAYS")
CHANCERY_LDAP_NETWORKS = env.text("CHANCERY_LDAP_NETWORKS")
CHANCERY_BROWSER_HOURS = max(1, env.number("CHANCERY_BROWSER_HOURS"))
CHANCERY_BROWSER_IDLE_MINUTES = max(5, env.number("CHANCERY_BROWSER_IDLE_MINUTES"))
CHANCERY_PROGRAM_DAYS = max(1, env.number("CHANCERY_PROGRAM_DAYS"))
CHANCERY_PROGRAM_IDLE_DAYS = max(1, env.number("CHANCERY_PROGRAM_IDLE_DAYS"))
CHANCERY_PROVISIONING_LEAST = env.number("CHANCERY_PROVISIONING_LEAST")
CHANCERY_PROVISIONING_PERCENT = env.number("CHANCERY_PROVISIONING_PERCENT")
CHANCERY_HOMES = env.flag("CHANCERY_HOMES")
CHANCERY_INDIVIDUALS = env.number("CHANCERY_INDIVIDUALS")
CHANCERY_PUBLIC_MAIL_DOMAINS = locations.mail_domains(env.text("CHANCERY_PUBLIC_MAIL_DOMAINS"))
CHANCERY_REQUESTS_PER_SECOND = max(1, env.number("CHANCERY_REQUESTS_PER_SECOND"))
CHANCERY_VIEWER_BYTES = env.number("CHANCERY_VIEWER_MEGABYTES") * 1024 * 1024
CHANCERY_SIGN_ON_PRIVATE_NETWORKS = env.flag("CHANCERY_SIGN_ON_PRIVATE_NETWORKS")
CHANCERY_TRUSTED_PROXIES = env.number("CHANCERY_TRUSTED_PROXIES")

SECRET_KEY = env.secret("CHANCERY_SECRET_KEY")
DEBUG = False
ALLOWED_HOSTS = ["*"]  # portal.middleware knows the hosts, own domains included, and answers 404 for any other.
ROOT_URLCONF = "portal.urls_organization"
PUBLIC_SCHEMA_URLCONF = "portal.urls_base"
WSGI_APPLICATION = "portal.wsgi.application"

SHARED_APPS = [
    "tenants.organizations",
    "tenants.directory",
    "tenants.connections",
    "tenants.sign_on",
    "tenants.directory_servers",
    "tenants.homes",
    "portal",
    "django_tenants",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "portal.static_files.CollectedFiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "allauth.idp.oidc",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "corsheaders",
    "heroicons",
    "django_cotton.apps.SimpleAppConfig",
]
TENANT_APPS = ["protection", "audit"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "organizations.Organization"
TENANT_DOMAIN_MODEL = "organizations.Host"
TENANT_LIMIT_SET_CALLS = True
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    *(["portal.middleware.CompressedFilesMiddleware"] if CHANCERY_EMBEDDED else []),
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.CorrelationMiddleware",
    "portal.middleware.HealthMiddleware",
    "portal.middleware.PrivateAnswersMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.wellformed.WellFormedMiddleware",
    "portal.middleware.OrganizationMiddleware",
    "portal.middleware.UnauthenticatedRequestsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "portal.fastpath.middleware.LicensingFastPath",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "portal.middleware.DependencyMiddleware",
    "portal.identity.sessions.SealedSessionMiddleware",
    "portal.middleware.HostBoundSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.identity.preferences.PreferencesMiddleware",
    "portal.web.errors.FormAddressMiddleware",
    "portal.identity.recent_sign_in.FreshSignInMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

_database = locations.database(env.secret("DATABASE_URL") or "postgresql:///chancery")
_connection_options = ["-c transaction_timeout=60s"]
if CHANCERY_DATABASE_ROLE:
    _connection_options.append(f"-c role={CHANCERY_DATABASE_ROLE}")
_pool = env.number("CHANCERY_DATABASE_POOL")
_database_options: dict[str, Any] = {
    "options": " ".join(_connection_options) if CHANCERY_DATABASE_ROLE else "",
    "connect_timeout": 2,
    # For ``tenants.backend.prepared`` alone: Django's own cursors prepare nothing.
    "prepare_threshold": 2,
}
if _pool:
    _database_options["pool"] = {"min_size": 1, "max_size": _pool, "timeout": 5}
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "tenants.backend",
        "NAME": _database.name,
        "USER": _database.user,
        "PASSWORD": _database.password,
        "HOST": _database.host,
        "PORT": _database.port,
        "CONN_MAX_AGE": 0 if _pool else 60,
        "CONN_HEALTH_CHECKS": not _pool,
        "OPTIONS": _database_options,
    }
}

_redis = env.secret("REDIS_URL") or "redis://localhost:6379/0"
CACHES = {
    # Codes, counters and everything else that must be the same in every process; without Redis it raises, and
    # whatever depends on it is refused rather than let through.
    "default": {
        "BACKEND": "portal.cache.SealedCache",
        "LOCATION": locations.cache_url(_redis, 1),
        "KEY_PREFIX": "chancery",
    }
}
CELERY_BROKER_URL = locations.broker_url(_redis, 0)

AUTH_USER_MODEL = "directory.Person"
# Only proven addresses are unique, and they are in a table of their own (docs/protocol.md P12).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/"

# Sessions live in the database alone: they survive the loss of Redis, and one indexed read is cheap.  A row holds the
# hash of the cookie and a sealed content, so that a dump signs nobody in.
SESSION_ENGINE = "portal.identity.sessions"
# A thousand new documents with all their objects in one license request; files never come here.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
SESSION_COOKIE_AGE = int(timedelta(hours=CHANCERY_BROWSER_HOURS).total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not CHANCERY_EMBEDDED
_cookie_prefix = "" if CHANCERY_EMBEDDED else "__Host-"
SESSION_COOKIE_NAME = f"{_cookie_prefix}chancery-session"
BROWSER_COOKIE_NAME = f"{_cookie_prefix}chancery-browser"
CSRF_COOKIE_NAME = f"{_cookie_prefix}chancery-csrf"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.identity.pages.refused_form"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 0 if CHANCERY_EMBEDDED else int(timedelta(days=365).total_seconds())
SECURE_HSTS_INCLUDE_SUBDOMAINS = not CHANCERY_EMBEDDED
SECURE_HSTS_PRELOAD = not CHANCERY_EMBEDDED
SECURE_SSL_REDIRECT = not CHANCERY_EMBEDDED
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CHANCERY_TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
# Pages at the base domain open and protect files of every organization; no other origin's scripts reach the API.
CORS_ALLOWED_ORIGINS = [CHANCERY_BASE_URL]
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_METHODS = ("GET", "POST")
CORS_ALLOW_HEADERS = ("accept", "accept-language", "authorization", "content-type", "chancery-proof")
CORS_PREFLIGHT_MAX_AGE = 600
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

ACCOUNT_ADAPTER = "portal.identity.adapters.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "portal.identity.forms.NormalLoginForm",
    "request_login_code": "portal.identity.forms.NormalCodeForm",
    "signup": "portal.identity.forms.EvenSignupForm",
    "reset_password": "portal.identity.forms.EnabledResetForm",
    "reset_password_from_key": "portal.identity.forms.NewPasswordForm",
    "change_password": "portal.identity.forms.OtherPasswordForm",
    "set_password": "portal.identity.forms.FirstPasswordForm",
    "reauthenticate": "portal.identity.forms.AgainForm",
    "confirm_login_code": "portal.identity.forms.MailedCodeForm",
    "confirm_email_verification_code": "portal.identity.forms.ProofForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "portal.identity.reset_links.BoundResetToken"  # noqa: S105 - a class
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = CHANCERY_BASE.scheme
SOCIALACCOUNT_ADAPTER = "portal.identity.adapters.SignOnAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
ALLAUTH_TRUSTED_PROXY_COUNT = CHANCERY_TRUSTED_PROXIES
MFA_ADAPTER = "portal.identity.adapters.StrengthAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "add_webauthn": "portal.identity.passkeys.PasskeyForm",
    "activate_totp": "portal.identity.forms.AppCodeForm",
    "authenticate": "portal.identity.forms.SecondStepForm",
    "reauthenticate": "portal.identity.forms.SecondStepAgainForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = CHANCERY_EMBEDDED
MFA_TOTP_ISSUER = CHANCERY_NAME
# Clocks of phones differ, and people type slowly: the code before and the one after count too (RFC 6238, 5.2).
MFA_TOTP_TOLERANCE = 1
USERSESSIONS_TRACK_ACTIVITY = False
IDP_OIDC_ADAPTER = "portal.identity.adapters.IssuerAdapter"
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 10 * 60
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = int(timedelta(days=CHANCERY_PROGRAM_IDLE_DAYS).total_seconds())
IDP_OIDC_ROTATE_REFRESH_TOKEN = True
IDP_OIDC_DEVICE_CODE_EXPIRES_IN = 10 * 60
IDP_OIDC_DEVICE_CODE_INTERVAL = 2
# One sign-in of a device looks at its code two or three times, and a whole office may have one address; of the codes
# there are 20^8, each good for ten minutes.
IDP_OIDC_RATE_LIMITS = {"device_user_code": "30/m/ip"}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.identity.bearer.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.identity.bearer.DenyByDefault"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["portal.wellformed.WellFormedJSONParser"],
    "EXCEPTION_HANDLER": "portal.api.errors.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "portal.api.openapi.NamedByView",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Chancery",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.fastpath.description.describe_fast_path",
        "portal.api.openapi.describe_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "EverywhereActEnum": "portal.usecases.everywhere.ACTS",
        "EverywhereStateEnum": "protection.selectors.everywhere.STATES",
        "HandOverStateEnum": "portal.api.hand_overs.STATES",
        "ReadPermissionKindEnum": "protection.selectors.read_permissions.KINDS",
        "ReviewKindEnum": "protection.services.reviews.KINDS",
        "ReviewStateEnum": "portal.api.reviews.STATES",
        "ApprovalStateEnum": "protection.selectors.approvals.STATES",
        "StateEnum": "portal.api.access_requests.STATES",
        "HoldEnum": "portal.api.rights.HOLDS",
        "PersonRoleEnum": "portal.api.people.PERSON_ROLES",
        "GivenRoleEnum": "portal.api.roles.CAN_BE_GIVEN",
        "StrengthEnum": "portal.api.policies.STRENGTHS",
        "SettingsStrengthEnum": "portal.api.administration.STRENGTHS",
        "DirectoryServerKindEnum": "portal.usecases.directory_servers.mapping.KINDS",
        "SignOnStateEnum": "portal.usecases.sign_on.settings.STATES",
    },
}

EMAIL_BACKEND = "portal.notifications.backend.NotificationBackend"
EMAIL_HOST = env.text("CHANCERY_MAIL_HOST")
EMAIL_PORT = env.number("CHANCERY_MAIL_PORT")
EMAIL_HOST_USER = env.text("CHANCERY_MAIL_USER")
EMAIL_HOST_PASSWORD = env.secret("CHANCERY_MAIL_PASSWORD")
EMAIL_USE_TLS = env.text("CHANCERY_MAIL_SECURITY") == "starttls"
EMAIL_USE_SSL = env.text("CHANCERY_MAIL_SECURITY") == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("CHANCERY_MAIL_FROM") or f"chancery@{CHANCERY_BASE.host}"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            # Turns <c-name> into templates/components/name.html; it finds the templates of applications, too.
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django_cotton.cotton_loader.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.i18n",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.installation",
                "portal.web.navigation.navigation",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django_cotton.templatetags.cotton",
                "portal.templatetags.charts",
                "portal.templatetags.languages",
                "portal.templatetags.lists",
                "portal.templatetags.navigation",
            ],
        },
    }
]
COTTON_DIR = "components"
# A component sees what it is given, and nothing of the page that it is on.
COTTON_ISOLATE_BY_DEFAULT = True
STATIC_URL = "/static/"
# In the embedded mode files are served from the checkout, so that nothing has to be collected before the first page.
STATIC_ROOT = None if CHANCERY_EMBEDDED else CHANCERY_DATA / "static"
BROWSER_PACKAGES = Path(sys.prefix) / "browser" / "node_modules"
PACKAGE_FOLDERS = {
    **{f"pdfjs/{part}": f"pdfjs-dist/{part}" for part in ("build", "web", "cmaps", "standard_fonts", "wasm")},
    "zipjs": "@zip.js/zip.js",
}
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [ROOT / "static"]
if BROWSER_PACKAGES.is_dir():
    STATICFILES_DIRS += [(name, BROWSER_PACKAGES / path) for name, path in PACKAGE_FOLDERS.items()]
WHITENOISE_USE_FINDERS = CHANCERY_EMBEDDED
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if CHANCERY_EMBEDDED
        else "portal.static_files.CollectedStorage"
    },
}
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # Each by its own name: people who look for theirs read no other.
LOCALE_PATHS = [ROOT / floor / "locale" for floor in ("portal", "protection", "tenants", "chancery")]
FORMAT_MODULE_PATH = "portal.formats"
LANGUAGE_COOKIE_NAME = f"{_cookie_prefix}chancery-language"
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = not CHANCERY_EMBEDDED, True, "Lax"
TIME_ZONE = "UTC"
USE_I18N = USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"correlation": {"()": "portal.request_facts.CorrelationFilter"}},
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {correlation} {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["correlation"]}},
    "root": {"handlers": ["console"], "level": env.text("CHANCERY_LOG_LEVEL")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # A line for each message would drown everything else: the sweeps alone send several a second.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
