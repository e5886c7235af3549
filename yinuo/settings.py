"""Django's settings. Everything that differs between machines is read from the environment:

YINUO_HOME           folder for data (default ./var): embedded database, evidence, static files, demo key
YINUO_PACK           the city's folder (default packs/jincheng)
DATABASE_URL         a PostgreSQL server instead of the embedded one
DATABASE_OWNER_URL   the role that makes tables there, for `yinuo migrate`
YINUO_DB_AS          "owner" connects as that role (set by `yinuo migrate`)
YINUO_PREPARE        "0" turns prepared statements off, for a pooler that cannot carry them
DEMO                 "0" for real work: then SECRET_KEY and ALLOWED_HOSTS must be set
SECRET_KEY, ALLOWED_HOSTS, CSRF_TRUSTED_ORIGINS, TRUST_PROXY, HSTS_SECONDS
EMAIL_HOST, EMAIL_PORT, EMAIL_USER, EMAIL_PASSWORD, EMAIL_TLS, EMAIL_FROM
DEBUG, LOG_LEVEL, YINUO_PLAIN_STATIC
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from yinuo.ops import database

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = database.default_home()
PACK = Path(os.environ.get("YINUO_PACK") or BASE_DIR / "packs" / "jincheng")


def _flag(name: str, default: str) -> bool:
    value = os.environ.get(name, default).strip().lower()
    if value not in ("0", "1", "true", "false", "yes", "no", ""):
        raise ImproperlyConfigured(f"{name}={value!r} is neither 1 nor 0")
    return value in ("1", "true", "yes")


def _list(name: str) -> list[str]:
    return [item.strip() for item in os.environ.get(name, "").split(",") if item.strip()]


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name}={value!r} is not a whole number")
    return int(value)


DEMO = _flag("DEMO", "1")
DEBUG = _flag("DEBUG", "0")

# --- secrets and hosts -------------------------------------------------------------------------------------


def _demo_key() -> str:
    """A key of this home's own, made once, so that sign-ins survive a restart."""
    path = HOME / "demo_secret_key"
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be written ({error.strerror}). Set YINUO_HOME.") from error
    key = secrets.token_urlsafe(50)
    with open(handle, "w") as file:
        file.write(key)
    return key


SECRET_KEY = os.environ.get("SECRET_KEY", "")
ALLOWED_HOSTS = _list("ALLOWED_HOSTS")
if DEMO:
    SECRET_KEY = SECRET_KEY or _demo_key()
    ALLOWED_HOSTS = ALLOWED_HOSTS or [".localhost", "127.0.0.1", "[::1]"]
else:
    if len(SECRET_KEY) < 32 or "insecure" in SECRET_KEY:
        raise ImproperlyConfigured(
            "DEMO=0 needs a SECRET_KEY of at least 32 random characters. Make one with "
            '`python3 -c "import secrets; print(secrets.token_urlsafe(50))"` and set it in the environment.'
        )
    if not ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "DEMO=0 needs ALLOWED_HOSTS: the host names people type, separated by commas, "
            "such as ALLOWED_HOSTS=yinuo.example"
        )

CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEMO
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 0 if DEMO else _number("HSTS_SECONDS", 3600)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if _flag("TRUST_PROXY", "0"):  # only behind a proxy that sets this header itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- database ----------------------------------------------------------------------------------------------


def _external(url: str) -> dict[str, Any]:
    """DATABASE_URL, in any form that libpq takes, as Django's words."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL is no PostgreSQL address ({str(error).strip()}); it looks like postgresql://user:secret@host/name"
        ) from error
    words = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    found: dict[str, Any] = {
        name: str(parts.pop(word) or "") for word, name in words.items() if word in parts
    }
    return {"NAME": database.DATABASE, **found, "OPTIONS": parts}


def _database(*, as_owner: bool) -> dict[str, Any]:
    url, owner_url = os.environ.get("DATABASE_URL", ""), os.environ.get("DATABASE_OWNER_URL", "")
    if owner_url and not url:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is set, DATABASE_URL is not: set both, or DATABASE_URL"
        )
    if not url:
        found = {
            "NAME": database.DATABASE,
            "USER": database.OWNER if as_owner else database.RUN,
            "HOST": str(database.layout(HOME).socket),
            "PORT": str(database.PORT),
            "OPTIONS": {},
        }
    else:
        found = _external(owner_url or url if as_owner else url)
        if not owner_url and not as_owner and found.get("USER") != database.RUN:
            # One address for both: what may not be done at run time is dropped on connecting.
            found["OPTIONS"]["options"] = (
                f"{found['OPTIONS'].get('options', '')} -c role={database.RUN}".strip()
            )
    found["OPTIONS"].setdefault("connect_timeout", 10)
    if not as_owner and _flag("YINUO_PREPARE", "1"):
        # Django sets prepare_threshold to None, after which psycopg prepares nothing, not even what is run
        # with prepare=True, and says not a word; and Django's default cursor pastes the values into the text,
        # which cannot be prepared at all. Both are needed before a move is one prepared statement.
        found["OPTIONS"] |= {"prepare_threshold": 0, "server_side_binding": True}
    return found | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,  # a restarted server costs one retry, not one error a connection
    }


DATABASES = {"default": _database(as_owner=os.environ.get("YINUO_DB_AS") == "owner")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- applications ------------------------------------------------------------------------------------------

ROOT_URLCONF = "yinuo.urls"
WSGI_APPLICATION = "yinuo.wsgi.application"
AUTH_USER_MODEL = "registers.Person"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",  # its API page is served from here, not from elsewhere
    "yinuo.registers",
    "yinuo.packs",
    "yinuo.ledger",
    "yinuo.work",
    "yinuo.faces.parts",
    "yinuo.faces.citizen",
    "yinuo.faces.office",
    "yinuo.faces.public",
    "yinuo.faces.api",
]
MIDDLEWARE = [
    "yinuo.middleware.request_log",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yinuo.middleware.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yinuo.middleware.one_edition",
    "yinuo.faces.parts.errors.said",
]
CSRF_FAILURE_VIEW = "yinuo.faces.parts.errors.csrf_failure"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "yinuo.faces.parts.context.look",
            ],
        },
    }
]

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "/"

# --- language and time -------------------------------------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "yinuo" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files -------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = HOME / "static"
EVIDENCE_ROOT = HOME / "evidence"
_PLAIN_STATIC = DEBUG or _flag(
    "YINUO_PLAIN_STATIC", "0"
)  # straight from the source folders: tests, development
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(EVIDENCE_ROOT)},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _PLAIN_STATIC
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _PLAIN_STATIC

# A form of many pages fits; a flood does not. Evidence is a photo or a scan: its limit is checked by size.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
FILE_UPLOAD_PERMISSIONS = 0o640
EVIDENCE_MAX_BYTES = 20 * 2**20

# --- mail --------------------------------------------------------------------------------------------------

EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
EMAIL_PORT = _number("EMAIL_PORT", 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_TLS", "0")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("EMAIL_FROM", "yinuo@localhost")
if EMAIL_HOST:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
else:  # no mail server: every letter becomes a file that can be read
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = HOME / "mail"

# --- log: one line a request, to stderr; the path without its query, which may name people ----------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},  # 4xx are in our own line already
    },
}
