"""The store's tables, version by version: each step is one transaction, and is never changed.

A new store goes through all of them, an older one through those that it lacks.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence

from explorer.base import reasons
from explorer.base.reasons import Reason


def migrate(connection: sqlite3.Connection) -> int:
    """Bring a store up to date; the version that it has then, which may be a newer program's.

    Any number of processes may do so at once: each step belongs to whoever gets to write first.
    """
    while (version := _version(connection)) < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            if _version(connection) == version:  # nobody else has done it in the meantime
                statements, finish = MIGRATIONS[version]
                for statement in statements:
                    connection.execute(statement)
                if finish:
                    finish(connection)
                connection.execute(f"PRAGMA user_version={version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return version


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


# -- 1 ----------------------------------------------------------------------------------------

_TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    recipe TEXT NOT NULL,
    engine TEXT NOT NULL,
    device TEXT NOT NULL,
    parent INTEGER,
    status TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    wish TEXT NOT NULL DEFAULT '',
    wished REAL,
    place INTEGER NOT NULL,
    created REAL NOT NULL,
    started REAL,
    ended REAL,
    worker TEXT NOT NULL DEFAULT '',
    taken REAL,
    estimate REAL,
    facts TEXT NOT NULL DEFAULT '{}',
    step INTEGER NOT NULL DEFAULT 0,
    total_steps INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    epochs INTEGER NOT NULL DEFAULT 0,
    images_per_second REAL NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    test_accuracy REAL,
    changed REAL NOT NULL
);
CREATE INDEX queue ON runs (status, device, place);
CREATE TABLE steps (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    step INTEGER NOT NULL,
    epoch REAL NOT NULL,
    images INTEGER NOT NULL,
    seconds REAL NOT NULL,
    loss REAL,
    accuracy REAL,
    gradient_norm REAL,
    learning_rate REAL,
    PRIMARY KEY (run, step)
) WITHOUT ROWID;
CREATE TABLE epochs (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    train_loss REAL,
    train_accuracy REAL,
    test_loss REAL,
    test_accuracy REAL,
    images_per_second REAL NOT NULL,
    seconds REAL NOT NULL,
    predicted BLOB,
    confidence BLOB,
    true_probability BLOB,
    PRIMARY KEY (run, epoch)
);
CREATE TABLE snapshots (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    epoch INTEGER NOT NULL,
    step INTEGER NOT NULL,
    kernels BLOB,
    probabilities BLOB NOT NULL,
    PRIMARY KEY (run, epoch)
);
CREATE TABLE processes (
    identity TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    device TEXT NOT NULL
);
CREATE UNIQUE INDEX one_host ON processes (device) WHERE role = 'host';
"""


# -- 2 ----------------------------------------------------------------------------------------

# Whose a run is (a hash of the owner's cookie; empty: made on the machine itself), on which device
# it was trained, how often a worker has died before it began, and which of the store's changes was
# its last: a counter, since clocks are set back. Triggers count, so that no change is forgotten.
_COUNTED = (
    "ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN device_title TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN device_uuid TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN revision INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs DROP COLUMN changed",
    "UPDATE runs SET device_title = COALESCE(json_extract(facts, '$.device_title'), '')",
    "CREATE TABLE revisions (store TEXT NOT NULL, number INTEGER NOT NULL)",
    "INSERT INTO revisions VALUES (lower(hex(randomblob(4))), 0)",
    """CREATE TRIGGER run_added AFTER INSERT ON runs BEGIN
        UPDATE revisions SET number = number + 1;
        UPDATE runs SET revision = (SELECT number FROM revisions) WHERE id = NEW.id;
    END""",
    """CREATE TRIGGER run_changed AFTER UPDATE ON runs WHEN NEW.revision = OLD.revision BEGIN
        UPDATE revisions SET number = number + 1;
        UPDATE runs SET revision = (SELECT number FROM revisions) WHERE id = NEW.id;
    END""",
    """CREATE TRIGGER run_removed AFTER DELETE ON runs BEGIN
        UPDATE revisions SET number = number + 1;
    END""",
)


def _codes(connection: sqlite3.Connection) -> None:
    for number, text in connection.execute("SELECT id, reason FROM runs WHERE reason != ''"):
        coded = _coded(*json.loads(text)).as_json()
        connection.execute("UPDATE runs SET reason = ? WHERE id = ?", (coded, number))


# How the sentences of version 1 began.
_SENTENCES: Mapping[str, str] = {
    "The program failed:": "fault",
    "The machine, or somebody, asked its process to end.": "asked_to_end",
    "Its process ended while nobody was looking:": "lost",
    "Its process was ended from outside": "killed",
    "The machine ran out of memory and ended": "out_of_memory",
    "Its process crashed": "crashed",
    "The disk became full.": "disk_full",
    "Its process failed (exit status": "exit_status",
}
_DIVERGED = re.compile(
    r"At step (?P<step>\d+) the (?P<what>loss was no number|loss was infinite|"
    r"loss had exploded to (?P<loss>\S+)\.|gradient was no finite number).* "
    r"Steps at a learning rate of (?P<rate>\S+) overshoot: .*?"
    r"( \(its norm is (?P<norm>\S+)\))?\. Try a learning rate of \S+"
    r"(?P<xavier>, or start from Xavier weights)?\.?"
)
_RUNAWAYS = {
    "loss was no number": "nan",
    "loss was infinite": "infinite",
    "gradient was no finite number": "gradient",
}


def _coded(text: str, words: Mapping[str, str]) -> Reason:
    """A sentence of version 1 as a code; as it is, where it has none (a library's words)."""
    if match := _DIVERGED.fullmatch(text):
        values = {
            "what": _RUNAWAYS.get(match["what"], "exploded"),
            "step": int(match["step"]),
            "loss": match["loss"] or "nan",
            "norm": match["norm"],
            "learning_rate": float(match["rate"]),
            "initialisation": "default" if match["xavier"] else "xavier",
        }
        return Reason("diverged", values)
    for beginning, code in _SENTENCES.items():
        if text.startswith(beginning):
            return Reason(code, words)
    return reasons.sentence(text)


# -- 3, 4 -------------------------------------------------------------------------------------

# How much a run may take (`access.RunLimits`; empty: as much as it wants).
_LIMITS = ("ALTER TABLE runs ADD COLUMN limits TEXT NOT NULL DEFAULT ''",)
# Bytes free on a host's device, and when they were measured (seconds since 1970).
_ROOM = (
    "ALTER TABLE processes ADD COLUMN free INTEGER",
    "ALTER TABLE processes ADD COLUMN measured REAL",
)

# For each version its statements, then what else is to be done.
MIGRATIONS: Sequence[tuple[Sequence[str], Callable[[sqlite3.Connection], None] | None]] = (
    (_TABLES.split(";"), None),
    (_COUNTED, _codes),
    (_LIMITS, None),
    (_ROOM, None),
)
VERSION = len(MIGRATIONS)
