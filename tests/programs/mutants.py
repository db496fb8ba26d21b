"""Bundles that lie about one thing each (变异证据包), under the check that finds it and the code it says."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from mifeng.rules.bundle import layout
from mifeng.rules.ledger import Note
from tests.programs import further, rigged
from tests.programs.forging import Forge
from tests.programs.lies import (
    OPENING,
    bid_behind_the_list,
    broken_log_signature,
    broken_proof,
    codes_after_contributions,
    contribution,
    copied_slot,
    draw_path,
    dropped,
    earlier_deadline,
    edited,
    entry,
    excluded_selected,
    extra_file,
    fewer_countersignatures,
    first_bid,
    flipped,
    fourth_trustee,
    head,
    header_in_a_second_form,
    hidden_draw,
    hidden_entry,
    late_bid,
    later_witness,
    left_out,
    lost_part,
    malformed,
    other_ciphertext,
    other_envelope,
    other_project,
    other_receipt,
    other_seed,
    other_share,
    recorded,
    redaction,
    revoked,
    rulebook,
    said_withheld,
    second_list,
    seed_before_contributions,
    skipped_rank,
    stuffed_pool,
    swapped_list,
    swapped_walk,
    unlisted_handle,
    witnessed_late,
    wrong_shares,
)

PUBLIC, SUPERVISOR = "public", "supervisor"
# The cuts of the same project once its result is announced.
ANNOUNCED, JUDGED = "announced", "judged"


@dataclass(frozen=True)
class Mutant:
    """One lie (变异).

    Args:
        check: the only one that finds it.
        code: by which it names it.
        forge: tells the lie.
        cut: of the bundle it is told in.
    """

    check: str
    code: str
    forge: Callable[[Forge], object]
    cut: str = PUBLIC


MUTANTS: dict[str, Mutant] = {
    "a file that nobody lists": Mutant("C1", "file-unlisted", extra_file),
    "a document that is not there": Mutant("C1", "file-missing", lost_part),
    "a file in another form": Mutant("C1", "file-malformed", malformed),
    "a record of another end": Mutant("C1", "state-other", edited(OPENING, lambda value: value.update(ended="short"))),
    "a draw left out": Mutant("C1", "draw-other", hidden_draw),
    "a check said to be withheld": Mutant("C1", "check-other", said_withheld),
    "a bundle of another project": Mutant("C1", "project-other", other_project),
    "a dropped entry": Mutant("C2", "chain-broken", dropped),
    "one countersignature under the deadline": Mutant(
        "C3", "countersignature-missing", fewer_countersignatures("deadline")
    ),
    "one countersignature under the list": Mutant("C3", "countersignature-missing", fewer_countersignatures("close")),
    "a second list": Mutant("C3", "decisive-count", second_list),
    "a redaction without basis": Mutant("C4", "redaction-baseless", redaction(lambda rows: rows[0].update(basis=[]))),
    "a redaction under another clause": Mutant(
        "C4", "redaction-baseless", redaction(lambda rows: rows[0].update(basis=["GPL-36"]))
    ),
    "something withheld in silence": Mutant("C4", "redaction-missing", redaction(lambda rows: rows.pop())),
    "a redaction of nothing": Mutant(
        "C4", "redaction-idle", redaction(lambda rows: rows[0].update(commitment="00" * 32))
    ),
    "a redaction twice": Mutant("C4", "redaction-twice", redaction(lambda rows: rows.append(rows[-1]))),
    "an entry of a bid hidden": Mutant("C4", "redaction-unlawful", hidden_entry),
    "a forged signature of the log": Mutant("A1", "log-signature-wrong", head(broken_log_signature)),
    "a checkpoint without witness": Mutant(
        "A2", "cosignature-wrong", head(lambda note: Note(note.text, note.signatures[:1]))
    ),
    "a forged countersignature": Mutant(
        "A3",
        "countersignature-wrong",
        edited(
            layout.COUNTERSIGNATURES,
            lambda value: value["countersignatures"][0].update(
                signature=flipped(value["countersignatures"][0]["signature"])
            ),
        ),
    ),
    "a forged acknowledgement": Mutant(
        "A4",
        "ack-wrong",
        recorded(lambda value: value["acks"][0].update(verdict="bad")),
    ),
    "a share that its trustee did not sign": Mutant("A4", "release-wrong", other_share, SUPERVISOR),
    "a forged submission": Mutant(
        "A5", "submission-wrong", recorded(lambda value: value["submitted"][0].update(nonce="00"))
    ),
    "a revoked certificate without doubt": Mutant("A5", "certificate-wrong", revoked, SUPERVISOR),
    "a forged contribution": Mutant(
        "A6", "contribution-unsigned", contribution(lambda one: one.update(signature=flipped(one["signature"])))
    ),
    "another salt of an entry": Mutant(
        "L1", "leaf-wrong", entry("open_keys", lambda row: row.update(salt=flipped(row["salt"])))
    ),
    "another salt of a body": Mutant(
        "L1", "body-wrong", entry("open_keys", lambda row: row.update(body_salt=flipped(row["body_salt"])))
    ),
    "a proof of another place": Mutant(
        "L2", "inclusion-wrong", entry("open_all", lambda row: row["proof"].__setitem__(0, flipped(row["proof"][0])))
    ),
    "a log that does not go on": Mutant(
        "L3",
        "log-forked",
        edited(
            layout.CHECKPOINTS,
            lambda value: value["checkpoints"][-1]["proof"].__setitem__(0, "00" * 32),
        ),
    ),
    "another notice": Mutant(
        "L4", "notice-other", edited(layout.NOTICES, lambda value: value["notices"][0].update(text="另一公告"))
    ),
    "another document": Mutant(
        "L4", "document-other", lambda forge: forge.files.update({"tender/documents/1.pdf": b"%PDF-1.7 other"})
    ),
    "a back-dated entry": Mutant("L5", "time-behind", later_witness),
    "a bid behind the list": Mutant("T1", "order-wrong", bid_behind_the_list),
    "a late bid": Mutant("T2", "bid-late", late_bid),
    "a list under another deadline": Mutant("T2", "deadline-other", earlier_deadline),
    "a bid witnessed too late": Mutant("T2", "bid-witnessed-late", witnessed_late),
    "a seed before its contributions": Mutant("T3", "order-wrong", seed_before_contributions),
    "codes fixed after a contribution": Mutant("T4", "order-wrong", codes_after_contributions),
    "a header in a second form": Mutant("B1", "header-malformed", header_in_a_second_form),
    "a list in another order": Mutant("B1", "list-other", swapped_list),
    "a bid with a fourth trustee": Mutant("B2", "policy-not-kept", other_envelope(fourth_trustee)),
    "a receipt of another key": Mutant("B3", "receipt-other", other_receipt),
    "a bid left out": Mutant("B3", "bid-left-out", left_out, SUPERVISOR),
    "another key of the read-out": Mutant(
        "B4",
        "key-wrong",
        recorded(lambda value: value["keys"].update(readout=flipped(value["keys"]["readout"]))),
    ),
    "another ciphertext": Mutant("B4", "ciphertext-other", other_ciphertext),
    "two wrong shares": Mutant("B5", "shares-short", wrong_shares, SUPERVISOR),
    "a copied stanza": Mutant("B6", "copied", other_envelope(copied_slot)),
    "another price": Mutant(
        "B7", "read-out-other", edited(OPENING, lambda value: first_bid(value).update(price_yuan="1.00"))
    ),
    "another bidder": Mutant(
        "B7", "read-out-other", edited(OPENING, lambda value: first_bid(value).update(bidder="某公司")), SUPERVISOR
    ),
    "a handle that no notice lists": Mutant("D1", "handle-unlisted", unlisted_handle),
    "a stuffed pool": Mutant("D2", "root-wrong", stuffed_pool, SUPERVISOR),
    "a proof that does not hold": Mutant("D3", "contribution-wrong", broken_proof),
    "another seed": Mutant("D4", "seed-wrong", other_seed),
    "a swapped order": Mutant("D5", "walk-wrong", swapped_walk),
    "a skipped rank": Mutant("D5", "walk-wrong", skipped_rank, SUPERVISOR),
    "an excluded person selected": Mutant("D6", "seat-wrong", excluded_selected, SUPERVISOR),
    "a pool too small": Mutant("D7", "pool-small", rulebook("pool_share_max", '"0.01"')),
    "another reason for a sealed bid": Mutant(
        "X1", "fault-other", edited(OPENING, lambda value: first_bid(value, "unopened").update(fault="platform"))
    ),
    "an opening with too few": Mutant("X2", "state-unlawful", rulebook("suppliers_min", "5")),
    "an entry in another chain": Mutant("C2", "stream-other", further.other_stream),
    "a log of another name": Mutant("A1", "origin-other", further.other_origin),
    "a release that no entry names": Mutant("A4", "release-unlogged", further.unlogged_release, SUPERVISOR),
    "another technical file": Mutant("A5", "identity-wrong", further.other_technical_file, SUPERVISOR),
    "a log cut short": Mutant("L2", "entry-uncovered", further.no_last_checkpoint),
    "a notice of another policy": Mutant("L4", "policy-other", further.other_policy_hash),
    "a package of another salt": Mutant(
        "L4",
        "lot-ref-wrong",
        further.facts("close_bidding", "close", lambda one: one.update(lot_ref_salt=flipped(one["lot_ref_salt"]))),
    ),
    "a seed of another entry": Mutant("L4", "leaf-unknown", further.other_seed_leaf),
    "a notice too many": Mutant("L4", "notice-count", further.one_notice_more),
    "another rulebook": Mutant("L4", "rulebook-other", further.other_rulebook, SUPERVISOR),
    "an entry before the one it follows": Mutant(
        "L5", "time-backwards", further.moved_time("open_all", timedelta(seconds=-1))
    ),
    "an entry from the future": Mutant("L5", "time-ahead", further.moved_time("open_all", timedelta(hours=1))),
    "a bid taken back": Mutant("B3", "receipt-outdated", further.withdrawn),
    "a draw for another place": Mutant("D1", "handle-other", further.other_salt, SUPERVISOR),
    "a contribution that the log tells otherwise": Mutant(
        "D3",
        "contribution-unlogged",
        further.facts("record_contributions", "contribute", lambda one: one["contributions"][0].update(pi="00" * 81)),
    ),
    "an answer that the log tells otherwise": Mutant("D5", "walk-unlogged", further.other_answer, SUPERVISOR),
    "a seat too many": Mutant(
        "D6", "seat-wrong", lambda forge: forge.edit(draw_path(forge), lambda value: value.update(filled=9)), SUPERVISOR
    ),
    "a reason of another end": Mutant(
        "X2", "reason-other", edited(OPENING, lambda value: value.update(reason="opened-short"))
    ),
    "another secret of the codes": Mutant("R1", "code-wrong", rigged.other_secret, ANNOUNCED),
    "two codes exchanged": Mutant("R1", "code-wrong", rigged.exchanged_codes, ANNOUNCED),
    "codes of other seeds": Mutant(
        "R1",
        "seeds-other",
        rigged.noted("issue_codes", "issue_codes", lambda one: one["seeds"][0].update(seed="00" * 32)),
        ANNOUNCED,
    ),
    "codes of a second try": Mutant("R2", "issue-wrong", rigged.second_try, ANNOUNCED),
    "codes for other seats": Mutant(
        "R2",
        "issue-wrong",
        rigged.noted("issue_codes", "issue_codes", lambda one: one["seats"].reverse()),
        ANNOUNCED,
    ),
    "a copy of another file": Mutant(
        "R3",
        "copy-other",
        rigged.noted("record_copies", "record_copies", lambda one: one["files"][0].update(before="00" * 32)),
        JUDGED,
    ),
    "a file without its copy": Mutant(
        "R3",
        "copy-missing",
        rigged.noted("record_copies", "record_copies", lambda one: one["files"][0].update(after="")),
        JUDGED,
    ),
    "a changed score": Mutant("R4", "sheet-other", rigged.rescored(Decimal("0.5"), committed=False), JUDGED),
    "a sheet locked otherwise": Mutant(
        "R4",
        "sheet-missing",
        rigged.noted("lock_technical", "lock_technical", lambda one: one["sheets"][0].update(commitment="00" * 32)),
        ANNOUNCED,
    ),
    "a score between two steps": Mutant(
        "R5", "score-unlawful", rigged.rescored(Decimal("0.25"), committed=True), JUDGED
    ),
    "a correction without majority": Mutant("R5", "correction-wrong", rigged.votes_by_one("find_abnormal"), JUDGED),
    "a second buyer": Mutant("R6", "committee-wrong", rigged.second_buyer, ANNOUNCED),
    "a chair whom nobody elected": Mutant(
        "R6",
        "chair-wrong",
        rigged.noted("elect_chair", "vote_chair", lambda one: one.update(seat="host/3")),
        JUDGED,
    ),
    "a report that one did not sign": Mutant("R6", "report-unsigned", rigged.unsigned_report, JUDGED),
    "other points for the price": Mutant("S1", "price-other", rigged.result(rigged.wrong_price_points), ANNOUNCED),
    "a deduction that nobody granted": Mutant("S1", "price-other", rigged.votes_by_one("grant_deduction"), JUDGED),
    "a deduction whose majority was taken back": Mutant(
        "S1",
        "price-other",
        rigged.noted("withdraw_opinion", "withdraw_opinion", lambda one: one.update(deduction="another")),
        JUDGED,
    ),
    "a wrong sum": Mutant("S2", "sum-other", rigged.wrong_sum, JUDGED),
    "a wrong total": Mutant("S2", "sum-other", rigged.result(rigged.wrong_total), ANNOUNCED),
    "a bid thrown out without cause": Mutant("S2", "validity-other", rigged.larger_budget, JUDGED),
    "two places exchanged": Mutant("S3", "rank-other", rigged.places_exchanged, ANNOUNCED),
    "another price in the notice": Mutant(
        "S4",
        "notice-wrong",
        lambda forge: rigged.noticed(forge, lambda notice: replace(notice, price_yuan="1.00")),
        ANNOUNCED,
    ),
    "the second in the place of the first": Mutant("S4", "award-other", rigged.second_wins(passed=False), ANNOUNCED),
    "a candidate passed over without a ground": Mutant(
        "X3", "ground-missing", rigged.second_wins(passed=True), ANNOUNCED
    ),
    "a score committed to when all were shown": Mutant("T4", "order-wrong", rigged.late_commitment, ANNOUNCED),
    "a forged signature of a seat": Mutant("A7", "seat-signature-wrong", rigged.forged_seat, ANNOUNCED),
    "another template": Mutant("L4", "template-other", rigged.other_template, ANNOUNCED),
    "another report handed over": Mutant("L4", "report-other", rigged.other_report, ANNOUNCED),
    "a result left out": Mutant("C1", "file-missing", rigged.no_result, ANNOUNCED),
    "a project said to be less far": Mutant("C1", "state-other", rigged.earlier_stage, JUDGED),
    "a second showing": Mutant("C3", "decisive-count", rigged.second_showing, ANNOUNCED),
    "an award withheld": Mutant("C4", "redaction-unlawful", rigged.hidden_award, ANNOUNCED),
    "a file that the log tells otherwise": Mutant("B7", "read-out-other", rigged.other_opened_file, JUDGED),
}

# The nine that an outsider is promised to find, by what they are commonly called.
PROMISED = {
    "changed score": "a changed score",
    "dropped entry": "a dropped entry",
    "swapped order": "a swapped order",
    "late bid": "a late bid",
    "other seed": "another seed",
    "forged signature": "a forged signature of the log",
    "wrong code key": "another secret of the codes",
    "wrong sum": "a wrong sum",
    "other K_readout": "another key of the read-out",
}
