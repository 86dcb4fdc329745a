"""`fonoteca service`: the daemon as systemd keeps it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group

if TYPE_CHECKING:
    from fonoteca.service.install import Manager

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""Have systemd start the daemon and keep it alive.

    \b
    Example:
      $ fonoteca service install --now
    """,
)

System = Annotated[
    bool, typer.Option("--system", help="For the whole machine, from boot on.", show_default=False)
]


@app.command()
@faced
def install(
    face: Face,
    system: System = False,
    now: Annotated[
        bool, typer.Option("--now", help="Start it now, and at each login or boot.", show_default=False)
    ] = False,
) -> int:
    """Write the unit and show it; with --now start it. Run it again after a change of the config's places.

    \b
    Example:
      $ fonoteca service install --now
    """
    from fonoteca.service import install as task

    manager = _manager(system)
    user = os.environ.get("SUDO_USER") or _user() if system else None
    written = task.install(manager, task.unit_of(face.config, face.config_path, user=user))
    face.tell([f"{manager.path}:"])
    face.answer("unit", {"path": manager.path, "text": written}, lambda: face.tell(written.splitlines()))
    wrong = task.start(manager) if now else []
    face.warn(wrong)
    if now and not wrong:
        face.tell(["It runs; `fonoteca status` says what it does."])
    elif not now:
        face.tell([f"Start it: {' '.join(manager.command('enable', '--now', 'fonoteca.service'))}"])
    if not system:
        face.tell(["To have it run while you are logged out: loginctl enable-linger"])
    face.done()
    return 3 if wrong else 0


@app.command()
@faced
def status(face: Face, system: System = False) -> int:
    """Show what systemd says of it. `fonoteca status` says how the archive is.

    \b
    Example:
      $ fonoteca service status
    """
    code, said = _manager(system).run("status", "--no-pager", "fonoteca.service")
    ended = 0 if code == 0 else 3
    face.answer("service", {"exit_code": ended, "systemctl": code, "text": said}, lambda: typer.echo(said))
    return ended


@app.command()
@faced
def uninstall(face: Face, system: System = False) -> None:
    """Stop the daemon and take its unit away. Music, copies and config stay as they are.

    \b
    Example:
      $ fonoteca service uninstall
    """
    from fonoteca.service import install as task

    manager = _manager(system)
    there = task.uninstall(manager)
    face.tell([f"{manager.path} is gone." if there else f"There is no {manager.path}."])
    face.done()


def _manager(system: bool) -> Manager:
    from fonoteca.service.install import Manager

    return Manager.of(dict(os.environ), is_system=system)


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name
