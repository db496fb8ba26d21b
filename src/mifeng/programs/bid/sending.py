"""Handing in, asking about, taking back, and the key at the opening (递交、查询、撤回、确认密钥).

Before anything is sent that counts, the folder says so on disk: a version whose answer never came is *sent*, neither
handed in nor not, until the platform has been asked about it. Every command can be given again after a cut at any
moment.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from mifeng.programs.bid.folder import RECEIPTS, SUBMIT_KEY, Folder, State, Version, read_policy
from mifeng.programs.bid.receipts import Handed, is_listed, openable, submission_receipt, verdicts
from mifeng.programs.bid.reception import Answer, Progress, Reception, Refused
from mifeng.programs.bid.texts import Failed
from mifeng.rules.certificates import point_of
from mifeng.rules.encoding import canonical
from mifeng.rules.errors import Tampered
from mifeng.rules.reception import record_answer
from mifeng.rules.seal.policy import Policy, policy_hash
from mifeng.rules.seal.statements import Verb, sign_ecdsa, submission


@dataclass(frozen=True, slots=True)
class Standing:
    """How a version stands with the platform, as far as it is signed for (递交情况).

    Args:
        envelope: hash of the version that lies with the platform, in hexadecimal; empty for none.
        version_here: that version, when this folder knows it.
        state: word for it, as the platform says; empty for none.
        receipt: where R1 lies; None while it is not to be had.
        at: time of the submission as R1 proves it; None without R1.
        trustees: each trustee's signed verdict.
        openable: enough of them are ``ok`` (R2).
        opening: what the platform says of the opening.
    """

    envelope: str
    version_here: Version | None
    state: str
    receipt: Path | None
    at: datetime | None
    trustees: Mapping[str, str]
    openable: bool
    opening: Mapping[str, object]

    @property
    def found(self) -> bool:
        """Say whether the platform has a bid under this reference."""
        return bool(self.state)


@dataclass(slots=True)
class Desk:
    """An opened bid folder with the way to its platform (递交台)."""

    folder: Folder
    state: State
    policy: Policy
    policy_bytes: bytes
    reception: Reception

    def latest(self) -> Version:
        """Return the version sealed last.

        Raises:
            Failed: ``nothing-sealed``.
        """
        if self.state.latest is None:
            raise Failed("nothing-sealed")
        return self.state.latest

    def handed(self, version: Version) -> Handed:
        """Return what signatures about a version name."""
        return Handed(
            policy_hash(self.policy_bytes),
            bytes.fromhex(self.state.bid_ref),
            version.number,
            bytes.fromhex(version.envelope),
        )

    def remember(self, version: Version) -> Version:
        """Write down how far a version got; return it."""
        self.state = self.folder.remember(self.state.with_version(version))
        return version

    # handing in ----------------------------------------------------------------------------------------------------

    def bind(self, ticket: str) -> bool:
        """Bind the submit key to the bidder's account, the first time; say whether that was done now.

        Raises:
            Failed: ``ticket-missing``.
        """
        if self.state.bound:
            return False
        if not ticket:
            raise Failed("ticket-missing")
        self.reception.bind(ticket.strip())
        self.state = self.folder.remember(replace(self.state, bound=True))
        return True

    def check_platform(self) -> None:
        """Refuse to hand in where the platform shows another policy than the one the bid is sealed under (密封规则).

        Raises:
            Failed: ``policy-other``.

        Source: our choice (ADR-6)
        """
        theirs = policy_hash(self.reception.policy()).hex()
        if theirs != self.state.policy_hash:
            raise Failed("policy-other", mine=self.state.policy_hash[:16], theirs=theirs[:16])

    def upload(self, version: Version, progress: Progress) -> None:
        """Upload the sealed file; what arrived earlier is not sent again.

        Raises:
            Failed: ``container-changed``.
        """
        path = self.folder.container(version.number)
        if not path.is_file() or _sha256(path) != version.sha256:
            raise Failed("container-changed", file=path)
        with self._binding_known():
            self.reception.upload(path, version.sha256, progress)

    def submit(self, version: Version) -> Version:
        """Hand a version in by one small signed request; return it as it now stands.

        Raises:
            Refused: the platform did not take it; nothing of it counts.
            Failed: ``unanswered``; the version stays ``sent``.
        """
        sent = self.remember(replace(version, step="sent"))
        try:
            with self._binding_known():
                answer = self._signed("submit", version, sha256=version.sha256)
        except Refused:
            self.remember(version)
            raise
        return self.remember(replace(sent, step="submitted", leaf=str(answer.fields.get("leaf", ""))))

    @contextmanager
    def _binding_known(self) -> Iterator[None]:
        """Learn from a refusal that the platform does not know the submit key, so that a ticket is asked for again."""
        try:
            yield
        except Refused as refused:
            if refused.refusal == "not-bound":
                self.state = self.folder.remember(replace(self.state, bound=False))
            raise

    def withdraw(self, version: Version) -> Version:
        """Take the standing version back; return it as it now stands."""
        answer = self._signed("withdraw", version)
        return self.remember(replace(version, step="withdrawn", leaf=str(answer.fields.get("leaf", version.leaf))))

    # asking --------------------------------------------------------------------------------------------------------

    def ask(self) -> Standing:
        """Ask how the bid stands, keep what is signed, and settle what was not known.

        Raises:
            Failed: ``nothing-sealed``; ``receipt-wrong``, when the platform's receipt does not hold.
        """
        fields = self._signed("status", self.latest()).fields
        envelope, word = str(fields.get("envelope") or ""), str(fields.get("state") or "")
        self._settle(envelope, word)
        version = self._version(envelope)
        receipt, at = self._receipt(version, str(fields.get("receipt") or "")) if version else (None, None)
        rows = fields.get("acks")
        found = verdicts(rows, self.policy, self.handed(version)) if version and isinstance(rows, list) else {}
        if version and found:
            text = canonical({"envelope": envelope, "acks": rows}).decode()
            self.folder.keep_receipt(f"R2-v{version.number}.json", text)
        opening = fields.get("opening")
        return Standing(
            envelope=envelope,
            version_here=version,
            state=word,
            receipt=receipt,
            at=at,
            trustees=found,
            openable=openable(found, self.policy),
            opening=opening if isinstance(opening, dict) else {},
        )

    def _settle(self, envelope: str, word: str) -> None:
        """Learn from the platform what became of a version whose answer never came."""
        step = "withdrawn" if word == "withdrawn" else "submitted"
        for version in self.state.versions:
            if version.envelope == envelope and word and version.step != step:
                self.remember(replace(version, step=step))
            elif version.envelope != envelope and version.step == "sent":
                # Only one may be under way, and it is not the one that lies there: it never arrived.
                self.remember(replace(version, step="sealed"))

    def _version(self, envelope: str) -> Version | None:
        return next((one for one in self.state.versions if one.envelope == envelope), None)

    def _receipt(self, version: Version, text: str) -> tuple[Path | None, datetime | None]:
        """Keep R1 once it holds; return where it lies and the time it proves."""
        path = self.folder.path / RECEIPTS / f"R1-v{version.number}.proof"
        if not text:
            text = path.read_text() if path.is_file() else ""
        if not text:
            return None, None
        try:
            read = submission_receipt(text, self.policy, self.handed(version))
        except (Tampered, ValueError) as error:
            kept = self.folder.keep_receipt(f"R1-v{version.number}.wrong", text)
            raise Failed("receipt-wrong", error=error, file=kept) from error
        self.folder.keep_receipt(path.name, text)
        return path, read.proven.entry.at

    # the key -------------------------------------------------------------------------------------------------------

    def check_listed(self, standing: Standing, version: Version) -> None:
        """Refuse to hand the key in before the witnessed list of bids holds this very envelope (截止清单).

        Raises:
            Failed: ``list-missing``, ``receipt-wrong``, ``not-listed``.

        Source: our choice (ADR-6)
        """
        text = str(standing.opening.get("close") or "")
        if not text:
            raise Failed("list-missing")
        kept = self.folder.keep_receipt("close.proof", text)
        try:
            listed = is_listed(text, self.policy, self.handed(version))
        except (Tampered, ValueError) as error:
            raise Failed("receipt-wrong", error=error, file=kept) from error
        if not listed:
            raise Failed("not-listed", envelope=version.envelope[:16])

    def confirm_key(self, s_b: bytes) -> Answer:
        """Hand in the bidder's key; the platform says whether it fits."""
        return self.reception.post("key", {"bid_ref": self.state.bid_ref, "s_b": s_b.hex()})

    def answer_record(self, objection: str) -> Answer:
        """Confirm the opening record, or object to it in words; what was said before is said again, not twice."""
        nonce, answer = self.reception.nonce(), "objected" if objection else "confirmed"
        bid_ref = bytes.fromhex(self.state.bid_ref)
        message = record_answer(self.policy.lot_ref, bid_ref, answer, objection, nonce)
        fields = {"bid_ref": self.state.bid_ref, "answer": answer, "text": objection, "nonce": nonce.hex()}
        return self.reception.post("record", {**fields, "signature": self.reception.sign(message).hex()})

    def _signed(self, verb: Verb, version: Version, **more: str) -> Answer:
        nonce = self.reception.nonce()
        handed = self.handed(version)
        message = submission(verb, self.policy.lot_ref, handed.bid_ref, handed.version, handed.envelope, nonce)
        fields: dict[str, object] = {
            "bid_ref": self.state.bid_ref,
            "version": version.number,
            "envelope": version.envelope,
            "nonce": nonce.hex(),
            "signature": self.reception.sign(message).hex(),
            **more,
        }
        if verb == "status":
            fields["submit_key"] = self.reception.submit_key.hex()
        return self.reception.post(verb, fields)


@contextmanager
def opened(path: Path, server: str = "", patience: float = 60.0) -> Iterator[Desk]:
    """Open a bid folder, alone, with the way to its platform.

    Raises:
        Failed: when the folder is not made, is in use, or the platform is not known.
    """
    folder = Folder(path)
    with folder.alone():
        state, (policy, data) = folder.state(), read_policy(folder)
        if server and server != state.server:
            state = folder.remember(replace(state, server=server))
        if not state.server:
            raise Failed("server-missing")
        scalar = int.from_bytes(folder.secret(SUBMIT_KEY))
        public = point_of(ec.derive_private_key(scalar, ec.SECP256R1()).public_key())
        reception = Reception(
            state.server, policy.lot_ref.hex(), public, lambda message: sign_ecdsa(scalar, message), patience
        )
        yield Desk(folder, state, policy, data, reception)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
