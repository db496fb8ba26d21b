"""The platform's settings for tests (测试配置): passwords cost a thousandth, nothing else differs.

The sample city signs sixteen people up at each start of a run, and pages' tests sign in again and again. The algorithm
stays the platform's; ``tests/web/test_account.py`` measures the platform's own cost where it matters.
"""

from mifeng.config.settings import *  # noqa: F403 - these are the settings, but for one

PASSWORD_HASHERS = ["tests.passwords.Cheap"]
