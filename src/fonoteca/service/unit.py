"""The text of the systemd unit: values in, text out.

What the daemon may do is what it needs: it reads the libraries, writes the locations and its catalogue, and has no
network unless a location does (systemd.exec(5)).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NAME = "fonoteca.service"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit has to know. Paths are absolute."""

    command: tuple[str, ...]
    """What starts the daemon, its program first."""
    writable: tuple[str, ...]
    """Folders that it writes: the catalogue's, the locations', and the folders above those of removable locations."""
    network: bool = False
    user: str | None = None
    """A system unit runs as this user; None: a unit of the user's own manager."""


_HARDENED = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
DevicePolicy=closed
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallFilter=@chown
# Calls that a filter does not know yet are answered as by an older kernel, and done without.
SystemCallErrorNumber=ENOSYS
"""

_OFFLINE = """\
PrivateNetwork=yes
IPAddressDeny=any
RestrictAddressFamilies=AF_UNIX
"""

_ONLINE = """\
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
"""


def text(unit: Unit) -> str:
    """The whole unit file."""
    after = "After=local-fs.target network-online.target\nWants=network-online.target\n"
    wanted = "multi-user.target" if unit.user else "default.target"
    return (
        "# Written by `fonoteca service install`, which writes it anew; settings of your own belong into\n"
        f"# {NAME}.d/ beside it (`systemctl edit`).\n"
        "[Unit]\nDescription=fonoteca keeps your music safe\n"
        + (after if unit.user and unit.network else "")
        + "\n[Service]\nType=notify\nNotifyAccess=main\n"
        + (f"User={_quoted(unit.user)}\n" if unit.user else "")
        + f"ExecStart={' '.join(map(_quoted, unit.command))}\n"
        "ExecReload=kill -HUP $MAINPID\n"
        "Restart=on-failure\nRestartSec=10\n"
        "# A config with mistakes, and a second daemon, are not mended by another try.\n"
        "RestartPreventExitStatus=2 11\n"
        "# The main process lets its helpers end; they are ended only when it did not.\n"
        "KillMode=mixed\nTimeoutStopSec=90\nTimeoutStartSec=10min\nWatchdogSec=15min\n"
        "Nice=10\nIOSchedulingClass=idle\n\n"
        + _HARDENED
        + "".join(f"ReadWritePaths={_path(each)}\n" for each in fewest(unit.writable))
        + (_ONLINE if unit.network else _OFFLINE)
        + f"\n[Install]\nWantedBy={wanted}\n"
    )


def fewest(paths: Iterable[str]) -> list[str]:
    """The same folders without those that lie in another one."""
    kept: list[str] = []
    for path in sorted({path.rstrip("/") or "/" for path in paths}):
        if not any(path == each or path.startswith(each.rstrip("/") + "/") for each in kept):
            kept.append(path)
    return kept


def _path(path: str) -> str:
    """A path that need not be there: a missing one would keep the unit from starting."""
    return _quoted("-" + path)


def _quoted(word: str) -> str:
    """A word as systemd.syntax(7) and its specifiers read it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("\n", "\\n")
    return f'"{escaped.replace("$", "$$")}"' if not word.startswith("-/") else f'"{escaped}"'
