"""What a forger can do to a bundle (造假手法): one lie each, all else made to fit."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from django.conf import settings

from mifeng.programs.witness.keys import read_key as witness_key
from mifeng.rules.bundle import layout
from mifeng.rules.curve import GENERATOR, encode_point
from mifeng.rules.draw.lots import contribution_message
from mifeng.rules.ledger import Note, Signature, format_time, parse_note
from mifeng.rules.seal.envelope import Stanza, parse_seal
from mifeng.rules.seal.identity import FILE
from mifeng.rules.seal.part import files_of, open_part, part_context
from tests.factories import DUE
from tests.programs.forging import Forge

OPENING, RELEASES = "opening/1.json", "opening/1-releases.json"
SEAL, RECORD, READ_OUT = "seal.json", "record.json", "readout.ct"


def flipped(text: str) -> str:
    """Return hexadecimal with its last digit changed."""
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def edited(path: str, change: Callable[[Any], object]) -> Callable[[Forge], object]:
    """Return a lie that changes what one file says."""
    return lambda forge: forge.edit(path, change)


def recorded(change: Callable[[Any], object]) -> Callable[[Forge], object]:
    """Return a lie about what belongs to the first bid that was opened."""
    return lambda forge: forge.edit(forge.bid(RECORD), change)


def draw_path(forge: Forge, *, walked: int = 1) -> str:
    """Return the file of the first draw in which so many have been walked."""
    paths = [f"draw/{handle}.json" for handle in forge.manifest.draws]
    return next(path for path in paths if len(forge.json(path)["walk"]) >= walked)


def disclosure_path(forge: Forge, **wanted: int) -> str:
    """Return the disclosure of that draw."""
    return draw_path(forge, **wanted).replace(".json", "-disclosure.json")


def hidden_entry(forge: Forge) -> None:
    """Something that happened to a listed bid is shown by its leaf alone, with a reason that others may have."""
    stream = _receipt(forge).stream
    place, leaf = [(row.index, row.leaf) for row in forge.rows if row.stream == stream][1]
    forge.edit(layout.ENTRIES, lambda value: _close(_entry(value, place)))
    row = {"kind": "entry", "of": leaf, "commitment": leaf, "why": "not-public", "basis": ["our choice (ADR-8)"]}
    forge.edit(layout.REDACTIONS, lambda value: value["redactions"].append(row))


def other_project(forge: Forge) -> None:
    forge.manifest = replace(forge.manifest, project="ZFCG-0000-000000")


def earlier_deadline(forge: Forge) -> None:
    """The list stands on an hour that no trustee signed under the notice."""
    facts = forge.row("close_list").facts("list")
    facts["due"] = format_time(DUE - timedelta(minutes=30))
    forge.edit(layout.COUNTERSIGNATURES, lambda value: [_date(one, facts["due"]) for one in value["countersignatures"]])
    forge.relog()


def extra_file(forge: Forge) -> None:
    forge.files["tender/extra.json"] = b"{}"


def lost_part(forge: Forge) -> None:
    del forge.files["tender/documents/1.pdf"]


def hidden_draw(forge: Forge) -> None:
    """A draw that did not please is left out, its file with it."""
    first, *others = forge.manifest.draws
    del forge.files[f"draw/{first}.json"]
    forge.manifest = replace(forge.manifest, draws=tuple(others))


def header_in_a_second_form(forge: Forge) -> None:
    forge.files[forge.bid(SEAL)] = b" " + forge.files[forge.bid(SEAL)]


def other_ciphertext(forge: Forge) -> None:
    forge.files[forge.bid(READ_OUT)] = forge.files[forge.bid(READ_OUT, 2)]


def said_withheld(forge: Forge) -> None:
    forge.manifest = replace(forge.manifest, checks={**forge.manifest.checks, "B4": "withheld"})


def malformed(forge: Forge) -> None:
    forge.files["tender/notices.json"] = b" " + forge.files["tender/notices.json"]


def dropped(forge: Forge) -> None:
    place = forge.row("open_keys").index
    forge.edit(layout.ENTRIES, lambda value: value["entries"].remove(_entry(value, place)))


def fewer_countersignatures(kind: str) -> Callable[[Forge], object]:
    def forge_it(value: Any) -> None:
        rows = value["countersignatures"]
        value["countersignatures"] = [one for one in rows if one["kind"] != kind or one["trustee"] == "trustee-1"]

    return edited(layout.COUNTERSIGNATURES, forge_it)


def second_list(forge: Forge) -> None:
    """The platform tells of two lists: the word of the entry behind the first is changed into that of a list."""
    forge.row("open_keys").fields["type"] = "close_list"
    forge.row("close_list", 1).body["step"] = "close_list"  # type: ignore[index]
    forge.relog()


def redaction(change: Callable[[Any], object]) -> Callable[[Forge], object]:
    return edited(layout.REDACTIONS, lambda value: change(value["redactions"]))


def head(change: Callable[[Note], Note]) -> Callable[[Forge], object]:
    def forge_it(value: Any) -> None:
        last = value["checkpoints"][-1]
        last["note"] = str(change(parse_note(last["note"])))

    return edited(layout.CHECKPOINTS, forge_it)


def broken_log_signature(note: Note) -> Note:
    first, *others = note.signatures
    value = bytes([first.value[0] ^ 1]) + first.value[1:]
    return Note(note.text, (Signature(first.name, first.key_id, value), *others))


def other_share(forge: Forge) -> None:
    forge.edit(RELEASES, lambda value: _share(value, 0).update(share=flipped(_share(value, 0)["share"])))


def wrong_shares(forge: Forge) -> None:
    """Two of three trustees sign shares that do not fit."""
    for number in (0, 1):
        forge.edit(RELEASES, lambda value, n=number: _share(value, n).update(share=flipped(_share(value, n)["share"])))
    forge.relog()


def revoked(forge: Forge) -> None:
    """The authority had revoked the certificate of the first bid before it came in."""
    folder = Path(settings.ENV.data) / "ca"
    root = x509.load_der_x509_certificate(forge.files[layout.AUTHORITY])
    key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    seal = parse_seal(forge.files[forge.bid(SEAL)])
    data = [forge.files[forge.bid("identity.ct")]]
    own = bytes.fromhex(forge.json(forge.bid(RECORD))["keys"]["identity"])
    files = files_of(open_part(own, part_context(seal.core_hash, "identity"), data))
    assert files[0].name == FILE
    serial = x509.load_der_x509_certificate(files[1].data).serial_number
    before = DUE - timedelta(days=5)
    row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(before).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(DUE)
    builder = builder.next_update(DUE + timedelta(days=7)).add_revoked_certificate(row)
    forge.files[layout.REVOKED] = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def contribution(change: Callable[[Any], object]) -> Callable[[Forge], object]:
    return lambda forge: forge.edit(draw_path(forge), lambda value: change(value["contributions"][0]))


def entry(kind: str, change: Callable[[Any], object]) -> Callable[[Forge], object]:
    """Return a lie about one row of the log as it stands in the bundle."""

    def forge_it(forge: Forge) -> None:
        place = forge.row(kind).index
        forge.edit(layout.ENTRIES, lambda value: change(_entry(value, place)))

    return forge_it


def later_witness(forge: Forge) -> None:
    """A checkpoint that lacks the last entries was seen long after the time that they claim."""
    size, at = forge.heads[-2]
    forge.heads[-2] = (size, at + 4 * 3600)
    forge.relog()


def bid_behind_the_list(forge: Forge) -> None:
    """A bid gets its place behind the list, within the minute in which the witness still sees both."""
    moved, last = _receipt(forge), forge.row("close_list")
    forge.reorder(moved, last)
    forge.heads = [(moved.index + 1, int(DUE.timestamp()) + 30), forge.heads[-1]]
    forge.relog()


def late_bid(forge: Forge) -> None:
    """A bid that came a second after the deadline stands before the list."""
    stream, listed = _receipt(forge).stream, forge.row("close_list").index
    for row in forge.rows:
        if row.stream == stream and row.index < listed:
            row.fields["t"] = format_time(DUE + timedelta(seconds=1))
    forge.heads = [(listed + 1, int(DUE.timestamp()) + 30), forge.heads[-1]]
    forge.relog()


def witnessed_late(forge: Forge) -> None:
    """No checkpoint over the bids was witnessed before everything was open."""
    forge.heads = forge.heads[-1:]
    forge.relog()


def seed_before_contributions(forge: Forge) -> None:
    seed = forge.row("fix_seed")
    given = next(
        row for row in forge.rows if (row.stream, row.fields.get("type")) == (seed.stream, "record_contributions")
    )
    seed.fields["t"], given.fields["t"] = given.fields["t"], seed.fields["t"]
    forge.reorder(given, seed)
    forge.relog()


def codes_after_contributions(forge: Forge) -> None:
    """The secret of the codes was fixed when the first contribution to a seed was known."""
    late, given = forge.row("commit_codes"), forge.row("record_contributions")
    late.fields["t"] = given.fields["t"]
    forge.reorder(late, given)
    forge.relog()


def other_envelope(change: Callable[[Forge, Any], Any]) -> Callable[[Forge], object]:
    """Return a lie about the first bid's header, carried through list, receipts, signatures and keys."""

    def forge_it(forge: Forge) -> None:
        seal = parse_seal(forge.files[forge.bid(SEAL)])
        made = change(forge, seal)
        forge.files[forge.bid(SEAL)] = made.data
        forge.swap(seal.envelope_hash.hex(), made.envelope_hash.hex())
        forge.resign(forge.position())
        forge.relog()

    return forge_it


def fourth_trustee(forge: Forge, seal: Any) -> Any:
    data = encode_point(GENERATOR) + bytes(48)
    return replace(seal, stanzas=(*seal.stanzas[:3], Stanza("trustee", 4, data), *seal.stanzas[3:]))


def copied_slot(forge: Forge, seal: Any) -> Any:
    other = parse_seal(forge.files[forge.bid(SEAL, 2)]).stanza("bidder", 4)
    return replace(seal, stanzas=(*seal.stanzas[:-1], other))


def other_receipt(forge: Forge) -> None:
    facts = _receipt(forge).facts("receive")
    facts["submit_key"] = flipped(facts["submit_key"])
    forge.relog()


def left_out(forge: Forge) -> None:
    """The fifth bid was never taken back, and still is not on the list."""
    row = forge.row("withdraw_bid")
    forge.rows.remove(row)
    forge.relog()


def swapped_list(forge: Forge) -> None:
    facts = forge.row("close_list").facts("list")
    facts["list"] = [facts["list"][1], facts["list"][0], *facts["list"][2:]]
    forge.relog()


def unlisted_handle(forge: Forge) -> None:
    facts = forge.row("publish_notice").facts("publish_notice")
    facts["draw_handles"] = ["00" * 32, *facts["draw_handles"][1:]]
    forge.relog()


def stuffed_pool(forge: Forge) -> None:
    def stuff(value: Any) -> None:
        tier = value["cells"][0]["tiers"][0]
        tier["excluded"] = "".join(sorted([*_leaves(tier["excluded"]), "ff" * 32]))

    forge.edit(disclosure_path(forge), stuff)


def broken_proof(forge: Forge) -> None:
    """A contributor signs a proof that does not hold; the log names it."""
    record = forge.json(draw_path(forge))
    given = record["contributions"][0]
    pi, name = flipped(given["pi"]), given["name"]
    stem = (bytes.fromhex(record[key]) for key in ("handle", "policy_hash", "pool_leaf"))
    message = contribution_message(*stem, name, bytes.fromhex(pi))
    forge.swap(given["signature"], witness_key(Path(settings.ENV.data) / name).sign(message).hex())
    forge.swap(given["pi"], pi)
    forge.relog()


def other_seed(forge: Forge) -> None:
    forge.edit(draw_path(forge), lambda value: value.update(seed=flipped(value["seed"])))


def swapped_walk(forge: Forge) -> None:
    forge.edit(draw_path(forge, walked=2), lambda value: value["walk"].reverse())


def skipped_rank(forge: Forge) -> None:
    """The one who declined was never asked, say log, record and disclosure alike."""
    path = disclosure_path(forge, walked=2)
    skipped = forge.json(path)["walk"][0]["leaf"]
    forge.edit(path, lambda value: value.update(walk=[one for one in value["walk"] if one["leaf"] != skipped]))
    forge.edit(draw_path(forge, walked=2), lambda value: value["walk"].remove(skipped))
    for row in forge.rows:
        for move in row.body["moves"] if row.body else ():
            lines = move.get("facts", {}).get("lines")
            if lines:
                move["facts"]["lines"] = [line for line in lines if line["leaf"] != skipped]
    forge.relog()


def excluded_selected(forge: Forge) -> None:
    """Somebody of the list of the excluded sits on a seat."""
    paths = [f"draw/{handle}-disclosure.json" for handle in forge.manifest.draws]
    path = next(one for one in paths if forge.json(one)["cells"][0]["tiers"][0]["excluded"])
    value = forge.json(path)
    value["seats"][0]["leaf"] = _leaves(value["cells"][0]["tiers"][0]["excluded"])[0]
    forge.put(path, value)


def rulebook(constant: str, value: str) -> Callable[[Forge], object]:
    """Return a lie about a number of the law; nobody pins the rulebook here."""

    def forge_it(forge: Forge) -> None:
        text = forge.files[layout.RULEBOOK].decode()
        before, found, after = text.partition(f"[constants.{constant}]\n")
        assert found
        line, _, rest = after.partition("\n")
        assert line.startswith("value = ")
        forge.files[layout.RULEBOOK] = f"{before}{found}value = {value}\n{rest}".encode()

    return forge_it


def _close(entry: Any) -> None:
    for key in ("data", "salt", "body", "body_salt"):
        del entry[key]


def _date(one: Any, due: str) -> None:
    if one["kind"] == "close":
        one["due"] = due


def _entry(value: Any, place: int) -> Any:
    return next(one for one in value["entries"] if one["index"] == place)


def _receipt(forge: Forge) -> Any:
    """Return the entry by which the first bid of the list was received."""
    envelope = forge.json(OPENING)["bids"][forge.position() - 1]["envelope"]
    rows = (row for row in forge.rows if row.fields.get("type") == "receive_bid")
    return next(row for row in rows if json.dumps(row.body).count(envelope))


def _share(value: Any, trustee: int) -> Any:
    return value["releases"][trustee]["shares"][0]


def _leaves(text: str) -> list[str]:
    return [text[start : start + 64] for start in range(0, len(text), 64)]


def first_bid(value: Any, outcome: str = "opened") -> Any:
    return next(one for one in value["bids"] if one["outcome"] == outcome)
