"""The installation itself (平台实例): its name, its origin, its mode."""

from functools import cache

from django.conf import settings

from mifeng.kernel import clock
from mifeng.kernel.models import ClockOffset, Instance


class ModeDiffers(Exception):
    """The server's setting and the database disagree on test mode; the server does not start."""


def establish(*, origin: str, centre: str, test_mode: bool) -> Instance:
    """Write the one row that says what this installation is, or return it when it is there (平台初始化)."""
    found = Instance.objects.first()
    if found is not None:
        return found
    if test_mode:
        origin = f"{origin}/test"
        ClockOffset.objects.create(offset=clock.NO_OFFSET)
    real_now = clock.now()
    return Instance.objects.create(origin=origin, centre=centre, test_mode=test_mode, created_at=real_now)


def check_mode() -> Instance:
    """Return the installation, or refuse to go on when its mode is not the server's (测试模式一致性).

    Raises:
        ModeDiffers: with both modes.

    Source: our choice (ADR-1)
    """
    instance = Instance.objects.get()
    if instance.test_mode != settings.TEST_MODE:
        raise ModeDiffers(f"database test_mode={instance.test_mode}, MIFENG_TEST_MODE={settings.TEST_MODE}")
    return instance


@cache
def centre_name() -> str:
    """Return the name of the trading centre, which never changes while the process runs."""
    return Instance.objects.get().centre
