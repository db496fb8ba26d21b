"""The clause behind each reason code (阻止原因的依据).

One line per code. The right side is a clause id of ``docs/law`` or ``our choice (ADR-n)``, never a guess dressed up as
law. The text that a person reads stands in ``web/shell/texts.py`` under the same code; a house test compares the two
lists.
"""

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        # who and where in the procedure
        "wrong-state": "our choice (ADR-1)",
        "wrong-post": "NM-2018-67 五(十四)",
        "not-your-site": "NM-2018-67 五(十四)",
        "not-your-project": "NM-2018-67 五(十四)",
        "stale-version": "our choice (ADR-1)",
        "idempotency-mismatch": "our choice (ADR-2)",
        # signing in
        "sign-in-failed": "our choice (ADR-1)",
        "too-many-attempts": "our choice (ADR-1)",
        "seat-code-wrong": "our choice (ADR-9)",
        "seat-pass-over": "our choice (ADR-9)",
        # shape of what was sent
        "malformed": "our choice (ADR-1)",
        "too-large": "our choice (ADR-1)",
        "file-type": "our choice (ADR-1)",
        "file-active-content": "our choice (ADR-1)",
        "file-encrypted": "our choice (ADR-1)",
        # entry of a project
        "supervisor-missing": "NM-2018-67 二(四)",
        "catalogue-needs-central-agency": "BN-2023 二(三)",
        "agency-banned": "BN-2023 二(四)6",
        "remote-unsuitable": "BN-2023 三(五)",
        "host-missing": "LY-2022-14 二(一)",
        "budget-missing": "GPLR-30",
        "budget-mismatch": "GPLR-30",
        # the seat plan
        "committee-size": "MOF-87-47",
        "experts-share": "MOF-87-47",
        "buyer-seat": "LY-2022-14 四(一)",
        "host-seats": "LY-2022-14 四(一)",
        "guest-required": "LY-2022-14 四(一)",
        "guest-seats": "LY-2022-14 四(一)",
        "session-period": "our choice (ADR-1)",
        "session-exists": "our choice (ADR-1)",
        "seat-taken": "our choice (ADR-1)",
        "seat-unready": "BN-2023 三(二)",
        "seats-short": "LY-2022-14 四(一)",
        "seats-pending": "LY-2022-14 四(一)",
        "seats-missing": "LY-2022-14 四(一)",
        "reply-overdue": "our choice (ADR-1)",
        "too-early": "our choice (ADR-1)",
        # documents, notice, deadline
        "document-missing": "GPLR-31",
        "document-unapproved": "GPLR-15",
        "supply-period-short": "GPLR-31",
        "bid-period-short": "GPL-35",
        "clarification-late": "GPLR-31",
        "deadline-earlier": "GPLR-31",
        "session-before-deadline": "our choice (ADR-1)",
        "deadline-passed": "GPLR-31",
        "calendar-unpublished": "our choice (ADR-3)",
        "reason-required": "our choice (ADR-1)",
        # the log
        "no-witness": "our choice (ADR-2)",
        # the library and the draw of experts
        "expert-known": "our choice (ADR-4)",
        "class-small": "BN-2023R 四3",
        "panel-exists": "our choice (ADR-4)",
        "draw-unlisted": "our choice (ADR-4)",
        "pool-small": "our choice (ADR-4)",
        "session-begun": "our choice (ADR-4)",
        "invitation-over": "our choice (ADR-4)",
        "library-closed": "BN-2023R 四1",
        "contributors-few": "our choice (ADR-4)",
        "walk-order": "our choice (ADR-4)",
        # the sealed bid
        "trustees-missing": "our choice (ADR-6)",
        "policy-unsound": "our choice (ADR-6)",
        "envelope-malformed": "our choice (ADR-6)",
        "envelope-policy": "our choice (ADR-6)",
        "envelope-copied": "our choice (ADR-6)",
        "bid-exists": "our choice (ADR-6)",
        "ticket-invalid": "our choice (ADR-6)",
        "ticket-expired": "our choice (ADR-6)",
        "key-bound": "our choice (ADR-6)",
        "not-bound": "our choice (ADR-6)",
        "nonce-expired": "our choice (ADR-6)",
        "signature-invalid": "our choice (ADR-6)",
        "upload-incomplete": "MOF-87-33",
        "offset-other": "our choice (ADR-6)",
        # the opening
        "bids-short": "MOF-87-41",
        "no-trustees": "our choice (ADR-6)",
        "key-mismatch": "our choice (ADR-6)",
        "key-window-over": "our choice (ADR-6)",
        "keys-missing": "our choice (ADR-6)",
        "record-window-over": "MOF-87-42",
        "record-answered": "MOF-87-42",
        "opened-short": "GPL-36",
        "key-absent": "our choice (ADR-6)",
        "bytes-missing": "our choice (ADR-6)",
        "share-missing": "our choice (ADR-6)",
        "stanza-bad": "our choice (ADR-6)",
        "content-broken": "our choice (ADR-6)",
        # the evaluation
        "template-missing": "GPLR-34",
        "codes-late": "our choice (ADR-5)",
        "review-missing": "MOF-87-44",
        "not-a-member": "MOF-87-45",
        "not-the-chair": "MOF-87-45",
        "chair-buyer": "MOF-87-45",
        "seeds-missing": "our choice (ADR-5)",
        "copies-missing": "LC-2018-80 三(六)",
        "sheet-other": "our choice (ADR-5)",
        "sheets-missing": "our choice (ADR-5)",
        "not-your-sheet": "MOF-87-61",
        "report-other": "GPLR-41",
        "report-signed": "GPLR-41",
        # the scoring template
        "template-sum": "MOF-87-55",
        "item-twice": "our choice (ADR-7)",
        "item-range": "GPLR-34",
        "item-kind": "our choice (ADR-7)",
        "extreme-wide": "our choice (ADR-7)",
        "price-item": "MOF-87-55",
        "price-weight": "MOF-87-55",
        "deduction-unknown": "our choice (ADR-7)",
        "deduction-rate": "MOF-2022-19",
        "deduction-twice": "our choice (ADR-7)",
        # the sheet of a seat
        "item-unknown": "GPLR-34",
        "code-unknown": "our choice (ADR-5)",
        "score-range": "MOF-87-64",
        "score-step": "GPLR-34",
        "remark-missing": "our choice (ADR-7)",
        "cells-missing": "MOF-87-55",
        "objective-differs": "MOF-87-64",
        # quotes, corrections, order
        "price-above-ceiling": "MOF-87-63",
        "price-nought": "our choice (ADR-7)",
        "deduction-unlisted": "GPLR-34",
        "deduction-double": "MOF-2020-46-9",
        "correction-unlawful": "MOF-87-64",
        "correction-baseless": "MOF-87-64",
        "correction-wrong": "MOF-87-64",
        "majority-missing": "MOF-87-61",
        "qualified-short": "MOF-87-44",
        "valid-short": "GPL-36",
        "award-order": "GPLR-43",
        "award-ground": "GPLR-49",
        "candidates-spent": "GPLR-49",
        "names-missing": "GPLR-43",
    }
)

# The backstops of the database and the reason each of them means when an act runs into it.
CONSTRAINT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "seat_once": "seat-taken",
        "session_once": "session-exists",
        "document_version_once": "stale-version",
        "mark_once": "envelope-copied",
        "envelope_once": "envelope-copied",
        "bid_once": "envelope-copied",
        "bid_key_once": "bid-exists",
        "expert_once": "expert-known",
        "panel_once": "panel-exists",
    }
)
