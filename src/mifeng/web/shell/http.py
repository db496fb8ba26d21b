"""The request as the rooms know it (请求): Django's, with actor, post and time fixed once by the middleware."""

from datetime import datetime

from django.http import HttpRequest

from mifeng.kernel.actors import Actor
from mifeng.parties.models import Post


class Request(HttpRequest):
    """A request that passed ``middleware.Acting``; ``actor`` and ``post`` are None for the public."""

    actor: Actor | None
    post: Post | None
    now: datetime
