"""`greenroom mail import`: a world out of a real mailbox."""

from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(help="Real mailboxes.", no_args_is_help=True)


@commands.callback()
def _root() -> None:
    """Real mailboxes."""


@commands.command("import")
def import_mail(
    source: Annotated[Path, typer.Argument(help="An mbox file or a Maildir.", metavar="FILE.mbox|MAILDIR")],
    out: Annotated[Path, typer.Option("--out", help="Where the world goes.")] = Path("mailbox.snapshot"),
    owner: Annotated[str, typer.Option("--owner", help="Whose mailbox it is; else who got most of it.")] = "",
    rename: Annotated[bool, typer.Option("--rename", help="Replace all names and addresses, consistently.")] = False,
) -> None:
    """Make a world out of a real mailbox, and save it as a snapshot."""
    from tempfile import TemporaryDirectory

    from greenroom.worlds import build_base
    from greenroom_envs.mail.importing import read_mail, recipe

    mails = read_mail(source)
    with TemporaryDirectory() as scratch:
        snapshot = build_base(recipe(mails, owner, rename=rename), Path(scratch)).snapshot()
        snapshot.save(out)
    typer.echo(f"{len(mails)} messages in {out}, world {snapshot.content_id[:12]}")
