"""What keeps `status` quick, a part of the first schema: counts of 1,024 entries each, dropped when one changes."""

from __future__ import annotations

TALLIES = """
CREATE TABLE tallies (                          -- what `status` counts, for 1,024 entries with their copies each
    bucket   INTEGER PRIMARY KEY,               -- entry >> 10
    document TEXT NOT NULL                      -- JSON; dropped by the triggers below when something of it changes
) STRICT;
CREATE TRIGGER entries_added AFTER INSERT ON entries
    BEGIN DELETE FROM tallies WHERE bucket = NEW.id >> 10; END;
CREATE TRIGGER entries_dropped AFTER DELETE ON entries
    BEGIN DELETE FROM tallies WHERE bucket = OLD.id >> 10; END;
CREATE TRIGGER entries_changed AFTER UPDATE OF folder, kind, content, size, mtime_ns, state ON entries
    WHEN (OLD.folder, OLD.kind, OLD.content, OLD.size, OLD.mtime_ns, OLD.state)
        <> (NEW.folder, NEW.kind, NEW.content, NEW.size, NEW.mtime_ns, NEW.state)
    BEGIN DELETE FROM tallies WHERE bucket = NEW.id >> 10; END;
CREATE TRIGGER folders_remounted AFTER UPDATE OF file_system ON folders
    WHEN OLD.file_system IS NOT NEW.file_system
    BEGIN DELETE FROM tallies; END;
CREATE TRIGGER copies_added AFTER INSERT ON copies
    BEGIN DELETE FROM tallies WHERE bucket = NEW.entry >> 10; END;
CREATE TRIGGER copies_dropped AFTER DELETE ON copies
    BEGIN DELETE FROM tallies WHERE bucket = OLD.entry >> 10; END;
CREATE TRIGGER copies_changed AFTER UPDATE ON copies    -- a copy never goes to another entry
    BEGIN DELETE FROM tallies WHERE bucket = NEW.entry >> 10; END;
CREATE TRIGGER versions_added AFTER INSERT ON versions
    BEGIN DELETE FROM tallies WHERE bucket = NEW.entry >> 10; END;
CREATE TRIGGER versions_dropped AFTER DELETE ON versions
    BEGIN DELETE FROM tallies WHERE bucket = OLD.entry >> 10; END;
CREATE TRIGGER versions_changed AFTER UPDATE ON versions
    BEGIN DELETE FROM tallies WHERE bucket = NEW.entry >> 10; END;
"""
