"""Which room answers which address (路由)."""

from django.urls import include, path

from mifeng.config import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("", include("mifeng.web.portal.urls")),
    path("account/", include("mifeng.web.account.urls")),
    path("workspace/", include("mifeng.web.workspace.urls")),
    path("supplier/", include("mifeng.web.supplier.urls")),
    path("reception/", include("mifeng.web.supplier.reception_urls")),
    path("site/", include("mifeng.web.site.urls")),
    path("cockpit/", include("mifeng.web.cockpit.urls")),
    path("hall/", include("mifeng.web.hall.urls")),
    path("desk/", include("mifeng.web.desk.urls")),
    path("library/", include("mifeng.web.library.urls")),
    path("invitation/", include("mifeng.web.library.letters")),
]
handler400 = "mifeng.web.shell.errors.unreadable"
handler404 = "mifeng.web.shell.errors.not_found"
handler500 = "mifeng.web.shell.errors.server_error"
