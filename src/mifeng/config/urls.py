"""Which room answers which address (路由)."""

from django.urls import include, path

from mifeng.config import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("", include("mifeng.web.portal.urls")),
    path("account/", include("mifeng.web.account.urls")),
    path("workspace/", include("mifeng.web.workspace.urls")),
    path("site/", include("mifeng.web.site.urls")),
    path("cockpit/", include("mifeng.web.cockpit.urls")),
]
handler400 = "mifeng.web.shell.errors.unreadable"
handler404 = "mifeng.web.shell.errors.not_found"
handler500 = "mifeng.web.shell.errors.server_error"
