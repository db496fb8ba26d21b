"""The evidence bundle (证据包): everything that proves a project, in one file that anybody checks without the platform.

* the **archive** is a plain tar in which equal content is equal bytes (``archive``, ``layout``);
* its **manifest** says what it is about, which cut it is, and the hash of every file (``manifest``);
* **records** are what the files hold, **forms** the one form that each has, **reading** puts them together;
* what is **withheld** is computed, and each **redaction** has its commitment, reason and clause (``withholding``,
  ``redaction``);
* the **catalogue** names the checks; the verifier's program carries them out.

Nothing here verifies anything. ``docs/spec/bundle.md`` numbers what a reader must check.
"""

from mifeng.rules.bundle.archive import pack, unpack
from mifeng.rules.bundle.catalogue import CATALOGUE
from mifeng.rules.bundle.manifest import Filed, Lot, Manifest, format_manifest, parse_manifest, stage_of
from mifeng.rules.bundle.reading import BidFile, Bundle, Line, Signed, read_bundle
from mifeng.rules.bundle.redaction import GROUNDS, KINDS, Redaction, Withheld, format_redactions, parse_redactions
from mifeng.rules.bundle.withholding import withheld

__all__ = [
    "CATALOGUE",
    "GROUNDS",
    "KINDS",
    "BidFile",
    "Bundle",
    "Filed",
    "Line",
    "Lot",
    "Manifest",
    "Redaction",
    "Signed",
    "Withheld",
    "format_manifest",
    "format_redactions",
    "pack",
    "parse_manifest",
    "parse_redactions",
    "read_bundle",
    "stage_of",
    "unpack",
    "withheld",
]
