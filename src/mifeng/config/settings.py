"""Django's settings (配置): one module, safe by default; every variable is documented in ``config/env.py``."""

from pathlib import Path

from mifeng.config.env import env
from mifeng.config.postgres import database_settings

ENV = env()
SOURCE = Path(__file__).resolve().parent.parent

SECRET_KEY_FILE = ENV.data / "keys" / "secret"
SECRET_KEY = SECRET_KEY_FILE.read_text().strip() if SECRET_KEY_FILE.is_file() else "not-initialised: run mifeng init"
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.hosts
TEST_MODE = ENV.test_mode
VAULT = ENV.data / "vault"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "mifeng.kernel",
    "mifeng.parties",
    "mifeng.venues",
    "mifeng.tenders",
    "mifeng.bidding",
    "mifeng.experts",
    "mifeng.sittings",
    "mifeng.evaluation",
    "mifeng.awards",
    "mifeng.oversight",
    "mifeng.web.shell",
    "mifeng.web.account",
    "mifeng.web.portal",
    "mifeng.web.workspace",
    "mifeng.web.hall",
    "mifeng.web.library",
    "mifeng.web.supplier",
    "mifeng.web.site",
    "mifeng.web.cockpit",
    "mifeng.web.desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mifeng.web.shell.middleware.ContentPolicy",
    "mifeng.web.shell.middleware.Acting",
    "mifeng.web.shell.middleware.Refusals",
]
ROOT_URLCONF = "mifeng.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "mifeng.web.shell.context.shell",
            ],
            "builtins": ["mifeng.web.shell.templatetags.shell"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASES = {"default": database_settings(ENV)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "parties.Person"
LOGIN_URL = "account:sign-in"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.secure
CSRF_COOKIE_SECURE = ENV.secure
CSRF_FAILURE_VIEW = "mifeng.web.shell.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]  # English joins with its catalogue: a page is never in two languages
LOCALE_PATHS = [SOURCE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

REACTIONS = "mifeng.config.reactions.REACTIONS"
LIVE_GATE = "mifeng.web.shell.live.allowed"
PROCRASTINATE_APP = "mifeng.config.reactions.app"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"link_secrets": {"()": "mifeng.config.logs.LinkSecrets"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["link_secrets"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django.request": {"level": "ERROR"},
        # procrastinate logs the arguments of jobs; they are ids only, and still stay out of the log.
        "procrastinate": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pikepdf": {"level": "WARNING"},
    },
}
