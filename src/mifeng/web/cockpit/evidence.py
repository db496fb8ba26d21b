"""The evidence of a project for its supervisor (监督件): more than everybody sees, and a look that is noted."""

from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from mifeng.kernel import reads
from mifeng.oversight.bundle import SUPERVISOR, NotReady, TooEarly, evidence
from mifeng.tenders.models import Tender
from mifeng.tenders.queries import tender_for
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only

MEDIA = "application/vnd.mifeng.evb"


@methods("GET")
@only("supervisor")
def evidence_file(request: Request, pk: UUID) -> HttpResponseBase:
    """Hand out the supervisor's bundle of a project under the reader's authority, once its bids are open."""
    by = acting_post(request)
    tender = tender_for(by, pk)
    try:
        made = evidence(tender, SUPERVISOR)
    except TooEarly as error:
        raise Tender.DoesNotExist from error
    except NotReady:
        return HttpResponse(_("有条目待见证，请稍后再取。"), status=503, content_type="text/plain; charset=utf-8")
    reads.note("evidence", by, f"tenders.tender:{pk}", sha256=made.sha256)
    name = f"{tender.number}-supervisor.evb"
    headers = {"Cache-Control": "no-store"}
    return FileResponse(made.path.open("rb"), as_attachment=True, filename=name, content_type=MEDIA, headers=headers)
