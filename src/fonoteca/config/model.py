"""What a config means, as plain values: defaults filled in, paths resolved, units turned into numbers.

    >>> Config(file=None, catalogue="/tmp/catalogue.sqlite").policy.verify_every_s
    7776000

This is the one place where defaults stand; `schema.py` only says what may be written.
Local music paths are `bytes`, other local files `str`; all are absolute. Durations are seconds, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from fonoteca.core.policy import DAY_S, Cron, Every, Guard, GuardLimit, Policy, Rate, Timing, Window


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """A named folder of the user's own music."""

    name: str
    path: bytes
    exclude: tuple[str, ...] = ()
    """Globs relative to the library, beside the junk that is always left out."""
    guard: Guard = field(default_factory=GuardLimit)
    """The library's own limit, or else the one under `[guard]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What every location has."""

    name: str
    removable: bool = False
    """Being away is normal; reminded of after `notify.remind`."""
    offsite: bool = False
    rate: Rate = field(default_factory=Rate)
    streams: int | None = None
    """How many transfers at once; None: what a probe of the place found to serve well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConfig(_Place):
    """A folder on a drive or a mounted NAS."""

    path: bytes
    plain_folder: bool = False
    """A plain folder is meant, though the path is one where drives are mounted and none is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpConfig(_Place):
    """A folder on an SFTP server. `path` is absolute there, or relative to the login folder."""

    host: str
    path: bytes
    user: str | None = None
    port: int = 22
    key: str | None = None
    known_hosts: str | None = None
    password_file: str | None = None
    password_env: str | None = None
    server_digests: bool = False
    """The user allows `sha256sum` to be run over there (level `digest`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config(_Place):
    """A bucket, or a prefix in one. Credentials: the usual chain or a file, never the config."""

    bucket: str
    prefix: str = ""
    """Without `/` at either end."""
    endpoint: str | None = None
    """None: Amazon's own."""
    region: str | None = None
    profile: str | None = None
    credentials_file: str | None = None
    addressing: Literal["auto", "path", "virtual"] = "auto"
    storage_class: str | None = None
    encryption: str | None = None
    ca_file: str | None = None
    retain_s: int | None = None
    """Object lock: for how long not even the owner of the credentials can erase music."""
    monthly_download: int | None = None
    """At most so many bytes a month are downloaded to verify, since egress costs money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcloneConfig(_Place):
    """Whatever the user's own rclone reaches, for example `gdrive:music`."""

    remote: str
    program: str = "rclone"
    config_file: str | None = None


_SIX_HOURS = Every(6 * 3600)
_AT_TWO = Cron("0 2 * * *")
_WEEK = Every(7 * DAY_S)
_MONTH = Every(30 * DAY_S)

RemoteConfig: TypeAlias = SftpConfig | S3Config | RcloneConfig
"""A place that a URL can name."""

LocationConfig: TypeAlias = FolderConfig | SftpConfig | S3Config | RcloneConfig


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the daemon does what; missed ones run once. None: never by itself."""

    scan: Timing = _SIX_HOURS
    scrub: Timing = _AT_TWO
    prune: Timing | None = None
    """Versions that the policy gives up go only when a person asks for it, or names a time here."""
    drill: Timing | None = _MONTH
    report: Timing | None = _WEEK


@dataclass(frozen=True, slots=True)
class Background:
    """How the daemon behaves while a person uses the machine."""

    settle_s: int = 10
    """How long a file must be still before it is read."""
    quiet: tuple[Window, ...] = ()
    """No heavy work at these times of day."""
    rate: Rate = field(default_factory=Rate)


@dataclass(frozen=True, slots=True)
class Notify:
    """Where notices go. The URLs hold secrets, so they stand in a file of their own, or in the environment."""

    urls_file: str | None = None
    urls_env: str | None = None
    """The name of a variable that holds URLs, apart by blanks."""
    ping_file: str | None = None
    """A file with the URL that hears of each cycle's beginning and end."""
    ping_env: str | None = None
    remind_s: int = 30 * DAY_S

    @property
    def needs_network(self) -> bool:
        """Whether anybody is to be told anything."""
        return any((self.urls_file, self.urls_env, self.ping_file, self.ping_env))


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the figures for a monitoring go."""

    file: str | None = None
    """For the textfile collector of Prometheus' node exporter: its name has to end in `.prom`."""


@dataclass(frozen=True, slots=True)
class Config:
    """The whole. `file` is None for a config that was made without one (a bare location, a demo)."""

    file: str | None
    catalogue: str
    """Absolute path of `catalogue.sqlite`; it need not exist yet."""
    libraries: Mapping[str, LibraryConfig] = field(default_factory=dict)
    """By name, in the order of the file."""
    locations: Mapping[str, LocationConfig] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    guard: Guard = field(default_factory=GuardLimit)
    schedule: Schedule = field(default_factory=Schedule)
    background: Background = field(default_factory=Background)
    notify: Notify = field(default_factory=Notify)
    metrics: Metrics = field(default_factory=Metrics)
