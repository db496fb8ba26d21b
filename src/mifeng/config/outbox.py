"""``mifeng outbox``: read the messages of an installation without a telephone line (短信发件箱), as the sample city is.

Whoever holds the data folder with its dispatch key reads them; a backup without the key does not.
"""

import sys

from mifeng.config.env import env
from mifeng.gateways.sms.files import FileSms
from mifeng.rules.ledger import decode64


def main(arguments: list[str]) -> int:
    """List the messages, oldest first: reference, telephone, words."""
    if arguments:
        print("mifeng outbox", file=sys.stderr)
        return 2
    data = env().data
    try:
        secret = decode64((data / "keys" / "dispatch.key").read_text().strip())
        for message in FileSms(data / "outbox", secret).messages():
            print(f"{message.reference}  {message.phone}\n{message.text}\n")
    except (OSError, ValueError) as error:
        print(f"mifeng outbox: {error}", file=sys.stderr)
        return 1
    return 0
