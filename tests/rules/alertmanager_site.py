# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager with alerts/alertmanager.yml as it is shipped, but for its times, and with receivers on loopback."""
import pathlib
import re
import shutil
import sys
import tempfile

from alertmanager_server import Alertmanager, Receiver, wait_for

SECRETS = "/etc/alertmanager/secrets"


class Site:
    """The shipped configuration with other times, its templates, and the files of its receivers in a folder."""

    def __init__(self, config, changes=(), secrets=("page.key", "escalation.key", "ticket.url", "digest.url")):
        self.shipped = pathlib.Path(config)
        self.changes = changes
        self.secrets = secrets

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.receiver = Receiver().__enter__()
        root = pathlib.Path(self.folder.name)
        shutil.copytree(self.shipped.parent / "templates", root / "templates")
        text = self.shipped.read_text()
        text = text.replace(SECRETS, str(root))
        for pattern, replacement, count in self.changes:
            text, found = re.subn(pattern, replacement, text)
            if found != count:
                sys.exit(f"{self.shipped} has {pattern!r} {found} times, not {count}")
        (root / "alertmanager.yml").write_text(f"global: {{pagerduty_url: '{self.receiver.url}/v2/enqueue'}}\n{text}")
        for name in self.secrets:
            self.put(name)
        self.server = Alertmanager(root / "alertmanager.yml").__enter__()
        return self

    def __exit__(self, *details):
        self.server.__exit__(*details)
        self.receiver.__exit__(*details)
        self.folder.cleanup()

    def put(self, name):
        """A receiver's file: the key of a pager, the address of a chat."""
        secret = name.split(".")[0] if name.endswith(".key") else f"{self.receiver.url}/{name.split('.')[0]}"
        (pathlib.Path(self.folder.name) / name).write_text(secret + "\n")

    def sent(self, to):
        """[(time, body)] of what this receiver has got: page, escalation, ticket or digest."""
        return [(when, body) for when, path, body in self.receiver.all()
                if (path.strip("/") if path != "/v2/enqueue" else body["routing_key"]) == to]

    def summary(self):
        """One line for each message, for what is printed when something is wrong."""
        titles = [(when, path, body["attachments"][0]["title"] if "attachments" in body else
                   f"{body['routing_key']} {body['event_action']} {body['payload']['summary']}")
                  for when, path, body in self.receiver.all()]
        return "\n".join(f"{when:.3f} {path} {title}" for when, path, title in titles)

    def wait(self, to, count):
        return wait_for(lambda: f"message number {count} to {to} of\n{self.summary()}\n",
                        lambda: len(self.sent(to)) >= count and self.sent(to))

    def nothing_more(self, expected, what):
        """Exactly so many messages have been sent to each receiver."""
        got = {to: len(self.sent(to)) for to in ("page", "escalation", "ticket", "digest")}
        wanted = {"page": 0, "escalation": 0, "ticket": 0, "digest": 0, **expected}
        if got != wanted:
            sys.exit(f"{what}: sent are {got}, not {wanted}:\n{self.summary()}")
