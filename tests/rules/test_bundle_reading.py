"""What a bundle says and what it leaves out, read and not yet verified. Source: docs/spec/bundle.md §3 to §6."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest

from mifeng.rules.bundle import CATALOGUE, GROUNDS, KINDS, Withheld, layout, read_bundle, withheld
from mifeng.rules.bundle.forms import format_entries, format_heads
from mifeng.rules.bundle.reading import Bundle
from mifeng.rules.bundle.results import result_of
from mifeng.rules.encoding import canonical
from tests.rules.bundles import (
    BID_REF,
    ENVELOPE,
    HANDLE,
    LOT,
    OTHER,
    SEAL,
    disclosure,
    edited,
    files,
    head,
    move,
    record,
    result,
    row,
    rows,
    rulebook_text,
    whole,
)

FILES = files()


def read(changed: dict[str, bytes | None] | None = None, **changes: Any) -> Bundle:
    """Return the bundle made by hand, some of its files others."""
    return read_bundle(whole(changed, **changes).items())


def test_every_file_is_read_for_what_it_says() -> None:
    bundle = read({layout.RULEBOOK: rulebook_text(), layout.disclosure_path(HANDLE): disclosure()})

    assert bundle.broken == {}
    assert bundle.policies[1].policy.lot_ref.hex() == LOT.lot_ref
    assert bundle.openings[1] == record()
    assert bundle.results[1] == result()
    assert [bid.seal for bid in bundle.bids] == [SEAL, None]
    assert bundle.bids[0].ciphertexts == {layout.READ_OUT: b"ciphertext"}
    assert bundle.bids[1].record.submitted == ()
    assert bundle.releases[1][0].trustee == "trustee-1"
    assert bundle.draws[HANDLE].contributions[0].name == "witness-1"
    assert bundle.rulebook is not None
    assert bundle.rulebook.int("suppliers_min") == 3
    assert bundle.disclosures[HANDLE].seats
    assert bundle.last is not None
    assert bundle.last.checkpoint.size == 10
    assert [line.type for line in bundle.stream("tenders.tender:1")] == ["publish_notice", "", "clarify"]
    assert bundle.line(bundle.lines[0].leaf) is bundle.lines[0]
    assert bundle.line("00") is None
    assert bundle.is_public


def test_a_bundle_without_its_manifest_is_none() -> None:
    for found in (files(), {}, {"a": b"", **whole()}):
        with pytest.raises(ValueError, match="begins with its manifest"):
            read_bundle(found.items())


BROKEN: dict[str, tuple[str, bytes]] = {
    "white space": (layout.NOTICES, b" " + FILES[layout.NOTICES]),
    "a notice with another key": (layout.NOTICES, edited(FILES[layout.NOTICES], "notices", 0, "by", value="a")),
    "entries out of order": (layout.ENTRIES, format_entries(rows()[::-1])),
    "an entry twice": (layout.ENTRIES, format_entries((rows()[0], rows()[0]))),
    "an entry without its stream": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "stream", value=...)),
    "an entry with another key": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "by", value="a")),
    "an entry that is none": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, value=1)),
    "an entry at a true place": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "index", value=True)),
    "an entry before the log": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "index", value=-1)),
    "an entry laid open by half": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "salt", value=...)),
    "a proof that is none": (layout.ENTRIES, edited(FILES[layout.ENTRIES], "entries", 0, "proof", value=["00"])),
    "checkpoints out of order": (layout.CHECKPOINTS, format_heads((head(10), head(5)))),
    "no checkpoint": (layout.CHECKPOINTS, format_heads(())),
    "a checkpoint that is none": (
        layout.CHECKPOINTS,
        edited(FILES[layout.CHECKPOINTS], "checkpoints", 0, "note", value="a\n\nb\n"),
    ),
    "a countersignature of another kind": (
        layout.COUNTERSIGNATURES,
        edited(FILES[layout.COUNTERSIGNATURES], "countersignatures", 0, "kind", value="release"),
    ),
    "a countersignature of no leaf": (
        layout.COUNTERSIGNATURES,
        edited(FILES[layout.COUNTERSIGNATURES], "countersignatures", 0, "leaf", value=""),
    ),
    "a document without version": (
        layout.DOCUMENTS,
        edited(FILES[layout.DOCUMENTS], "documents", 0, "version", value=0),
    ),
    "a key of no part": (
        layout.record_path(1, 1),
        edited(FILES[layout.record_path(1, 1)], "keys", value={"all": "00" * 32}),
    ),
    "keys that are a list": (layout.record_path(1, 1), edited(FILES[layout.record_path(1, 1)], "keys", value=[])),
    "a signature in capitals": (
        layout.record_path(1, 1),
        edited(FILES[layout.record_path(1, 1)], "acks", 0, "signature", value="AA"),
    ),
    "a bid neither opened nor not": (
        layout.opening_path(1),
        edited(FILES[layout.opening_path(1)], "bids", 0, "outcome", value="half"),
    ),
    "positions that do not count": (
        layout.opening_path(1),
        edited(FILES[layout.opening_path(1)], "bids", 1, "position", value=3),
    ),
    "a price that is a number": (
        layout.opening_path(1),
        edited(FILES[layout.opening_path(1)], "bids", 0, "price_yuan", value=1),
    ),
    "a share of another length": (
        layout.releases_path(1),
        edited(FILES[layout.releases_path(1)], "releases", 0, "shares", 0, "share", value="00"),
    ),
    "a draw filled by fewer than none": (
        layout.draw_path(HANDLE),
        edited(FILES[layout.draw_path(HANDLE)], "filled", value=-1),
    ),
    "a draw filled by a truth": (
        layout.draw_path(HANDLE),
        edited(FILES[layout.draw_path(HANDLE)], "filled", value=True),
    ),
    "a seed of another length": (
        layout.draw_path(HANDLE),
        edited(FILES[layout.draw_path(HANDLE)], "seed", value="00"),
    ),
    "a policy that is none": (layout.policy_path(1), b"{}"),
    "a rulebook that is none": (layout.RULEBOOK, b"\xff"),
    "a result of no report": (layout.result_path(1), edited(FILES[layout.result_path(1)], "report", value="")),
    "a rank below nought": (layout.result_path(1), edited(FILES[layout.result_path(1)], "bids", 0, "rank", value=-1)),
    "a bid valid by a number": (
        layout.result_path(1),
        edited(FILES[layout.result_path(1)], "bids", 0, "valid", value=1),
    ),
    "a total that is a number": (
        layout.result_path(1),
        edited(FILES[layout.result_path(1)], "bids", 0, "total", value=90),
    ),
    "a score by a seat": (
        layout.result_path(1),
        edited(FILES[layout.result_path(1)], "bids", 0, "sums", value={"host/1": "60"}),
    ),
    "a candidate that is no bid": (
        layout.result_path(1),
        edited(FILES[layout.result_path(1)], "candidates", value=["甲公司"]),
    ),
    "a template that is none": (layout.template_path(1), b"{}"),
    "codes that are none": (layout.codes_path(1), b"{}"),
    "a disclosure that is none": (layout.disclosure_path(HANDLE), b"{}"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_in_another_form_is_broken_and_counts_as_absent(name: str) -> None:
    path, data = BROKEN[name]

    bundle = read({path: data})

    assert list(bundle.broken) == [path]


def test_a_draw_with_its_seed_is_read() -> None:
    path = layout.draw_path(HANDLE)
    data = edited(edited(FILES[path], "seed", value="12" * 32), "seed_leaf", value="34" * 32)

    assert (read({path: data}).draws[HANDLE].seed, read({path: data}).draws[HANDLE].seed_leaf) == ("12" * 32, "34" * 32)


def test_an_entry_that_cannot_be_read_says_so() -> None:
    other = row(4, "walk", "a:3", [move("walk", "a:3")]).disclosed
    assert other is not None
    strange = (
        row(1, "invite", "a:1", data=b"{}"),
        row(2, "invite", "a:2", [move("invite", "a:2")], body=b"{}"),
        row(3, "invite", "a:3", [move("invite", "a:3")], body=other.body),
    )

    lines = read({layout.ENTRIES: format_entries(strange)}).lines

    assert [bool(line.fault) for line in lines] == [True, True, True]
    assert [line.entry is None for line in lines] == [True, False, False]
    assert [line.moves for line in lines] == [(), (), ()]
    assert lines[0].facts("invite") is None


def test_without_checkpoints_and_files_a_bundle_is_read_all_the_same() -> None:
    bundle = read_bundle([next(iter(whole().items()))])

    assert (bundle.last, bundle.lines, bundle.bids, bundle.policies, bundle.redactions) == (None, (), (), {}, ())


def test_what_is_withheld_is_computed_from_what_is_shown() -> None:
    bundle = read()

    kinds = sorted((one.kind, one.of) for one in withheld(bundle))
    lines = {line.row.index: line for line in bundle.lines}
    parts = [("part", f"bids/1/1/{part}") for part in sorted(layout.PARTS) if part != layout.READ_OUT]
    assert kinds == sorted(
        [
            ("after", "experts.draw:1"),
            ("before", "tenders.tender:1"),
            ("body", lines[5].leaf),
            ("codes", LOT.lot_ref),
            ("entry", lines[4].leaf),
            ("key", "bids/1/1"),
            ("lists", HANDLE),
            ("shares", "44/trustee-2"),
            *parts,
        ]
    )
    assert {one.kind for one in withheld(bundle)} == set(KINDS)
    assert Withheld("key", "bids/1/1", SEAL.sb_commit.hex()) in withheld(bundle)
    assert Withheld("after", "experts.draw:1", lines[7].leaf) in withheld(bundle)


def test_a_supervisor_s_cut_withholds_less() -> None:
    bundle = read({layout.disclosure_path(HANDLE): disclosure()}, cut="supervisor")

    assert not bundle.is_public
    assert {one.kind for one in withheld(bundle)} == {"before", "body", "codes", "entry", "key", "part", "shares"}


def test_a_cut_asks_for_its_files() -> None:
    public, supervised = read(), read(cut="supervisor")

    for bundle in (public, supervised):
        wanted = list(layout.required(bundle.manifest, LOT, bundle.openings[1]))
        assert (layout.releases_path(1) in wanted) == (bundle is supervised)
        assert [path for path in wanted if path.endswith(".ct")] == [
            layout.part_path(1, 1, part) for part in layout.shown_parts(bundle.manifest.cut, LOT)
        ]
        drawn = list(layout.required_draw(bundle.manifest, HANDLE, seeded=True))
        assert (layout.disclosure_path(HANDLE) in drawn) == (bundle is supervised)
        assert (layout.AUTHORITY in layout.required_always(bundle.manifest)) == (bundle is supervised)
    assert list(layout.required(public.manifest, LOT, None)) == [layout.policy_path(1), layout.opening_path(1)]


def test_a_reviewed_package_asks_for_more() -> None:
    """Everybody gets template, codes and result, and the draws with it; the supervisor gets the whole bids."""
    announced, void = replace(LOT, state="announced"), replace(LOT, state="void")
    public, supervised = read(lots=(announced,), stage="announced"), read(cut="supervisor", lots=(announced,))

    more = [layout.template_path(1), layout.codes_path(1), layout.result_path(1)]
    assert list(layout.required(public.manifest, announced, None))[-3:] == more
    assert list(layout.required(public.manifest, void, None))[-1:] == more[:1]
    assert layout.shown_parts("public", announced) == (layout.READ_OUT,)
    assert layout.shown_parts("supervisor", announced) == layout.PARTS
    assert layout.releases_path(1) in list(layout.required(supervised.manifest, announced, None))
    assert layout.disclosure_path(HANDLE) in list(layout.required_draw(public.manifest, HANDLE, seeded=True))


def test_a_result_takes_numbers_and_codes_from_a_report_and_nothing_else() -> None:
    """Whose scores they are, and in which words bids were thrown out, everybody is not told."""
    ranked = {**asdict(result().bids[0]), "sums": {"host/1": "60"}}
    report = {
        "bids": [ranked, {"position": 2, "bid_ref": OTHER, "valid": False, "quote_yuan": "", "reasons": ["rejected"]}]
    }
    report |= {"candidates": [BID_REF], "rejected": {OTHER: ["没有响应"]}, "members": []}

    assert result_of("66" * 32, canonical(json.loads(json.dumps(report)))) == result()
    for other in ([], {"bids": {}}, {"bids": [1], "candidates": []}):
        with pytest.raises(ValueError, match=r".+"):
            result_of("66" * 32, canonical(other))


def test_the_catalogue_names_every_check_of_every_letter() -> None:
    assert sorted(f"{letter}{number}" for letter, count in
                  {"C": 4, "A": 7, "L": 5, "T": 4, "B": 7, "D": 7, "R": 6, "S": 4, "X": 3}.items()
                  for number in range(1, count + 1)) == sorted(CATALOGUE)  # fmt: skip
    assert all(GROUNDS.values())
    assert {BID_REF, ENVELOPE, OTHER}
