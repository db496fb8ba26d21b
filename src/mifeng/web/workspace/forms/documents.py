"""Forms about the tender document (招标文件表单)."""

from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mifeng.tenders.actions.documents import MAX_NAME, MAX_REMARK
from mifeng.web.shell import words
from mifeng.web.workspace.forms.base import RoomForm, plain_lines


class UploadForm(RoomForm):
    """Hand in a version of the tender document (上传招标文件)."""

    field_of = MappingProxyType(
        {
            "file-type": "file",
            "file-encrypted": "file",
            "file-active-content": "file",
            "too-large": "file",
            "malformed": "file",
        }
    )
    file = forms.FileField(
        label=gettext_lazy("招标文件"),
        max_length=MAX_NAME,
        widget=forms.FileInput(attrs={"accept": "application/pdf,.pdf"}),
        error_messages={
            "empty": gettext_lazy("这个文件是空的"),
            "invalid": gettext_lazy("没有收到文件，请重新选择"),
            "missing": gettext_lazy("没有收到文件，请重新选择"),
        },
    )

    def __init__(self, *args: Any, max_bytes: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("只收PDF，不超过%(size)s。文件里不能有脚本、附件或打开密码。") % {
            "size": words.size(max_bytes)
        }


class ReturnForm(RoomForm):
    """Return the tender document with a remark (退回招标文件)."""

    field_of = MappingProxyType({"malformed": "remark", "too-large": "remark"})
    remark = forms.CharField(
        label=gettext_lazy("退回意见"),
        max_length=MAX_REMARK,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("代理机构会看到全文，并记入台账。"),
    )

    def clean_remark(self) -> str:
        """Keep line ends in one form."""
        return plain_lines(self.cleaned_data["remark"])
