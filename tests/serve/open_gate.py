"""The platform's settings with a gate that everyone passes, so that streams can be opened without a project."""

from mifeng.config.settings import *  # noqa: F403 - these are the settings, but for one

LIVE_GATE = "tests.serve.open_gate.allowed"


def allowed(session_key: str, topic: str) -> bool:
    """Let everyone follow everything."""
    return True
