"""Settings of every Faircut process, read from the environment.

Secrets and addresses have no default: a missing one stops the process with a sentence that says what to set.
`.env.sample` lists them all.
"""

import logging
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def required(name: str, purpose: str) -> str:
    """Return an environment variable, or stop with a sentence a newcomer can act on."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"Set {name} ({purpose}). `make demo` sets it by itself; .env.sample shows an example."
        )
    return str(value)


BASE_DIR = Path(__file__).resolve().parent.parent

# --- Who we are -------------------------------------------------------------------------------------------------------
# The demo's accounts and plain-HTTP cookies are allowed only where FAIRCUT_DEMO says so; `check --deploy` refuses it.
DEMO = env.bool("FAIRCUT_DEMO", default=False)
# For `make dev`: pages of errors show code and settings, so that nothing but the demo may have it.
DEBUG = DEMO and env.bool("FAIRCUT_DEBUG", default=False)
SECRET_KEY = required("FAIRCUT_SECRET_KEY", "a long random string that signs sessions")
ALLOWED_HOSTS = env.list("FAIRCUT_ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.list("FAIRCUT_TRUSTED_ORIGINS", default=[])
# Where links in e-mails lead that no click asked for: the first public address.
SITE_URL = CSRF_TRUSTED_ORIGINS[0] if CSRF_TRUSTED_ORIGINS else "http://localhost:8000"

INSTALLED_APPS = [
    "marketplace",
    "valuation",
    "payouts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_structlog",
    "pgtrigger",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.people.privacy.private_pages",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "marketplace.web.request_id.named_responses",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.people.access.navigation",
                "marketplace.web.demo_mail.mail_folder",
            ],
        },
    },
]

# --- PostgreSQL is the truth ------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url_config(required("FAIRCUT_DATABASE_URL", "the application role's PostgreSQL address"))
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60
# Migrations run as the owner of the tables; web and workers connect as this role, which may only append to the ledger.
DATABASE_APP_ROLE = env.str("FAIRCUT_DATABASE_APP_ROLE", default="faircut_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- The broker only carries hints ------------------------------------------------------------------------------------
CELERY_BROKER_URL = required("FAIRCUT_BROKER_URL", "the Valkey or Redis address")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 270
# Unacknowledged messages come back after the visibility timeout, which must exceed the hard limit, or long blocks start
# twice; kombu looks for them every `unacked_restore_interval` seconds (its default makes redelivery take minutes).
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 330,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# The id of a request travels with the tasks that it sends. A run has hundreds of hints: only their ends are logged.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
CELERY_BEAT_SCHEDULE = {
    "sweep-work": {"task": "valuation.sweep", "schedule": 5.0},
    "sweep-rounds": {"task": "payouts.sweep", "schedule": 5.0},
    "release-lines": {"task": "payouts.release_lines", "schedule": 60.0},
    "sweep-files": {"task": "marketplace.sweep_files", "schedule": 3600.0},
    "tell-ending-drafts": {"task": "marketplace.tell_ending_drafts", "schedule": 3600.0},
    "sweep-copies": {"task": "marketplace.sweep_copies", "schedule": 30.0},
    "sweep-notices": {"task": "marketplace.sweep_notices", "schedule": 30.0},
}
# A block's lease: another worker may take the block over when its holder has been silent for this long.
FAIRCUT_BLOCK_LEASE_SECONDS = env.int("FAIRCUT_BLOCK_LEASE_SECONDS", default=60)

# Shared by all web processes: sign-in attempts are counted, and one-time codes spent, whichever process answers.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CELERY_BROKER_URL,
        "KEY_PREFIX": "faircut",
        "OPTIONS": {"serializer": "marketplace.web.cache.JsonSerializer"},
    }
}

# --- Files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("FAIRCUT_STATIC_DIR", default=str(BASE_DIR / "staticfiles")))
# Uploads and frozen inputs. Never served over HTTP: no MEDIA_URL route exists.
S3_BUCKET = env.str("FAIRCUT_S3_BUCKET", default="")


def file_storage() -> dict[str, Any]:
    """Name the bucket where one is set (several machines), else a folder (one machine)."""
    if not S3_BUCKET:
        folder = required("FAIRCUT_STORAGE_DIR", "the folder for uploads and frozen inputs, or FAIRCUT_S3_BUCKET")
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    options = {
        "bucket_name": S3_BUCKET,
        "endpoint_url": env.str("FAIRCUT_S3_ENDPOINT_URL", default="") or None,
        "access_key": required("FAIRCUT_S3_ACCESS_KEY", "the access key of the bucket"),
        "secret_key": required("FAIRCUT_S3_SECRET_KEY", "the secret key of the bucket"),
        "region_name": env.str("FAIRCUT_S3_REGION", default="us-east-1"),
        # Servers of one's own answer under one host name, not under one for each bucket.
        "addressing_style": "path",
        # Two uploads of one name are two files: nothing that a row refers to is ever overwritten.
        "file_overwrite": False,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "marketplace.charts.plotly_files.PlotlyFinder",
]
STORAGES = {
    "default": file_storage(),
    "staticfiles": {"BACKEND": "marketplace.web.static_files.StaticFiles"},
}
FAIRCUT_UPLOAD_MAX_BYTES = env.int("FAIRCUT_UPLOAD_MAX_BYTES", default=50 * 1024 * 1024)
# What one organisation may upload in 24 hours: files, and files that became versions.
FAIRCUT_DRAFTS_PER_DAY = env.int("FAIRCUT_DRAFTS_PER_DAY", default=100)
FAIRCUT_VERSIONS_PER_DAY = env.int("FAIRCUT_VERSIONS_PER_DAY", default=50)
# Row-by-row contributions are kept per validation row and seller; this keeps a run in tens of megabytes.
FAIRCUT_VALIDATION_ROWS_MAX = env.int("FAIRCUT_VALIDATION_ROWS_MAX", default=50_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- People -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "marketplace.User"
AUTHENTICATION_BACKENDS = ["marketplace.people.sign_in.SignInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "marketplace.people.accounts_adapter.AccountsAdapter"
ACCOUNT_USER_DISPLAY = "marketplace.people.accounts_adapter.display_name"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_FORMS = {
    "signup": "marketplace.forms.accounts.SignUpForm",
    "login": "marketplace.forms.accounts.SignInForm",
    "change_password": "marketplace.forms.accounts.ChangePasswordForm",
    "reset_password": "marketplace.forms.accounts.ResetPasswordForm",
    "reset_password_from_key": "marketplace.forms.accounts.ResetPasswordKeyForm",
    "reauthenticate": "marketplace.forms.accounts.ReauthenticateForm",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Only in the browser that signed up; elsewhere the link confirms, and the person signs in.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Faircut"
MFA_ADAPTER = "marketplace.people.accounts_adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "marketplace.forms.accounts.SecondFactorForm",
    "reauthenticate": "marketplace.forms.accounts.SecondFactorAgainForm",
    "activate_totp": "marketplace.forms.accounts.AuthenticatorForm",
}
# One period to either side: clocks differ, and people type slowly.
MFA_TOTP_TOLERANCE = 1

# An invitation to act for an organisation is good for this long.
FAIRCUT_INVITATION_DAYS = 7
# After payout details change, nothing should be sent to the new ones for this long.
FAIRCUT_PROFILE_COOL_DOWN_HOURS = env.int("FAIRCUT_PROFILE_COOL_DOWN_HOURS", default=48)
# Whose account sellers are paid from, as the bank knows it; a payment file for the bank names it.
FAIRCUT_PAYER_NAME = env.str("FAIRCUT_PAYER_NAME", default="Faircut demo" if DEMO else "")
FAIRCUT_PAYER_IBAN = env.str("FAIRCUT_PAYER_IBAN", default="DE75512108001245126199" if DEMO else "")
FAIRCUT_PAYER_BIC = env.str("FAIRCUT_PAYER_BIC", default="")
# Whom sellers and buyers write to where a page says "the operator".
FAIRCUT_CONTACT = env.str("FAIRCUT_CONTACT", default="operators@faircut.example" if DEMO else "")

# Without a server mails are printed to the log; the demo writes them as files, so that its links can be followed.
vars().update(
    env.email_url("FAIRCUT_EMAIL_URL", default=f"filemail:///{BASE_DIR}/.faircut/mail" if DEMO else "consolemail://")
)
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = env.str("FAIRCUT_EMAIL_FROM", default="Faircut <no-reply@localhost>")
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Faircut: "

# --- HTTP hardening ---------------------------------------------------------------------------------------------------
# The demo speaks plain HTTP on localhost, where secure cookies would never arrive.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEMO
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEMO
# Behind this many reverse proxies: whose word on HTTPS is believed, and whose address is counted in rate limits.
PROXY_COUNT = env.int("FAIRCUT_PROXY_COUNT", default=1)
if PROXY_COUNT and not DEMO:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["payouts.api.v1.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["payouts.api.v1.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "payouts.api.v1.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Faircut",
    "DESCRIPTION": "Payout rounds, lines and exports for accounting systems.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

# --- Language, time, logs ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": _shared_processors,
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("FAIRCUT_LOG_LEVEL", default="INFO")},
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
