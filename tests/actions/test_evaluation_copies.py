"""A copy for the desks says nothing of who made it (匿名副本): LC-2018-80 三(六), R174. With data that could leak."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from mifeng.evaluation.bare import bare_copy, bare_picture

SECRET = "庚镜教学设备厂"
PLAIN = (SECRET.encode(), SECRET.encode("utf-16-be"), b"GENGJING")
SPOKEN = (*PLAIN, *(word.hex().encode() for word in PLAIN))  # a PDF may write text in hexadecimal
EXIF = b"\xff\xe1\x00\x10Exif\0\0GENGJING"
REMARK = b"\xff\xfe\x00\x0aGENGJING"
JFIF = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
SCAN = b"\xff\xda\x00\x08\1\1\0\0\x3f\0rest of the picture\xff\xd9"


def in_info(pdf: Pdf) -> None:
    for key in ("/Author", "/Title", "/Creator", "/Producer", "/Company"):
        pdf.docinfo[key] = String(SECRET)


def in_xmp(pdf: Pdf) -> None:
    with pdf.open_metadata() as metadata:
        metadata["dc:creator"] = [SECRET]


def in_xmp_of_a_page(pdf: Pdf) -> None:
    pdf.pages[0].obj.Metadata = pdf.make_stream(SECRET.encode(), Type=Name.Metadata, Subtype=Name.XML)


def in_private_data(pdf: Pdf) -> None:
    pdf.pages[0].obj.PieceInfo = Dictionary(Word=Dictionary(Private=String(SECRET), LastModified=String("D:2026")))
    pdf.pages[0].obj.LastModified = String("D:20260301")


def in_id(pdf: Pdf) -> None:
    pdf.trailer["/ID"] = Array([String("GENGJING" * 2), String("GENGJING" * 2)])


def in_comment(pdf: Pdf) -> None:
    note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=Array([0, 0, 9, 9]), T=String(SECRET), NM=String(SECRET))
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(note)])


def in_signature(pdf: Pdf) -> None:
    signature = Dictionary(Type=Name.Sig, Contents=String("GENGJING"), Name=String(SECRET), Reason=String(SECRET))
    field = Dictionary(FT=Name.Sig, T=String("s1"), V=pdf.make_indirect(signature))
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field)]), SigFlags=3)
    pdf.Root.DSS = Dictionary(Certs=Array([pdf.make_stream(SECRET.encode())]))


def in_layer(pdf: Pdf) -> None:
    usage = Dictionary(CreatorInfo=Dictionary(Creator=String(SECRET)))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([pdf.make_indirect(Dictionary(Type=Name.OCG, Usage=usage))]))


def in_picture(pdf: Pdf) -> None:
    image = pdf.make_stream(b"\xff\xd8" + JFIF + EXIF + REMARK + SCAN, Filter=Name.DCTDecode, Subtype=Name.Image)
    image.DecodeParms = Dictionary(ColorTransform=1)
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im0=image))


def with_clean_picture(pdf: Pdf) -> None:
    image = pdf.make_stream(b"\xff\xd8" + JFIF + SCAN, Filter=Name.DCTDecode, Subtype=Name.Image)
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im0=image))


PLACES: tuple[Callable[[Pdf], None], ...] = (
    in_info,
    in_xmp,
    in_xmp_of_a_page,
    in_private_data,
    in_id,
    in_comment,
    in_signature,
    in_layer,
    in_picture,
)


def written(path: Path, change: Callable[[Pdf], None], **options: object) -> Path:
    """Write a PDF of two pages after a change to it."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.add_blank_page()
    change(pdf)
    pdf.save(path, compress_streams=False, **options)  # type: ignore[arg-type]
    return path


def plain(data: bytes) -> bytes:
    """Return all bytes of a PDF with nothing compressed in it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    return out.getvalue()


@pytest.mark.parametrize("change", PLACES, ids=[place.__name__ for place in PLACES])
def test_nothing_of_the_bidder_is_left(tmp_path: Path, change: Callable[[Pdf], None]) -> None:
    path = written(tmp_path / "bid.pdf", change)
    assert any(word in plain(path.read_bytes()) + path.read_bytes() for word in SPOKEN), "the file could not leak"

    copy = bare_copy(path)

    left = plain(copy.data) + copy.data
    assert [word for word in SPOKEN if word in left] == []
    assert copy.pages == 2
    assert not re.search(rb"/(Info|Author|Producer|Metadata|PieceInfo|LastModified)\b", left)


def test_earlier_revision_of_a_file_is_left_behind(tmp_path: Path) -> None:
    """What was written first and changed later still lies in the file; what the last revision reaches is copied."""
    path = written(tmp_path / "bid.pdf", in_info)
    old = path.read_bytes()
    xref = old.rindex(b"startxref") + 10
    start = int(old[xref : old.index(b"\n", xref)])
    root = re.search(rb"/Root (\d+ \d+ R)", old)
    assert root
    trailer = b"xref\n0 1\n0000000000 65535 f \ntrailer << /Root " + root.group(1)
    path.write_bytes(
        old + b"\n" + trailer + b" /Size 20 /Prev " + str(start).encode() + b" >>\nstartxref\n"
        + str(len(old) + 1).encode() + b"\n%%EOF\n% GENGJING"
    )  # fmt: skip
    assert any(word in path.read_bytes() for word in SPOKEN)

    assert [word for word in SPOKEN if word in plain(bare_copy(path).data)] == []


def test_copy_is_the_same_every_time_and_for_every_bidder(tmp_path: Path) -> None:
    """Two files that differ in nothing but who made them give one copy."""
    first = bare_copy(written(tmp_path / "a.pdf", in_info, deterministic_id=True))
    again = bare_copy(written(tmp_path / "b.pdf", in_id))

    assert first == again


def test_picture_is_shown_as_before(tmp_path: Path) -> None:
    copy = bare_copy(written(tmp_path / "bid.pdf", in_picture))
    clean = bare_copy(written(tmp_path / "clean.pdf", with_clean_picture))

    for made, settings in ((copy, 1), (clean, None)):
        with pikepdf.open(io.BytesIO(made.data)) as pdf:
            image = pdf.pages[0].obj.Resources.XObject.Im0
            assert (image.Filter, image.read_raw_bytes()) == (Name.DCTDecode, b"\xff\xd8" + JFIF + SCAN)
            assert image.get("/DecodeParms", {}).get("/ColorTransform") == settings


def test_picture_keeps_what_it_is_shown_by() -> None:
    colours = b"\xff\xe2\x00\x0aICC_PROF\xff\xee\x00\x0aAdobe\0\0\0"

    bare = bare_picture(b"\xff\xd8" + JFIF + EXIF + colours + REMARK + SCAN)

    assert bare == b"\xff\xd8" + JFIF + colours + SCAN
    assert bare_picture(b"\x89PNG GENGJING") == b"\x89PNG GENGJING"
    assert bare_picture(b"\xff\xd8" + EXIF[:3]) == b"\xff\xd8" + EXIF[:3]
