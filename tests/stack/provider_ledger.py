# SPDX-License-Identifier: Apache-2.0
"""What the simulated provider has sent: a row for each request, in memory and in a file that outlives a restart."""

import hashlib
import json
import os

TOKENS = ("input", "output", "cached", "write_5m", "write_1h", "tool", "reasoning")


def digest(data):
    """Enough of a hash to tell values apart; empty for nothing."""
    return hashlib.sha256(data).hexdigest()[:16] if data else ""


def key_of(headers, query):
    """The caller's key, wherever it is."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    return (bearer if scheme.lower() == "bearer" else "") or headers.get("x-api-key") or headers.get("x-goog-api-key") \
        or query.get("key", "")


class Row:
    """One request. `pieces`: the frames of content that went out; `final`: its final usage did; `whole`: its whole reply did,
    else the client was gone first, or the reply was made to break off."""

    def __init__(self, ledger, about):
        self.ledger, self.about, self.pieces, self.final = ledger, about, 0, False

    def end(self, whole):
        self.ledger.add({**self.about, "pieces": self.pieces, "final": self.final, "whole": whole})


class Ledger:
    """`limit`: rows that are kept at least; 0: all of them."""

    def __init__(self, path, limit=0):
        self.limit = limit
        self.rows = []
        self.attempts = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.rows = [json.loads(line) for line in file]
        for row in self.rows:
            self.attempts[row["id"]] = row["attempt"]
        self.file = open(path, "a", buffering=1, encoding="utf-8")  # by lines, so that none is lost with a killed process

    def add(self, row):
        self.rows.append(row)
        if self.limit and len(self.rows) > 2 * self.limit:
            del self.rows[:self.limit]
        self.file.write(json.dumps(row) + "\n")

    def attempt(self, name):
        """Which request of this id the one that begins is: 1, 2 ..."""
        count = self.attempts.get(name, 0) + 1
        self.attempts[name] = count
        return count

    def close(self):
        self.file.close()
