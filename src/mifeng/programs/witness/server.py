"""The witness's HTTP side (见证服务): small requests only, each with a deadline, a bounded number at a time."""

import io
import logging
import socket
import socketserver
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mifeng.programs.witness.draw import DrawJudge
from mifeng.programs.witness.judge import PLAIN, Answer, Judge
from mifeng.programs.witness.memory import Memory

MAX_BODY_BYTES = {"/add-checkpoint": 64 * 1024, "/contribute": 2 * 1024 * 1024}
REQUEST_SECONDS = 10.0
MAX_CONNECTIONS = 64
STOP_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Serves one witness; a connection beyond the limit is closed at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], judge: Judge, memory: Memory, draws: DrawJudge | None = None) -> None:
        self.paths = {"/add-checkpoint": judge.answer} | ({"/contribute": draws.answer} if draws else {})
        self.memory = memory
        self.stopping = False
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._busy = 0
        self._idle = threading.Condition()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name, which may take long where there is none."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread if there is a place for it."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what went wrong with one connection; the others are not concerned."""
        _log.exception("connection from %s", client_address)

    def judged(self, path: str, body: bytes) -> Answer:
        """Return the judge's answer; a memory that cannot be written means that nothing is signed."""
        with self._idle:
            self._busy += 1
        try:
            return self.paths[path](body)
        except sqlite3.Error:
            _log.exception("the memory cannot be written")
            return Answer(503, "the memory cannot be written\n")
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def finish(self) -> None:
        """Wait a moment for answers under way, then close."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, timeout=STOP_SECONDS)
        self.server_close()
        self.memory.close()


class Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a connection."""

    protocol_version = "HTTP/1.1"
    server_version = "mifeng-witness"
    sys_version = ""
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = PLAIN
    server: Server

    def setup(self) -> None:
        """Read through a deadline instead of a time-out for each byte."""
        super().setup()
        self.deadline = time.monotonic() + REQUEST_SECONDS
        self.rfile.close()
        self.rfile = io.BufferedReader(_UntilDeadline(self))

    def handle_one_request(self) -> None:
        """Give the next request, the wait for it included, its time."""
        self.deadline = time.monotonic() + REQUEST_SECONDS
        super().handle_one_request()
        if self.server.stopping:
            self.close_connection = True

    def do_GET(self) -> None:
        """Answer whether the witness can read its memory."""
        if self.path != "/healthz":
            self._send(Answer(404, "not found\n"))
            return
        try:
            self.server.memory.check()
        except sqlite3.Error:
            self._send(Answer(503, "the memory cannot be read\n"))
        else:
            self._send(Answer(200, "ok\n"))

    def do_POST(self) -> None:
        """Take a submission, or a request for a contribution."""
        length = self.headers.get("Content-Length", "")
        if self.path not in self.server.paths:
            self._refuse(Answer(404, "not found\n"))
        elif "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self._refuse(Answer(411, "the length is missing\n"))
        elif len(length) > 9 or int(length) > MAX_BODY_BYTES[self.path]:
            self._refuse(Answer(413, f"more than {MAX_BODY_BYTES[self.path]} bytes\n"))
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._send(self.server.judged(self.path, body))
            else:
                self.close_connection = True

    def _refuse(self, answer: Answer) -> None:
        """Answer without having read the body, so nothing further can be read from the connection."""
        self.close_connection = True
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # the name is the standard library's
        """Keep the library's access lines out of the log; submissions are logged by the judge."""
        _log.debug(format, *args)


class _UntilDeadline(io.RawIOBase):
    """The bytes of a connection, for as long as the request under way may take."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connection: socket.socket = handler.connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._handler.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
