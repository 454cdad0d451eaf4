import mailbox as stdlib
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from greenroom.errors import UsageError
from greenroom.worlds import build_base, load_snapshot
from greenroom_envs.mail.cli import commands
from greenroom_envs.mail.importing import read_mail, recipe
from greenroom_envs.mail.models import MessageRow
from support.mailbox import Mailbox

ANNA, WILL = "Anna Berg <anna@berg.org>", "Will Stone <will@stone.org>"


def mail(sender: str, to: str, subject: str, body: str, day: int, **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Date"] = f"{day:02} Jan 2025 10:00:00 +0100"
    message["Message-ID"] = f"<{day}@berg.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message


@pytest.fixture(params=["mbox", "Maildir"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    box = stdlib.mbox(path) if request.param == "mbox" else stdlib.Maildir(path)
    first = mail(WILL, ANNA, "Trip", "Dear Anna, will you come? Write to will@stone.org or x@y.org. Will", 1)
    first.add_attachment(b"12345", maintype="application", subtype="pdf", filename="Anna.pdf")
    for message in (first, mail(ANNA, WILL, "Re: Trip", "Yes, Will.", 2, In_Reply_To="<1@berg.org>")):
        box.add(message)
    box.add(mail("nobody", ANNA, "No address", "?", 3))
    box.add(mail(WILL, ANNA, "=?utf-8?q?caf=C3=A9?=", "Third.", 4))
    box.close()
    return path


def open_world(source: Path, folder: Path, *, rename: bool) -> Mailbox:
    return Mailbox(build_base(recipe(read_mail(source), rename=rename), folder).snapshot().open())


def test_a_real_mailbox_becomes_a_world(source: Path, tmp_path: Path) -> None:
    box = open_world(source, tmp_path / "bases", rename=False)
    (hit,) = box.call("search", query="come from:will")["hits"]
    assert hit["from"] == "Will Stone"
    assert box.call("read", message_id=hit["id"])["attachments"] == ["Anna.pdf"]
    assert [m["body"] for m in box.call("show_thread", message_id=hit["id"])][1:] == ["Yes, Will."]
    assert box.call("search", query="café")["hits"]
    assert box.call("show_profile")["address"] == "anna@berg.org"
    assert box.call("reply", message_id=hit["id"], body="Hi.")["to"] == "will@stone.org"
    box.world.close()


def test_names_are_replaced_everywhere_and_words_that_look_like_them_are_not(source: Path, tmp_path: Path) -> None:
    box = open_world(source, tmp_path / "bases", rename=True)
    with box.world.transaction("world") as session:
        rows = session.scalars(select(MessageRow).order_by(MessageRow.id)).all()
        text = " ".join(f"{r.sender} {r.address} {r.recipient} {r.subject} {r.body}" for r in rows)
    assert not [word for word in ("Anna", "Berg", "Will", "Stone", "berg.org", "stone.org", "x@y.org") if word in text]
    assert " will you come?" in text
    assert rows[0].sender.split()[0] in rows[1].body
    assert rows[0].address in rows[0].body
    assert rows[0].sender == rows[2].sender
    box.world.close()


def test_the_same_mailbox_is_the_same_world(source: Path, tmp_path: Path) -> None:
    ids = {build_base(recipe(read_mail(source)), tmp_path / name).id for name in ("one", "two")}
    assert len(ids) == 1


def test_what_is_no_mailbox_is_said(tmp_path: Path, source: Path) -> None:
    (tmp_path / "empty").write_text("")
    with pytest.raises(UsageError, match="holds no message"):
        read_mail(tmp_path / "empty")
    with pytest.raises(UsageError, match="there is no"):
        read_mail(tmp_path / "missing")
    with pytest.raises(UsageError, match=r"nobody@x\.org"):
        recipe(read_mail(source), "nobody@x.org")


def test_the_command_writes_a_snapshot_that_can_be_opened(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "box.snapshot"
    done = CliRunner().invoke(commands, ["import", str(source), "--out", str(out), "--rename"])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("3 messages in ")
    with load_snapshot(out, recipe(read_mail(source)).schema).open() as world:
        assert Mailbox(world).call("count_messages", query="is:read")["messages"] == 3
