"""Forms of the workspace (办理表单): they check shape and keep what was typed; the law is checked by the act."""

from mifeng.web.workspace.forms.base import RoomForm
from mifeng.web.workspace.forms.documents import ReturnForm, UploadForm
from mifeng.web.workspace.forms.draws import DrawForm, WidenForm
from mifeng.web.workspace.forms.entry import EntryForm
from mifeng.web.workspace.forms.evaluation import QualificationForm, SeatForm
from mifeng.web.workspace.forms.notices import ClarifyForm, PublishForm
from mifeng.web.workspace.forms.scoring import ScoringForm
from mifeng.web.workspace.forms.seats import ReleaseForm, ReplanForm, SeatPlanForm

__all__ = [
    "ClarifyForm",
    "DrawForm",
    "EntryForm",
    "PublishForm",
    "QualificationForm",
    "ReleaseForm",
    "ReplanForm",
    "ReturnForm",
    "RoomForm",
    "ScoringForm",
    "SeatForm",
    "SeatPlanForm",
    "UploadForm",
    "WidenForm",
]
