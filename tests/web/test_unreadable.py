"""Forms that are not read to their end (读不完的表单): refused with their code and clause, and nothing is written."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from mifeng.kernel.models import Entry
from tests.factories import City
from tests.web.rooms import client_of, codes, shown_codes, text_of

NEW = "/workspace/new"
MUCH = "a" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
MANY = {f"field{number}": "1" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
TORN = {"data": b"--x\r\nContent", "content_type": "multipart/form-data; boundary="}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"data": f"text={MUCH}", "content_type": "application/x-www-form-urlencoded"}, "too-large"),
        ({"data": MANY}, "too-large"),
        (TORN, "malformed"),
    ],
    ids=["much", "many", "torn"],
)
@pytest.mark.parametrize("path", [NEW, "/account/sign-in"])
def test_form_that_is_not_read_is_refused_with_its_clause(
    city: City, path: str, sent: dict[str, Any], code: str
) -> None:
    """All that is wrong, who can mend it and under which clause, as for every other refusal (our choice (ADR-1))."""
    before = Entry.objects.count()

    answer = client_of("agency-a").post(path, **sent)

    page = text_of(answer)
    assert (answer.status_code, codes(answer), shown_codes(page)) == (422, [code], {code})
    assert "平台规则（ADR-1）" in page
    assert "您修改后再提交" in page
    assert Entry.objects.count() == before


def test_request_for_another_host_gets_a_bare_page(city: City) -> None:
    """Whoever asks for a host that is not ours learns nothing, not even the centre's name."""
    answer = Client().get("/", headers={"Host": "evil.example"})

    assert (answer.status_code, codes(answer)) == (400, [])
    assert "提交的内容不完整" in text_of(answer)
    assert "交易中心" not in text_of(answer)
