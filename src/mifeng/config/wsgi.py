"""Django's WSGI application, which the ASGI root serves from its threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mifeng.config.settings")
application = get_wsgi_application()
