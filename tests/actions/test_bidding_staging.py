"""Bytes that come in piece by piece (分段上传): resumed, checked once, moved into the vault. MOF-87-33."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mifeng.bidding import staging
from mifeng.evaluation.tasks import sweep_vault
from mifeng.kernel import clock
from mifeng.kernel.models import Blob
from mifeng.kernel.vault import ORPHAN_AGE, Stored, holds, path_of
from mifeng.rules.errors import Unfair, WrongState
from mifeng.tenders.models import Lot
from tests.actions.conftest import Stages
from tests.bids import DAY_BEFORE, Held, hand_in, sealed_bid, stage
from tests.factories import lot_of

STAGES = ("published",)


@pytest.fixture
def lot(stages: Stages) -> Lot:
    """A package that receives bids."""
    return lot_of(stages["published"])


@pytest.fixture
def held(stages: Stages, lot: Lot) -> Held:
    """A sealed bid that has not been uploaded."""
    return sealed_bid(stages.city, lot)


def place(held: Held) -> Path:
    """Return where the staged bytes lie."""
    return staging._place(held.lot_ref, held.sha256)


def send(held: Held, start: int, end: int) -> int:
    """Send a piece."""
    container = held.sealed.container
    return staging.append(held.lot_ref, held.sha256, start, container[start:end], len(container))


def test_upload_goes_on_where_it_stood(held: Held) -> None:
    """A cut at any moment costs the piece that was under way and nothing before it."""
    total = len(held.sealed.container)

    assert staging.offset(held.lot_ref, held.sha256) == 0
    assert send(held, 0, 1000) == 1000
    assert staging.offset(held.lot_ref, held.sha256) == 1000
    assert send(held, 1000, total) == total
    staged = staging.finish(held.lot_ref, held.sha256)

    assert (staged.seal.envelope_hash.hex(), staged.sha256, staged.size) == (held.envelope, held.sha256, total)
    assert path_of(held.sha256).read_bytes() == held.sealed.container
    assert not place(held).exists()


def test_staged_file_is_named_by_package_and_hash_alone(held: Held) -> None:
    send(held, 0, 10)

    assert place(held).name == f"{held.lot_ref}-{held.sha256}"
    assert place(held).stat().st_mode & 0o777 == 0o600


def test_wrong_offset_is_told_the_right_one(held: Held) -> None:
    send(held, 0, 1000)

    for start in (0, 999, 1001):
        with pytest.raises(WrongState) as caught:
            send(held, start, start + 10)
        assert (caught.value.code, caught.value.facts) == ("offset-other", {"offset": 1000})


def test_finished_upload_is_found_again(held: Held) -> None:
    """The answer to the last piece, or to the check, may be lost: asked again, both say that all is here."""
    first = stage(held)

    assert staging.offset(held.lot_ref, held.sha256) == len(held.sealed.container)
    assert staging.finish(held.lot_ref, held.sha256) == first
    with pytest.raises(WrongState) as caught:
        send(held, 0, 10)
    assert caught.value.facts == {"offset": len(held.sealed.container)}


def test_file_that_reached_the_vault_without_its_row_is_taken(held: Held) -> None:
    """Killed between the last two steps, the server has moved the file and not written its row: the next try does."""
    first = stage(held)
    stored = Stored(held.sha256, first.size, staging.MEDIA)
    Blob.objects.get(sha256=bytes.fromhex(held.sha256)).delete()
    assert not holds(stored)

    assert staging.offset(held.lot_ref, held.sha256) == first.size
    assert staging.finish(held.lot_ref, held.sha256) == first
    assert holds(stored)


def test_spoilt_file_without_its_row_is_not_taken(held: Held) -> None:
    stage(held)
    Blob.objects.get(sha256=bytes.fromhex(held.sha256)).delete()
    path_of(held.sha256).chmod(0o600)
    path_of(held.sha256).write_bytes(held.sealed.container[:-1] + b"\x00")

    with pytest.raises(Unfair) as caught:
        staging.finish(held.lot_ref, held.sha256)
    assert caught.value.code == "upload-incomplete"


def test_piece_beyond_the_length_or_too_long_is_refused(held: Held) -> None:
    total = len(held.sealed.container)
    for at, piece, whole in (
        (0, b"x" * (staging.MAX_PIECE + 1), 2**27),
        (0, b"xx", 1),
        (0, b"x", 2**40),
        (total, b"x", total),
    ):
        with pytest.raises(Unfair) as caught:
            staging.append(held.lot_ref, held.sha256, at, piece, whole)
        assert caught.value.code == "too-large"


@pytest.mark.parametrize("name", ["", "..", "../../keys/secret", "A" * 64, "0" * 63])
def test_name_that_is_no_hash_is_refused(held: Held, name: str) -> None:
    with pytest.raises(Unfair) as caught:
        staging.append(held.lot_ref, name, 0, b"x", 1)
    assert caught.value.code == "malformed"


def test_unfinished_upload_counts_as_not_delivered(held: Held) -> None:
    """MOF-87-33: what has not arrived whole by the deadline was not delivered."""
    send(held, 0, 1000)

    with pytest.raises(Unfair) as caught:
        staging.finish(held.lot_ref, held.sha256)
    assert (caught.value.code, caught.value.source) == ("upload-incomplete", "MOF-87-33")
    assert caught.value.facts == {"offset": 1000}


def test_what_was_never_sent_is_not_delivered(held: Held) -> None:
    with pytest.raises(Unfair) as caught:
        staging.finish(held.lot_ref, held.sha256)
    assert caught.value.code == "upload-incomplete"


def test_bytes_that_are_no_sealed_bid_are_refused(held: Held) -> None:
    """The hash may be right: header, lengths and every ciphertext are held against each other all the same."""
    whole = bytearray(held.sealed.container)
    broken = (bytes(whole[:-1]), bytes([*whole[:-1], whole[-1] ^ 1]), bytes(whole) + b"\0", b"BE2\0" + bytes(whole[4:]))
    for content in broken:
        sha256 = staging.hashlib.sha256(content).hexdigest()
        staging.append(held.lot_ref, sha256, 0, content, len(content))
        with pytest.raises(Unfair) as caught:
            staging.finish(held.lot_ref, sha256)
        assert caught.value.code == "envelope-malformed"


def test_bid_for_another_package_is_refused(lot: Lot, held: Held) -> None:
    Lot.objects.filter(pk=lot.pk).update(lot_ref="e" * 64)
    container = held.sealed.container
    staging.append("e" * 64, held.sha256, 0, container, len(container))
    Lot.objects.filter(pk=lot.pk).update(policy=lot.policy.replace(lot.lot_ref, "e" * 64))

    with pytest.raises(Unfair) as caught:
        staging.finish("e" * 64, held.sha256)
    assert caught.value.codes == ("envelope-policy", "envelope-policy")


def test_who_waits_while_the_file_goes_into_the_vault_writes_nowhere(held: Held) -> None:
    """A second sender of the same bytes may already hold the file open when the first has it finished."""
    stage(held)
    descriptor = staging._locked(place(held))

    os.write(descriptor, b"late")
    os.close(descriptor)

    assert path_of(held.sha256).read_bytes() == held.sealed.container
    assert staging.finish(held.lot_ref, held.sha256).sha256 == held.sha256


def test_sweep_keeps_bids_and_removes_what_was_given_up(stages: Stages, lot: Lot, held: Held) -> None:
    hand_in(stages.city, held)
    orphan, half = sealed_bid(stages.city, lot, 2), sealed_bid(stages.city, lot, 3)
    with clock.frozen(DAY_BEFORE):
        kept = stage(orphan)
    send(half, 0, 10)
    old = (DAY_BEFORE - 2 * ORPHAN_AGE).timestamp()
    os.utime(place(half), (old, old))

    with clock.frozen(DAY_BEFORE + ORPHAN_AGE + timedelta(minutes=1)):
        sweep_vault(timestamp=0)

    media = staging.MEDIA
    assert not holds(staging.vault.Stored(kept.sha256, kept.size, media))
    assert holds(staging.vault.Stored(held.sha256, len(held.sealed.container), media))
    assert not place(half).exists()


def test_sweep_leaves_what_is_handed_in_while_it_runs(
    stages: Stages, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bid uploaded days ago and handed in at the moment of a sweep keeps its bytes: they are receipted."""
    with clock.frozen(DAY_BEFORE - 2 * ORPHAN_AGE):
        stage(held)
    forget = staging.vault._forget

    def forget_after_submission(sha256: str, before: datetime) -> bool:
        hand_in(stages.city, held)
        return forget(sha256, before)

    monkeypatch.setattr(staging.vault, "_forget", forget_after_submission)
    with clock.frozen(DAY_BEFORE):
        sweep_vault(timestamp=0)

    assert holds(Stored(held.sha256, len(held.sealed.container), staging.MEDIA))
    assert held.row.state == "received"
