"""Files of the desk (评审文件): a page as a picture, and the file itself."""

from pathlib import Path
from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase

from mifeng.evaluation import blind
from mifeng.web.desk.paper import Unreadable, picture
from mifeng.web.desk.reading import folder
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only

# The browser's own viewer is a plug-in to the content policy; nothing inside the file may reach anything.
VIEWED = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@methods("GET")
@only("seat")
def page(request: Request, lot: UUID, code: str, key: str, number: int) -> HttpResponse:
    """Return one page of a file as a picture."""
    try:
        return HttpResponse(picture(_path(request, lot, code, key), number, folder()), content_type="image/png")
    except Unreadable:
        raise Http404 from None


@methods("GET")
@only("seat")
def file(request: Request, lot: UUID, code: str, key: str) -> HttpResponseBase:
    """Return a file as it is kept for the desks; its name says the code and the number, nothing else."""
    response = FileResponse(_path(request, lot, code, key).open("rb"), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}-{key}.pdf"'
    response.headers["Content-Security-Policy"] = f"{VIEWED}; frame-ancestors 'none'"
    return response


def _path(request: Request, lot: UUID, code: str, key: str) -> Path:
    """Return where one file of a seat lies.

    Raises:
        DoesNotExist: for another seat's code, a file that there is not, and one that cannot be shown.
        Http404: for a key that names no file.
    """
    by, number = acting_post(request), key[1:]
    if key[:1] not in ("t", "b") or not number.isascii() or not number.isdigit() or len(number) > 4:
        raise Http404
    if key.startswith("t"):
        return blind.file_for(by, lot, code, int(number)).path
    bid = next((one for one in blind.named_for(by, lot) if one.code == code), None)
    if bid is None:
        raise Http404
    return blind.named_file_for(by, lot, bid.bid_ref, int(number)).path
