"""The catalogue's tables, as steps that are never changed once released; each runs in one transaction.

Paths, names and keys are BLOBs: any file name that Linux allows survives. Times are nanoseconds since 1970.
Digests are the raw 32 and 16 bytes. `level` is `core.copy.Level` as a number.
"""

from __future__ import annotations

from fonoteca.catalogue.counting import TALLIES

FIRST = """
CREATE TABLE libraries (
    id          INTEGER PRIMARY KEY,
    uid         TEXT NOT NULL UNIQUE,           -- 32 hex digits; what locations know it by
    name        TEXT NOT NULL UNIQUE,
    path        BLOB NOT NULL,
    file_system TEXT NOT NULL,                  -- identity of the file system it was recorded on
    added_ns    INTEGER NOT NULL,
    scanned_ns  INTEGER,                        -- last scan that looked at all of it
    complete    INTEGER NOT NULL DEFAULT 0      -- whether that scan could see every part
) STRICT;

CREATE TABLE folders (
    id          INTEGER PRIMARY KEY,
    library     INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path        BLOB NOT NULL,                  -- inside the library, b'' is its root
    file_system TEXT,                           -- where it is another one than the library's: a mount inside it
    is_empty    INTEGER NOT NULL DEFAULT 0,     -- nothing inside: a manifest line, recreated on restore
    UNIQUE (library, path)
) STRICT;

CREATE TABLE links (
    folder INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    name   BLOB NOT NULL,
    target BLOB NOT NULL,
    PRIMARY KEY (folder, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE contents (
    id       INTEGER PRIMARY KEY,
    sha256   BLOB NOT NULL,
    size     INTEGER NOT NULL,
    xxh3_128 BLOB NOT NULL,
    UNIQUE (sha256, size)
) STRICT;

CREATE TABLE entries (
    id           INTEGER PRIMARY KEY,
    folder       INTEGER NOT NULL REFERENCES folders (id) ON DELETE CASCADE,
    name         BLOB NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('track', 'companion')),
    content      INTEGER NOT NULL REFERENCES contents (id),
    size         INTEGER NOT NULL,              -- of `content`, here for the scan
    mtime_ns     INTEGER NOT NULL,
    ctime_ns     INTEGER NOT NULL,              -- 0: not known (brought back from a manifest)
    inode        INTEGER NOT NULL,
    trusted      INTEGER NOT NULL,              -- its times were old enough when it was read (not "racy")
    read_ns      INTEGER NOT NULL,
    confirmed_ns INTEGER,                       -- read a second time, past the cache
    state        TEXT NOT NULL CHECK (state IN ('present', 'gone', 'held', 'excluded')),
    since_ns     INTEGER NOT NULL,              -- when it came into this state
    added_ns     INTEGER NOT NULL DEFAULT 0,    -- when it was first seen; 0: not known
    UNIQUE (folder, name)
) STRICT;
CREATE INDEX entries_content ON entries (content);
CREATE INDEX entries_unconfirmed ON entries (read_ns) WHERE confirmed_ns IS NULL;
CREATE INDEX entries_odd ON entries (state) WHERE state <> 'present';

CREATE TABLE history (
    id       INTEGER PRIMARY KEY,
    entry    INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    content  INTEGER NOT NULL REFERENCES contents (id),
    mtime_ns INTEGER NOT NULL,
    time_ns  INTEGER NOT NULL,                  -- when it was superseded
    verdict  TEXT NOT NULL
) STRICT;
CREATE INDEX history_entry ON history (entry);

CREATE TABLE absences (                         -- an entry was gone, and came back
    entry    INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    from_ns  INTEGER NOT NULL,
    until_ns INTEGER NOT NULL,
    PRIMARY KEY (entry, from_ns)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_back AFTER UPDATE OF state ON entries WHEN OLD.state = 'gone' AND NEW.state <> 'gone'
    BEGIN INSERT OR REPLACE INTO absences VALUES (NEW.id, OLD.since_ns, NEW.since_ns); END;

CREATE TABLE analyses (
    content         INTEGER PRIMARY KEY REFERENCES contents (id) ON DELETE CASCADE,
    time_ns         INTEGER NOT NULL,
    tool            TEXT NOT NULL,              -- for example 'mutagen 1.48.1'
    error           TEXT,                       -- why there are no tags
    sound_version   INTEGER,                    -- of the checks that looked at its sound; NULL: none did
    payload         TEXT,                       -- 'flac/1:…', digest of the sound alone
    payload_reason  TEXT,                       -- why there is none
    soundness       TEXT,                       -- core.sound.Soundness: what the format's own checks came to
    sound_detail    TEXT,
    sound_at        INTEGER,                    -- byte offset of the first thing that is wrong
    lossless        TEXT,                       -- 'md5:…', digest of the decoded sound, as the file declares it
    unheard         TEXT,                       -- why its sound could not be looked at
    container       TEXT,
    codec           TEXT,
    duration        REAL,                       -- s
    sample_rate     INTEGER,                    -- Hz
    channels        INTEGER,
    bit_rate        INTEGER,                    -- bit/s
    bits_per_sample INTEGER,
    drm             TEXT
) STRICT;
CREATE INDEX analyses_payload ON analyses (payload) WHERE payload IS NOT NULL;
CREATE INDEX analyses_odd ON analyses (content) WHERE soundness = 'damaged' OR unheard IS NOT NULL;

CREATE TABLE documents (                        -- apart from `analyses`, so that looking for lacks reads no tags
    content  INTEGER PRIMARY KEY REFERENCES analyses (content) ON DELETE CASCADE,
    document BLOB NOT NULL                      -- zlib of three lines of JSON: tags, raw, pictures
) STRICT;

CREATE TABLE sidecars (                         -- checksum files beside the music, as they were last read
    entry   INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    content INTEGER NOT NULL REFERENCES contents (id)
) STRICT;
CREATE INDEX entries_sidecars ON entries (id) WHERE kind = 'companion' AND substr(name, -4) IN (
    x'2e6d6435', x'2e4d4435', x'2e736676', x'2e534656', x'2e666670', x'2e464650', x'2e737435', x'2e535435',
    x'73686131', x'53484131', x'61323536', x'41323536', x'53554d53', x'73756d73'
);

CREATE TABLE claims (                           -- what they say of files of their library
    sidecar INTEGER NOT NULL REFERENCES sidecars (entry) ON DELETE CASCADE,
    folder  BLOB NOT NULL,
    name    BLOB NOT NULL,
    method  TEXT NOT NULL,                      -- 'md5', 'sha1', 'sha256', 'crc32', 'sound md5'
    digest  TEXT NOT NULL,
    content INTEGER REFERENCES contents (id),   -- of the file when it was compared
    found   TEXT,                               -- its digest then; NULL: there was nothing to compare
    PRIMARY KEY (sidecar, folder, name, method)
) STRICT, WITHOUT ROWID;

CREATE TABLE locations (
    id          INTEGER PRIMARY KEY,
    uid         TEXT NOT NULL UNIQUE,           -- location.json's id
    nonce       TEXT NOT NULL,
    name        TEXT NOT NULL UNIQUE,
    place       TEXT NOT NULL,                  -- as the config says it
    file_system TEXT NOT NULL,
    naming      TEXT NOT NULL,
    traits      TEXT NOT NULL,                  -- JSON
    added_ns    INTEGER NOT NULL,
    seen_ns     INTEGER,                        -- last opened
    listed_ns   INTEGER,                        -- last time that all names there were listed
    snapshot_ns INTEGER,                        -- last catalogue snapshot put there
    sums_stale  INTEGER NOT NULL DEFAULT 1      -- SHA256SUMS is older than the copies
) STRICT;

CREATE TABLE chains (
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    library  INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    n        INTEGER NOT NULL,                  -- the last seal that we know
    digest   TEXT NOT NULL,
    first    INTEGER NOT NULL DEFAULT 1,        -- the segment that restates everything
    damaged  INTEGER NOT NULL DEFAULT 0,        -- a segment there can't be believed: restate everything
    PRIMARY KEY (location, library)
) STRICT, WITHOUT ROWID;

CREATE TABLE copies (
    location     INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    entry        INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    key          BLOB NOT NULL,
    content      INTEGER NOT NULL REFERENCES contents (id),
    mtime_ns     INTEGER NOT NULL,              -- as published
    level        INTEGER NOT NULL,
    verified_ns  INTEGER,
    published_ns INTEGER NOT NULL,
    segment      INTEGER NOT NULL,              -- where the manifest says so
    state        TEXT NOT NULL CHECK (state IN ('good', 'missing', 'damaged', 'unreadable')),
    PRIMARY KEY (location, entry)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX copies_key ON copies (location, key);
CREATE INDEX copies_entry ON copies (entry);
CREATE INDEX copies_bad ON copies (location) WHERE state <> 'good';

CREATE TABLE misplaced (                        -- copies whose entry has another path than when they got their key
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    entry    INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    PRIMARY KEY (location, entry)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER entries_renamed AFTER UPDATE OF folder, name ON entries
    BEGIN INSERT OR IGNORE INTO misplaced SELECT location, entry FROM copies WHERE entry = NEW.id; END;

CREATE TABLE versions (
    id          INTEGER PRIMARY KEY,
    location    INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    entry       INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    content     INTEGER NOT NULL REFERENCES contents (id),
    key         BLOB NOT NULL,                  -- of the blob; several records may name one blob
    mtime_ns    INTEGER NOT NULL,
    reason      TEXT NOT NULL,                  -- 'superseded', 'retired'
    time_ns     INTEGER NOT NULL,
    level       INTEGER NOT NULL,
    verified_ns INTEGER,
    segment     INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'good' CHECK (state IN ('good', 'missing', 'damaged', 'unreadable'))
) STRICT;
CREATE INDEX versions_key ON versions (location, key);
CREATE INDEX versions_entry ON versions (entry);
CREATE INDEX versions_bad ON versions (location) WHERE state <> 'good';

CREATE TABLE readings (                         -- what was read again at a location on a day: the present pace
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    day      INTEGER NOT NULL,                  -- since 1970, UTC
    bytes    INTEGER NOT NULL,
    PRIMARY KEY (location, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (                            -- folder and link lines that a location's manifest states
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    library  INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    path     BLOB NOT NULL,
    target   BLOB,                              -- NULL: an empty folder
    PRIMARY KEY (location, library, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE told (                             -- analyses that a location's manifest states
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    content  INTEGER NOT NULL REFERENCES contents (id) ON DELETE CASCADE,
    PRIMARY KEY (location, content)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (                            -- stops over one kind of change in one library
    id       TEXT PRIMARY KEY,                  -- a word that a person can type: 'removed-7k2m'
    library  INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    kind     TEXT NOT NULL,                     -- core.guard.GuardKind
    since_ns INTEGER NOT NULL,
    entries  INTEGER NOT NULL,                  -- so many had changed when it began,
    total    INTEGER NOT NULL,                  -- of so many
    state    TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
    ended_ns INTEGER
) STRICT;
CREATE INDEX holds_library ON holds (library);

CREATE TABLE incidents (                        -- what was read of an entry, where the guard counts that
    entry     INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,                    -- core.guard.GuardKind
    sha256    BLOB NOT NULL,
    size      INTEGER NOT NULL,
    xxh3_128  BLOB NOT NULL,
    mtime_ns  INTEGER NOT NULL,
    ctime_ns  INTEGER NOT NULL,
    inode     INTEGER NOT NULL,
    trusted   INTEGER NOT NULL,
    time_ns   INTEGER NOT NULL,                 -- when it was seen first: it counts from then on, once
    last_ns   INTEGER NOT NULL,
    PRIMARY KEY (entry, kind, sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX incidents_time ON incidents (time_ns);

CREATE TABLE told_holds (                       -- holds that a location's manifest states, and how
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    hold     TEXT NOT NULL REFERENCES holds (id) ON DELETE CASCADE,
    state    TEXT NOT NULL,
    PRIMARY KEY (location, hold)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id        TEXT PRIMARY KEY,
    task      TEXT NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER,
    exit_code INTEGER,
    summary   TEXT,
    agent     TEXT                              -- 'fonoteca 0.1.0'
) STRICT;

CREATE TABLE duties (                           -- what the daemon does by the clock
    name     TEXT PRIMARY KEY,                  -- core.timetable.Duty
    since_ns INTEGER NOT NULL,                  -- last done, or first heard of
    done     INTEGER NOT NULL DEFAULT 0         -- whether it ever was
) STRICT;
CREATE TABLE events (                           -- of the journal: what nothing else here tells (`catalogue/events.py`)
    id       INTEGER PRIMARY KEY,
    time_ns  INTEGER NOT NULL,
    type     TEXT NOT NULL,                     -- core.journal.Type
    outcome  TEXT NOT NULL DEFAULT 'success',
    library  TEXT,
    location TEXT,
    entry    INTEGER,                           -- where it is known: its path may be another one by now
    path     BLOB,
    was      BLOB,                              -- what a filename change began with
    detail   TEXT NOT NULL DEFAULT '',
    agent    TEXT                               -- NULL: the program that ran then, see `runs`
) STRICT;
CREATE INDEX events_time ON events (time_ns);
CREATE TABLE journaled (                        -- up to which event a location's manifest states a library's journal
    location INTEGER NOT NULL REFERENCES locations (id) ON DELETE CASCADE,
    library  INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    event    INTEGER NOT NULL,
    PRIMARY KEY (location, library)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER copies_overwritten AFTER UPDATE OF published_ns ON copies
    WHEN OLD.published_ns <> NEW.published_ns AND OLD.published_ns > 0
        AND (OLD.content <> NEW.content OR OLD.state <> 'good')
    BEGIN INSERT INTO events (time_ns, type, library, location, entry, path, detail)
        SELECT OLD.published_ns, 'replication', l.name, p.name, e.id,
            CASE f.path WHEN x'' THEN e.name ELSE CAST(f.path || x'2f' || e.name AS BLOB) END,
            'of a content that was replaced later'
        FROM entries e JOIN folders f ON f.id = e.folder JOIN libraries l ON l.id = f.library
            JOIN locations p ON p.id = OLD.location
        WHERE e.id = OLD.entry AND NOT EXISTS (SELECT 1 FROM events v WHERE v.time_ns = OLD.published_ns
            AND v.type = 'replication' AND v.entry = e.id AND v.location = p.name); END;

CREATE TABLE findings (
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,
    severity  TEXT NOT NULL,
    library   TEXT,
    location  TEXT,
    path      BLOB,
    detail    TEXT NOT NULL,
    first_ns  INTEGER NOT NULL,
    last_ns   INTEGER NOT NULL,
    closed_ns INTEGER
) STRICT;
CREATE INDEX findings_open ON findings (kind, library, location, path) WHERE closed_ns IS NULL;

CREATE TABLE failures (                         -- locations at which the last run that copied had to stop
    location TEXT PRIMARY KEY,                  -- its name in the config
    kind     TEXT NOT NULL,                     -- the error's class
    sentence TEXT NOT NULL,
    since_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE sightings (                        -- leases of others (digest): seen just so since, in ns since that boot
    place TEXT, digest TEXT, boot TEXT NOT NULL, first_ns INTEGER NOT NULL, PRIMARY KEY (place, digest)
) STRICT;
CREATE TABLE notices (                          -- what stands, and what a person was told of it
    key      TEXT PRIMARY KEY,                  -- core.judgement.Reason.key, and a few of core.notice
    title    TEXT NOT NULL,
    grade    INTEGER NOT NULL,
    since_ns INTEGER NOT NULL,
    told_ns  INTEGER,
    stands   INTEGER NOT NULL,                  -- whether the person was told last that it stands
    ended_ns INTEGER
) STRICT;
"""

STEPS: tuple[str, ...] = (FIRST + TALLIES,)
"""Step n brings a catalogue from schema n to n + 1."""

VERSION = len(STEPS)
