"""`fonoteca location`: the places that hold copies."""

from __future__ import annotations

from typing import Annotated

import typer

from fonoteca.cli.face import Face, faced, group_flags
from fonoteca.cli.groups import Group
from fonoteca.cli.options import Name, Place, PlainFolder, as_given

app = typer.Typer(
    cls=Group,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    callback=group_flags,
    help="""Add, test, list, adopt, replace, release, forget the places that hold copies.

    \b
    Example:
      $ fonoteca location list
    """,
)

NewPlace = Annotated[
    str | None,
    typer.Argument(metavar="PLACE", help="A path, or a URL such as sftp://u@h/p.", parser=as_given),
]
Removable = Annotated[
    bool, typer.Option("--removable", help="Being away is normal for it.", show_default=False)
]

Offsite = Annotated[bool, typer.Option("--offsite", help="It stands in another house.", show_default=False)]
KeyFile = Annotated[
    str | None,
    typer.Option("--key", metavar="FILE", help="The private key for a server.", parser=as_given),
]
KnownHosts = Annotated[
    str | None,
    typer.Option("--known-hosts", metavar="FILE", help="What vouches for a server's key.", parser=as_given),
]


@app.command()
@faced
def add(
    face: Face,
    name: Name,
    place: NewPlace = None,
    removable: Removable = False,
    offsite: Offsite = False,
    plain_folder: PlainFolder = False,
    key: KeyFile = None,
    known_hosts: KnownHosts = None,
) -> None:
    """Add a place for copies. Files that already stand there are taken as copies by the next backup.

    Without PLACE it sets up the location that the config already has under this name, or asks for it on a terminal.

    \b
    Example:
      $ fonoteca location add red /media/red/music-backup --removable
      $ fonoteca location add nas sftp://ana@nas.lan/volume1/music --key ~/.ssh/nas
    """
    from fonoteca.cli.places import asked_place
    from fonoteca.tasks.setup import location_add

    place = place or asked_place(face, name)
    face.setup(
        location_add(
            face.config_path,
            name,
            place,
            removable=removable,
            plain_folder=plain_folder,
            offsite=offsite,
            key=key,
            known_hosts=known_hosts,
        )
    )


@app.command(name="test")
@faced
def try_out(face: Face, place: Place, key: KeyFile = None, known_hosts: KnownHosts = None) -> int:
    """Try a place out: what it can and cannot promise. Nothing is left behind.

    \b
    Example:
      $ fonoteca location test nas
      $ fonoteca location test sftp://ana@nas.lan/volume1/music --key ~/.ssh/nas
    """
    from fonoteca.cli.places import config_or_none
    from fonoteca.core.report import ExitCode
    from fonoteca.render import promises
    from fonoteca.tasks.places.trial import place_of, trial

    found = list(trial(place_of(config_or_none(face), place, key=key, known_hosts=known_hosts)))
    broken = [each for each in found if each.needed and not each.holds]
    code = ExitCode.INCOMPLETE if broken else ExitCode.DONE
    if face.flags.json:
        for each in found:
            face.lines.line("promise", each._asdict())
        face.lines.line("summary", {"exit_code": int(code), "counts": {"broken": len(broken)}})
    elif not face.flags.quiet or broken:
        promises.show(broken if face.flags.quiet else found)
    return code


@app.command(name="list")
@faced
def list_(face: Face) -> None:
    """List the locations, what they hold and how well it is known.

    \b
    Example:
      $ fonoteca location list
    """
    from fonoteca.archive import Access
    from fonoteca.render import table
    from fonoteca.render.lines import status_line
    from fonoteca.tasks.status import status

    with face.archive(Access.READ) as archive:
        now = status(archive)
    if face.flags.json:
        face.stream("location", status_line(now)["locations"], str)
    else:
        table.locations(now)


@app.command()
@faced
def adopt(face: Face, place: Place) -> int:
    """Believe the manifest of a place that has one, and rebuild from it what the catalogue lacks.

    \b
    Example:
      $ fonoteca location adopt /media/red/music-backup
    """
    from fonoteca.tasks.adopt import location_adopt

    return face.play(location_adopt(face.config_path, place, stop=face.stop))


@app.command()
@faced
def replace(face: Face, name: Name, plain_folder: PlainFolder = False) -> None:
    """Take an empty disk instead of a lost one: mount it where the old one was, then run this and back up.

    \b
    Example:
      $ fonoteca location replace red
    """
    from fonoteca.tasks.setup import location_replace

    face.setup(location_replace(face.config_path, name, plain_folder=plain_folder))


@app.command()
@faced
def release(face: Face, name: Name) -> None:
    """Let others write at a shared place whose last run ended without saying so, on a machine that is off for good.

    \b
    Example:
      $ fonoteca location release nas
      $ fonoteca location release sftp://ana@nas.lan/music
    """
    from fonoteca.tasks.setup import location_release

    face.setup(location_release(face.config_path, name))


@app.command()
@faced
def forget(
    face: Face,
    name: Name,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; without it, only say what.", show_default=False)
    ] = False,
) -> None:
    """Take a location out of the config, and its copies out of what counts. Its files stay.

    \b
    Example:
      $ fonoteca location forget red            # says what that would mean
      $ fonoteca location forget red --apply
    """
    from fonoteca.tasks.setup import location_forget

    face.setup(location_forget(face.config_path, name, apply=apply))
