"""What must not stand in a log (日志脱敏): the secret in an invited expert's link is the address of a page."""

import logging
import re

SECRET = re.compile(r"(/invitation/)[^/\s?#]+")
MASKED = r"\1…"


class LinkSecrets(logging.Filter):
    """Masks the secret of a link wherever a line names it (链接遮盖); whoever reads it could answer for the expert."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the line's own words and what is put into them; let every line through."""
        record.msg = _masked(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_masked(one) for one in record.args)
        return True


def _masked(value: object) -> object:
    return SECRET.sub(MASKED, value) if isinstance(value, str) else value
