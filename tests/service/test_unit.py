"""The unit file: what systemd itself says of it, and that it holds no drive."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fonoteca.config.model import Config, FolderConfig, LibraryConfig, Metrics, Notify, SftpConfig
from fonoteca.service.install import Manager, install, reached_through, uninstall, unit_of
from fonoteca.service.unit import NAME, Unit, fewest, text
from support.disks import disk

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")

FOLDER = FolderConfig(name="red", path=b"/srv/copies of music/100 %")
USUAL = Unit((sys.executable, "-m", "fonoteca", "daemon"), ("/var/lib/fonoteca", "/media"))
UNITS = {
    "user": USUAL,
    "system": Unit(USUAL.command, USUAL.writable, user="root"),
    "network": Unit(USUAL.command, USUAL.writable, network=True, user="root"),
}


def analysed(unit: Unit, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What systemd-analyze says of a unit."""
    path = folder / NAME
    path.write_text(text(unit))
    return subprocess.run(
        ["systemd-analyze", *words, str(path)], capture_output=True, text=True, check=False, timeout=60
    )


@needs_systemd
@pytest.mark.parametrize("kind", UNITS)
def test_systemd_finds_nothing_wrong(kind: str, tmp_path: Path) -> None:
    """No word that it does not know, and a program that is there."""
    said = analysed(UNITS[kind], tmp_path, "verify", "--man=no")

    assert (0, "") == (said.returncode, "".join(re.findall(rf".*{NAME}.*\n", said.stderr)))


@needs_systemd
@pytest.mark.parametrize("kind", ["user", "system", "network"])
def test_systemd_calls_it_safe(kind: str, tmp_path: Path) -> None:
    """Below 3.0 of 10 by its own measure; a plain unit is rated 9.4."""
    said = analysed(UNITS[kind], tmp_path, "security", "--offline=true", "--no-pager")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)

    assert found, said.stderr
    assert float(found[1]) < 3.0


def config(**locations: FolderConfig | SftpConfig) -> Config:
    """A config with these locations."""
    libraries = {"music": LibraryConfig("music", b"/home/ana/Music")}
    return Config("/c.toml", "/var/lib/fonoteca/catalogue.sqlite", libraries, locations)


def test_only_catalogue_and_locations_are_written() -> None:
    """A library is read, and cannot be written even by mistake."""
    unit = unit_of(config(red=FOLDER), "/c.toml", user=None)

    assert ("/var/lib/fonoteca", "/srv/copies of music/100 %") == unit.writable
    assert 'ReadWritePaths="-/srv/copies of music/100 %%"\n' in text(unit)
    assert "/home/ana/Music" not in text(unit)


def test_no_network_unless_a_location_needs_it() -> None:
    """A backup to a drive has nothing to say to anybody."""
    nas = SftpConfig(name="nas", host="nas.lan", path=b"/music")

    assert "PrivateNetwork=yes" in text(unit_of(config(red=FOLDER), "/c.toml", user=None))
    assert "PrivateNetwork=yes" not in text(unit_of(config(red=FOLDER, nas=nas), "/c.toml", user=None))


def test_notices_need_the_network_and_figures_their_folder() -> None:
    """A unit that may not speak would keep the bad news to itself."""
    told = replace(config(red=FOLDER), notify=Notify(urls_file="/u"), metrics=Metrics("/var/lib/node/f.prom"))
    unit = unit_of(told, "/c.toml", user=None)

    assert unit.network
    assert "/var/lib/node" in unit.writable


def test_a_removable_location_is_reached_through_the_folder_above_its_drive(tmp_path: Path) -> None:
    """The drive itself would be kept busy by the unit."""
    assert b"/media" == reached_through(b"/media/red/music")
    with disk(tmp_path) as drive:
        assert os.fsencode(tmp_path) == reached_through(drive.path + b"/music/not there yet")


OUTSIDE = """
import os, subprocess, sys
image, drive, bound = sys.argv[1:]
run = lambda *words: subprocess.run(words, check=True)
run("mount", "--make-rshared", "/")  # as systemd has it, whatever this machine does
find = ["losetup", "--find", "--show", image]
device = subprocess.run(find, capture_output=True, text=True, check=True).stdout.strip()
run("mount", device, drive)
# The unit's namespace, as ReadWritePaths= makes it: unmounts come through, and the writable folder is bound.
inside = f"mount --rbind '{bound}' '{bound}' && mount --make-rslave '{bound}' && echo holds && exec cat"
unit = subprocess.Popen(["unshare", "--mount", "--propagation", "slave", "sh", "-c", inside],
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
unit.stdout.readline()
run("umount", drive)
try:
    os.close(os.open(device, os.O_RDWR | os.O_EXCL))
    print("free")
except OSError as error:
    print("busy")
unit.communicate()
subprocess.run(["losetup", "-d", device])
"""


@pytest.mark.parametrize(("through_parent", "said"), [(True, "free"), (False, "busy")])
def test_a_drive_can_go_while_the_unit_lives(tmp_path: Path, through_parent: bool, said: str) -> None:
    """Unmounted outside, whoever opens the device alone gets it; bound by itself it would stay busy."""
    with disk(tmp_path) as drive:
        bound = reached_through(drive.path + b"/music") if through_parent else drive.path
        drive.unmount()
        done = subprocess.run(
            ["unshare", "--mount", sys.executable, "-c", OUTSIDE, drive.image, drive.path, bound],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

        assert (said, "") == (done.stdout.strip(), done.stderr)


def test_install_and_uninstall(tmp_path: Path) -> None:
    """What was written is taken away, and nothing else."""
    manager = Manager(is_system=False, folder=str(tmp_path / "units"))
    (tmp_path / "units").mkdir()
    (tmp_path / "units/other.service").write_text("another one")

    written = install(manager, USUAL)

    assert written == Path(manager.path).read_text()
    assert (True, False) == (uninstall(manager), uninstall(manager))
    assert ["other.service"] == os.listdir(tmp_path / "units")


def test_folders_in_folders_are_named_once() -> None:
    """`/media` covers `/media/red`; `/media-old` is another folder."""
    assert ["/media", "/media-old"] == fewest(["/media/red", "/media-old", "/media", "/media/"])


def test_words_of_a_command_line_survive() -> None:
    """A blank, a percent sign, a dollar and a quotation mark in a path mean themselves."""
    unit = Unit(("/opt/a b/py%thon", '--config=/c"$x.toml'), ())

    assert 'ExecStart="/opt/a b/py%%thon" "--config=/c\\"$$x.toml"\n' in text(unit)
