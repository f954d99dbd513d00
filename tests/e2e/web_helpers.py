# SPDX-License-Identifier: Apache-2.0
"""What the tests of HTTP, TLS and authentication share: certificates, an exporter's process, raw requests."""

import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

LIMIT = 60  # seconds: far more than anything here takes; reaching it is a failure


def eventually(condition, what):
    """Waits until condition() is true."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError(f"gave up waiting: {what}")


class Authority:
    """A certificate authority in a folder, and the certificates it signs, made with the openssl command."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.name = name
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                      "-subj", f"/CN={name}", "-keyout", self.path(name, "key"), "-out", self.path(name, "pem"))

    def path(self, name, kind):
        return str(self.folder / f"{name}.{kind}")

    @property
    def certificate(self):
        return self.path(self.name, "pem")

    def issue(self, name, sans="DNS:localhost,IP:127.0.0.1,IP:::1"):
        """Returns the paths of a new certificate and its key."""
        request = self.path(name, "csr")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={sans}\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                      "-keyout", self.path(name, "key"), "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.path(self.name, "key"),
                      "-set_serial", str(time.monotonic_ns()), "-days", "1", "-extfile", str(extensions),
                      "-out", self.path(name, "pem"))
        return self.path(name, "pem"), self.path(name, "key")

    @staticmethod
    def _openssl(*arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class Exporter:
    """A running exporter. Ends with the `with` block."""

    def __init__(self, web_config=None, listen="127.0.0.1:0", arguments=()):
        command = [os.environ["BINNACLE_SYSTEM_EXPORTER"], f"--web.listen-address={listen}", *arguments]
        if web_config is not None:
            command.append(f"--web.config.file={web_config}")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        match = self.wait_for_line(r'msg="?listening"?.* address="?([^" ]+)')
        self.url = match.group(1)
        self.tls = self.url.startswith("https://")
        host, port = self.url.split("//")[1].rsplit(":", 1)
        self.address = host.strip("[]"), int(port)

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self.lines.append(None)
            self._changed.notify_all()

    def wait_for_line(self, pattern):
        """Waits for a log line that matches, from the start on."""
        def find():
            return next((m for line in self.lines if line for m in [re.search(pattern, line)] if m), None)
        with self._changed:
            self._changed.wait_for(lambda: find() or None in self.lines, timeout=LIMIT)
            assert find(), f"no line like {pattern} in {self.lines}"
            return find()

    def count_lines(self, pattern):
        with self._changed:
            return sum(1 for line in self.lines if line and re.search(pattern, line))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()

    def terminate(self):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=LIMIT)

    def connect(self, context=None):
        """A connection; with TLS when the exporter has it. The server's name is not checked unless context does."""
        raw = socket.create_connection(self.address, timeout=LIMIT)
        if not self.tls:
            return raw
        try:
            return (context or any_server()).wrap_socket(raw, server_hostname="localhost")
        except BaseException:
            raw.close()
            raise

    def send(self, request, context=None):
        """Sends bytes, returns all that comes back."""
        with self.connect(context) as connection:
            connection.sendall(request)
            return receive(connection)

    def get(self, path="/metrics", headers=(), context=None):
        """Returns the status and the body."""
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        return parse(self.send("\r\n".join(lines).encode(), context))


def receive(connection):
    """All until the other side closes."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def parse(response):
    """The status and the body of a response, whose length must be the one it states."""
    head, separator, body = response.partition(b"\r\n\r\n")
    assert separator, f"no whole head in {response[:200]!r}"
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    assert length and int(length.group(1)) == len(body), head
    return int(head.split()[1]), body


def any_server(maximum=None, minimum=None, certificate=None):
    """A client that takes any server's certificate, and may show its own (certificate, key)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = minimum or ssl.TLSVersion.TLSv1_2
    context.maximum_version = maximum or ssl.TLSVersion.TLSv1_3
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def trusting(authority):
    """A client that takes only servers that the authority vouches for."""
    return ssl.create_default_context(cafile=authority.certificate)


def server_certificate(exporter):
    """The bytes of the certificate that a new connection is shown."""
    with exporter.connect() as connection:
        return connection.getpeercert(binary_form=True)


def der(path):
    with open(path, encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def replace(path, text):
    """Writes another file and renames it over the old one."""
    new = f"{path}.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(new, path)
