"""What an uploaded file is, by its bytes (文件安全检查): nothing that acts, hides a file, is locked or damaged."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String

from mifeng.kernel.models import Blob
from mifeng.kernel.vault import intake
from mifeng.rules.errors import Unfair
from tests.actions.evidence import refused
from tests.factories import City, pdf_bytes

SCRIPT = {"S": Name.JavaScript, "JS": String("app.alert(1)")}


def saved(change: Callable[[Pdf], object], **options: object) -> bytes:
    """Return a PDF of one page after a change to it."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    change(pdf)
    out = io.BytesIO()
    pdf.save(out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def annotation(**entries: object) -> Callable[[Pdf], None]:
    """Return a change that puts an annotation on the page, written inside the page itself."""

    def change(pdf: Pdf) -> None:
        fields = {"Type": Name.Annot, "Rect": Array([0, 0, 9, 9]), **entries}
        pdf.pages[0].obj.Annots = Array([Dictionary(**fields)])  # type: ignore[arg-type]

    return change


def in_page(pdf: Pdf) -> None:
    pdf.pages[0].obj.AA = Dictionary(O=Dictionary(**SCRIPT))


def in_catalog(pdf: Pdf) -> None:
    pdf.Root.AA = Dictionary(WC=Dictionary(**SCRIPT))


def in_names(pdf: Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([String("a"), Dictionary(**SCRIPT)])))


def in_form(pdf: Pdf) -> None:
    field = Dictionary(FT=Name.Tx, T=String("f"), AA=Dictionary(K=Dictionary(**SCRIPT)))
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field)]))


def in_stream(pdf: Pdf) -> None:
    stream = pdf.make_stream(b"x")
    stream.Extra = Dictionary(Deep=Array([Array([Dictionary(**SCRIPT)])]))
    pdf.Root.Held = stream


def as_next(pdf: Pdf) -> None:
    link = Dictionary(S=Name.URI, URI=String("https://example.org"), Next=Dictionary(**SCRIPT))
    pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.Link, A=link)])


def on_opening(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(**SCRIPT)


def on_opening_by_reference(pdf: Pdf) -> None:
    pdf.Root.OpenAction = pdf.make_indirect(Dictionary(S=Name.URI, URI=String("https://example.org")))


def attached(pdf: Pdf) -> None:
    pdf.attachments["quote.xlsx"] = b"a second file"


def file_annotation(pdf: Pdf) -> None:
    file = pdf.make_stream(b"a second file")
    file.Type = Name.EmbeddedFile
    spec = Dictionary(Type=Name.Filespec, F=String("x"), EF=Dictionary(F=file))
    annotation(Subtype=Name.FileAttachment, FS=spec)(pdf)


def associated(pdf: Pdf) -> None:
    file = pdf.make_stream(b"a second file")
    pdf.Root.AF = Array([Dictionary(Type=Name.Filespec, EF=Dictionary(F=file))])


def xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm = Dictionary(XFA=pdf.make_stream(b"<xdp/>"), Fields=Array())


ACTIVE = [
    (in_page, "JavaScript"),
    (in_catalog, "JavaScript"),
    (in_names, "JavaScript"),
    (in_form, "JavaScript"),
    (in_stream, "JavaScript"),
    (as_next, "JavaScript"),
    (on_opening, "OpenAction"),
    (on_opening_by_reference, "OpenAction"),
    (attached, "EmbeddedFiles"),
    (file_annotation, "FileAttachment"),
    (associated, "EmbeddedFiles"),
    (xfa, "XFA"),
    (annotation(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=String("calc.exe"))), "Launch"),
    (annotation(Subtype=Name.Link, A=Dictionary(S=Name.SubmitForm, F=String("https://example.org"))), "SubmitForm"),
    (annotation(Subtype=Name.Link, A=Dictionary(S=Name.ImportData, F=String("x.fdf"))), "ImportData"),
    (annotation(Subtype=Name.RichMedia), "RichMedia"),
    (annotation(Subtype=Name.Movie), "Movie"),
    (annotation(Subtype=Name.Screen), "Screen"),
]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "object streams"])
@pytest.mark.parametrize(
    ("change", "found"), ACTIVE, ids=[f"{number}-{found}" for number, (_, found) in enumerate(ACTIVE)]
)
def test_file_that_acts_or_hides_a_file_is_refused(
    city: City, change: Callable[[Pdf], object], found: str, packed: bool
) -> None:
    """Wherever it stands: in the catalogue, a page, a stream's table, another object (our choice (ADR-1))."""
    mode = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable
    content = saved(change, object_stream_mode=mode)

    with refused(Unfair, "file-active-content") as caught:
        intake([content])

    assert (dict(caught.value.facts), caught.value.source) == ({"found": found}, "our choice (ADR-1)")


HARMLESS = [
    lambda pdf: None,
    lambda pdf: setattr(pdf.Root, "OpenAction", Array([pdf.pages[0].obj, Name.Fit])),
    lambda pdf: setattr(pdf.Root, "OpenAction", Dictionary(S=Name.GoTo, D=Array([pdf.pages[0].obj, Name.Fit]))),
    annotation(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String("https://www.ccgp.gov.cn"))),
    lambda pdf: setattr(pdf.Root, "StructTreeRoot", Dictionary(K=Dictionary(S=Name.P))),
    lambda pdf: setattr(pdf.Root, "Names", Dictionary(Dests=Dictionary(Names=Array()))),
    lambda pdf: setattr(pdf.Root, "AcroForm", Dictionary(Fields=Array())),
]


@pytest.mark.parametrize("change", HARMLESS)
def test_ordinary_file_is_taken(city: City, change: Callable[[Pdf], object]) -> None:
    stored = intake([saved(change)])

    row = Blob.objects.get(sha256=bytes.fromhex(stored.sha256))
    assert (stored.media, row.media, row.size) == ("application/pdf", "application/pdf", stored.size)


LOCKED = [
    pikepdf.Encryption(owner="owner", user="user"),
    pikepdf.Encryption(owner="owner", user=""),
    pikepdf.Encryption(owner="", user="", R=4),
]


@pytest.mark.parametrize("lock", LOCKED, ids=["to be opened", "by its owner only", "with empty passwords"])
def test_locked_file_is_refused(city: City, lock: pikepdf.Encryption) -> None:
    """What is kept for fifteen years must open without anybody's password (our choice (ADR-1))."""
    content = saved(lambda pdf: None, encryption=lock)

    with refused(Unfair, "file-encrypted"):
        intake([content])


PDF = pdf_bytes()
DAMAGED = {
    "cut in the middle": PDF[: len(PDF) // 2],
    "cut before its end": PDF[:-20],
    "only a header": b"%PDF-1.7\n",
    "header and noise": b"%PDF-1.7\n" + bytes(range(256)) * 40,
    "a table that points nowhere": PDF.replace(b"startxref\n", b"startxref\n9"),
}


@pytest.mark.parametrize("what", sorted(DAMAGED))
def test_damaged_file_is_refused_and_not_repaired(city: City, what: str) -> None:
    """What can only be read after repair is not the file that somebody approved (our choice (ADR-1))."""
    with refused(Unfair, "file-type") as caught:
        intake([DAMAGED[what]])

    assert dict(caught.value.facts) == {"media": "damaged PDF"}


OTHERS = {
    "empty": (b"", "unknown"),
    "text": ("招标文件".encode(), "unknown"),
    "page": (b"<html><script>alert(1)</script></html>", "unknown"),
    "archive": (b"PK\x03\x04" + bytes(60), "application/zip"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png"),
    "program": (b"MZ" + bytes(60), "application/x-msdownload"),
}


@pytest.mark.parametrize("what", sorted(OTHERS))
def test_type_is_told_from_the_content_and_nothing_but_pdf_is_taken(city: City, what: str) -> None:
    """A name proves nothing; the bytes do (our choice (ADR-1))."""
    content, media = OTHERS[what]

    with refused(Unfair, "file-type") as caught:
        intake([content])

    assert dict(caught.value.facts) == {"media": media}
