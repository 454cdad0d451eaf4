from pathlib import Path

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from greenroom import App, Size, Split, World
from greenroom.appset import AppSet
from greenroom.cast import owner as cast_owner
from greenroom.cast import people
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.mail import app
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.models import Contact


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "other_note"
    id: Mapped[int] = mapped_column(primary_key=True)


other = App("other", models=Base, summary="", cast=True)


@other.tool
def list_notes(world: World) -> None:
    """List nothing."""


@other.populate
def populate(world: World, size: Size, split: Split) -> None:
    world.session.add(Note())


def test_in_a_set_with_a_cast_the_mailbox_is_the_owners(tmp_path: Path) -> None:
    sandbox = LocalSandbox(AppSet([app, other]), cache_dir=tmp_path)
    world = sandbox.base(Split.TRAIN).open()
    with world.transaction("world") as session:
        person, me = cast_owner(session), owner(world)
        assert (me.name, me.address) == (person.name, person.email)
        home = {p.email for p in people(session) if p.household_id == person.household_id} - {person.email}
        assert home <= {contact.address for contact in session.query(Contact)}
    world.close()
    for family in app.families:
        assert sandbox.prepare(f"mail+other/train/mail.{family}/0").solution
