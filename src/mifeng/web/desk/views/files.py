"""Files of the desk (评审文件): a page as a picture, and the file itself."""

from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase

from mifeng.web.desk.paper import Unreadable, picture
from mifeng.web.desk.reading import Shelf, Volume, folder
from mifeng.web.shell.http import Request
from mifeng.web.shell.posts import acting_post, methods, only

# The browser's own viewer is a plug-in to the content policy; nothing inside the file may reach anything.
VIEWED = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@methods("GET")
@only("seat")
def page(request: Request, lot: UUID, code: str, key: str, number: int) -> HttpResponse:
    """Return one page of a file as a picture."""
    shelf, volume = _volume(request, lot, code, key)
    try:
        return HttpResponse(picture(shelf.path_of(volume), number, folder()), content_type="image/png")
    except Unreadable:
        raise Http404 from None


@methods("GET")
@only("seat")
def file(request: Request, lot: UUID, code: str, key: str) -> HttpResponseBase:
    """Return a file as it is kept for the desks; its name says the code and the number, nothing else."""
    shelf, volume = _volume(request, lot, code, key)
    response = FileResponse(shelf.path_of(volume).open("rb"), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}-{key}.pdf"'
    response.headers["Content-Security-Policy"] = f"{VIEWED}; frame-ancestors 'none'"
    return response


def _volume(request: Request, lot: UUID, code: str, key: str) -> tuple[Shelf, Volume]:
    """Return one file of a seat.

    Raises:
        Http404: for another seat's code, a file that there is not, and one that cannot be shown.
    """
    shelf = Shelf(acting_post(request), lot, {})
    found = shelf.volume(code, key)
    if found is None or found.fault:
        raise Http404
    return shelf, found
