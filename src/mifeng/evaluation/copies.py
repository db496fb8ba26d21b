"""Copies for the desks (匿名副本制作): made once, in a job outside any act, named by their place and number alone."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from mifeng.bidding.models import OpenedFile
from mifeng.evaluation.actions import Copied
from mifeng.evaluation.bare import TOOL, Bare, bare_copy
from mifeng.evaluation.models import Qualification
from mifeng.kernel import vault
from mifeng.rules.errors import Reason, Unfair

PART = "technical"
PIECE = 2**20

log = logging.getLogger(__name__)


def make_copies(lot_id: UUID) -> list[Copied]:
    """Return the copies of all technical files of the qualified bids of a package, in the vault when this returns."""
    passed = Qualification.objects.filter(evaluation=lot_id, passed=True).order_by("position")
    return [copy for row in passed for copy in _copies(row)]


def _copies(row: Qualification) -> Iterator[Copied]:
    files = OpenedFile.objects.filter(bid=row.bid_id, part=PART).order_by("position")
    for number, file in enumerate(files, 1):
        copy = Copied(row.position, number, file.sha256, TOOL)
        path = vault.path_of(file.sha256)
        try:
            vault.check_content(path)
            made = _bare(path)
            stored = vault.intake(_pieces(made.data))
            yield replace(copy, after=stored.sha256, size=stored.size, pages=made.pages)
        except Unfair as refusal:
            # A file that may not be shown stays where it is, as evidence.
            yield replace(copy, fault=refusal.code)


def _bare(path: Path) -> Bare:
    """Return the copy of a file, or refuse one that breaks the tool: it must not keep the others from being judged."""
    try:
        return bare_copy(path)
    except OSError:
        raise
    except Exception as error:
        log.exception("a technical file cannot be copied")
        raise Unfair(Reason("file-type", {"media": "damaged PDF"})) from error


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
