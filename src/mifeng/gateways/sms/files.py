"""A gateway that sends nothing (文件短信网关): every message becomes a file that only the holder of a key can read.

It is what an installation without a telephone line has, and what the sample city has. A file holds a nonce and
AES-256-GCM of the message under the dispatch key, bound to the file's name; a folder full of them tells a reader of
backups how many messages there were, and neither to whom nor about what.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mifeng.gateways.sms import Message, Outcome, Sent, Unreachable
from mifeng.rules.encoding import canonical, encode_tuple, parse_canonical

NONCE_BYTES = 12
SUFFIX = ".sms"


class FileSms:
    """Messages as closed files in a folder (文件短信网关).

    Args:
        folder: where they are put; made on first use.
        secret: the dispatch key, 32 bytes.
    """

    def __init__(self, folder: Path, secret: bytes) -> None:
        self._folder = folder
        self._key = AESGCM(HKDF(SHA256(), 32, None, encode_tuple("outbox key")).derive(secret))

    def send(self, message: Message) -> Outcome:
        """Write one message unless it is there; on disk when this returns."""
        path = self._folder / f"{message.reference}{SUFFIX}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                _write(path, self._close(message))
            return Sent(hashlib.sha256(path.read_bytes()).hexdigest())
        except OSError as error:
            return Unreachable(error.strerror or type(error).__name__)

    def messages(self) -> Iterator[Message]:
        """Return every message that can be opened, in the order in which they were written.

        Raises:
            ValueError: for a file that this key does not open.
        """
        paths = self._folder.glob(f"*{SUFFIX}") if self._folder.is_dir() else ()
        for path in sorted(paths, key=lambda one: (one.stat().st_mtime_ns, one.name)):
            yield self._open(path)

    def _close(self, message: Message) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        content = canonical({"phone": message.phone, "text": message.text})
        return nonce + self._key.encrypt(nonce, content, message.reference.encode())

    def _open(self, path: Path) -> Message:
        reference, sealed = path.name.removesuffix(SUFFIX), path.read_bytes()
        try:
            content = self._key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], reference.encode())
        except InvalidTag as error:
            raise ValueError(f"{path.name} is not closed under this key") from error
        fields = parse_canonical(content)
        if not isinstance(fields, dict):
            raise ValueError(f"{path.name} holds no message")
        return Message(reference, str(fields["phone"]), str(fields["text"]))


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    draft = path.with_suffix(".part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
