"""The rclone that we start: what it is told, how it ends, and what is said where there is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fonoteca.core.place import Key
from fonoteca.errors import Away, Conflict, Denied, Lost
from fonoteca.locations.patience import Patience
from fonoteca.locations.rclone.address import Address
from fonoteca.locations.rclone.daemon import environment
from fonoteca.locations.rclone.location import RcloneLocation
from fonoteca.locations.retry import Retrying
from support.places import content, put, stage
from support.rclone import local, newest, rclone_config, rclone_location, webdav

OLD = """#!{python}
import http.server, json, sys
class Old(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        data = json.dumps({{"version": "v1.53.3", "decomposed": [1, 53, 3]}}).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(data))); self.end_headers()
        self.wfile.write(data)
server = http.server.HTTPServer(("127.0.0.1", 0), Old)
print(f"Serving remote control on http://127.0.0.1:{{server.server_port}}/", file=sys.stderr, flush=True)
server.serve_forever()
"""


def script(path: Path, text: str) -> str:
    """A program."""
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_missing_program_is_said_with_what_to_install():
    """Nobody guesses from `No such file or directory`."""
    with pytest.raises(Away, match=r"no-such-rclone cannot be started.*apt install rclone"):
        RcloneLocation("drive", Address("gdrive:music", "/no-such-rclone"), None).peek()


def test_a_program_that_is_too_old_is_said_with_its_version(tmp_path: Path):
    """Its answers would be other ones."""
    old = script(tmp_path / "rclone", OLD.format(python=sys.executable))

    with pytest.raises(Away, match=r"v1\.53\.3, which is too old.*1\.60"):
        RcloneLocation("drive", Address("gdrive:music", old), None).peek()


def test_a_program_that_is_another_says_so_in_its_own_words(tmp_path: Path):
    """`program` may name anything."""
    other = script(tmp_path / "other", "#!/bin/sh\necho 'what is rcd?' >&2\nexit 3\n")

    with pytest.raises(Away, match=r"could not be used: what is rcd\?"):
        RcloneLocation("drive", Address("gdrive:music", other), None).peek()


def test_a_remote_that_rclone_does_not_know_fails_at_once(tmp_path: Path):
    """A wrong name stays wrong: no patience, and the command that shows the right ones."""
    address = Address("gdrvie:music", newest(), rclone_config(tmp_path, gdrive={"type": "drive"}))

    with pytest.raises(Away, match=r"knows no remote gdrvie.*rclone listremotes") as caught:
        RcloneLocation("drive", address, None).peek()
    assert not isinstance(caught.value, Lost)


def test_a_wrong_password_is_said_with_the_command_that_helps(tmp_path: Path):
    """The login belongs to rclone's config."""
    with webdav(tmp_path / "served") as server:
        address = Address("dav:", newest(), server.config(tmp_path, password="falsch"))

        with pytest.raises(Denied, match=r"login is not accepted.*rclone config reconnect dav:"):
            RcloneLocation("drive", address, None).peek()


def test_a_remote_that_may_not_be_written_is_said_before_music_is_sent(tmp_path: Path):
    """An account for reading alone."""
    with webdav(tmp_path / "served", "--read-only") as server:
        address = Address("dav:", newest(), server.config(tmp_path))

        with pytest.raises(Denied, match="no file can be put there"):
            RcloneLocation("drive", address, None).probe()


def test_a_server_that_does_not_answer_is_lost_and_asked_again(tmp_path: Path):
    """It may be back in a moment."""
    with webdav(tmp_path / "served") as server:
        address = Address("dav:", newest(), server.config(tmp_path))
    pauses: list[float] = []
    patience = Patience(tries=2, first_s=0.1, sleep=pauses.append)

    with pytest.raises(Lost):
        Retrying(RcloneLocation("drive", address, None), patience).peek()
    assert len(pauses) == 1


def test_nothing_that_logs_in_stands_on_a_command_line(tmp_path: Path):
    """Every user of the machine can read it."""
    location = rclone_location(local(tmp_path / "drive"))
    with location.open(write=False):
        client = location._remote.client
        assert client._daemon is not None
        shown = Path(f"/proc/{client.pid}/cmdline").read_bytes()

        assert client._daemon.endpoint.password.encode() not in shown
        assert b"here" not in shown
        assert b"rclone.conf" not in shown


def test_what_a_user_set_for_other_uses_does_not_hide_files():
    """RCLONE_EXCLUDE in a profile would make music read as missing; RCLONE_CONFIG is theirs to say."""
    theirs = {
        "RCLONE_EXCLUDE": "*.flac",
        "RCLONE_DRY_RUN": "true",
        "RCLONE_RC_NO_AUTH": "true",
        "RCLONE_CONFIG": "/c",
    }

    found = environment(Address("gdrive:music"), "user", "password", theirs)

    assert {"RCLONE_EXCLUDE", "RCLONE_DRY_RUN", "RCLONE_RC_NO_AUTH"} & set(found) == set()
    assert found["RCLONE_CONFIG"] == "/c"


def is_there(pid: int) -> bool:
    """True while that process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid: int) -> bool:
    """True when that process ends soon."""
    deadline = time.monotonic() + 20
    while is_there(pid) and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    return not is_there(pid)


def test_rclone_ends_with_the_place(tmp_path: Path):
    """Nothing of ours runs on."""
    location = rclone_location(local(tmp_path / "drive"))
    with location.open(write=True):
        pid = location._remote.client.pid
        assert pid is not None

    assert gone(pid)


def test_rclone_ends_when_we_are_killed(tmp_path: Path):
    """A `kill -9` runs no clean-up of ours: the pipe that breaks does it."""
    location = rclone_location(local(tmp_path / "drive"))
    location._remote.close()
    code = (
        "import sys; from fonoteca.locations.rclone.address import Address\n"
        "from fonoteca.locations.rclone.location import RcloneLocation\n"
        f"location = RcloneLocation('drive', Address('here:', {newest()!r}, {location.address.config_file!r}), None)\n"
        "with location.open(write=False):\n"
        "    print(location._remote.client.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    ours = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert ours.stdout is not None
    pid = int(ours.stdout.readline())
    assert is_there(pid)

    ours.kill()
    ours.communicate()

    assert gone(pid)


def test_rclone_killed_in_the_middle_of_an_upload_is_lost_and_leaves_nothing(tmp_path: Path):
    """What was staged counts for nothing; the next run of the same batch starts it anew and brings all."""
    location = rclone_location(local(tmp_path / "drive"))
    data = os.urandom(5 << 20)
    with location.open(write=True) as place:
        with pytest.raises(Lost), place.batch() as batch:
            writing = batch.create(Key(b"music/a.flac"), len(data), 0)
            writing.write(data[: 2 << 20])
            pid = location._remote.client.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            writing.write(data[2 << 20 :])
            writing.finish()
            batch.flush()

        assert place.stat(Key(b"music/a.flac")) is None
        assert put(place, b"music/a.flac", data).error is None
        assert content(place, b"music/a.flac") == data
    assert os.listdir(tmp_path / "drive/.fonoteca/incoming") == []


def test_rclone_killed_in_the_middle_of_a_reading_goes_on_where_it_broke(tmp_path: Path):
    """A restore of a large file does not begin anew."""
    location = rclone_location(local(tmp_path / "drive"))
    data = os.urandom(24 << 20)
    with Retrying(location, Patience(sleep=lambda _: None)).open(write=True) as place:
        put(place, b"music/a.flac", data)
        found = bytearray()
        with place.read(Key(b"music/a.flac")) as reading:
            for block in reading:
                if not found:
                    os.kill(location._remote.client.pid or 0, signal.SIGKILL)
                found += block

    assert found == data


def test_names_that_rclone_cannot_say_are_refused_at_the_gate(tmp_path: Path):
    """JSON knows no bytes: a name would come back as another."""
    with rclone_location(local(tmp_path / "drive")).open(write=True) as place, place.batch() as batch:
        for name in (b"music/caf\xe9", b"music/line\nbreak", b"music/\x01"):
            with pytest.raises(Conflict):
                batch.create(Key(name), 1, 0)
            with pytest.raises(Conflict):
                place.stat(Key(name))


def test_a_folder_in_the_way_is_one_files_error(tmp_path: Path):
    """The others go on."""
    with rclone_location(local(tmp_path / "drive")).open(write=True) as place:
        (tmp_path / "drive/music").mkdir()
        (tmp_path / "drive/music/in-the-way").write_bytes(b"a file")
        with place.batch() as batch:
            staged = [stage(batch, key, b"x") for key in (b"music/in-the-way/a", b"music/b")]
            batch.flush()
            outcomes = list(batch.publish(staged))

    assert [type(outcome.error) for outcome in outcomes] == [Conflict, type(None)]
