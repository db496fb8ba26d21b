"""Copies for the desks (匿名副本制作): made once, in a job outside any act, named by their place and number alone."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pikepdf

from mifeng.bidding.models import OpenedFile
from mifeng.evaluation.actions import Copied
from mifeng.evaluation.bare import TOOL, bare_copy
from mifeng.evaluation.models import Qualification
from mifeng.kernel import vault
from mifeng.rules.errors import Unfair

PART = "technical"
PIECE = 2**20


def make_copies(lot_id: UUID) -> list[Copied]:
    """Return the copies of all technical files of the qualified bids of a package, in the vault when this returns."""
    passed = Qualification.objects.filter(evaluation=lot_id, passed=True).order_by("position")
    return [copy for row in passed for copy in _copies(row)]


def _copies(row: Qualification) -> Iterator[Copied]:
    files = OpenedFile.objects.filter(bid=row.bid_id, part=PART).order_by("position")
    for number, file in enumerate(files, 1):
        copy = Copied(row.position, number, file.sha256, TOOL)
        try:
            path = vault.path_of(file.sha256)
            vault.check_content(path)
            made = bare_copy(path)
            stored = vault.intake(_pieces(made.data))
            yield replace(copy, after=stored.sha256, size=stored.size, pages=made.pages)
        except Unfair as refusal:
            # A file that may not be shown stays where it is, as evidence.
            yield replace(copy, fault=refusal.code)
        except pikepdf.PdfError:
            yield replace(copy, fault="file-type")


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]
