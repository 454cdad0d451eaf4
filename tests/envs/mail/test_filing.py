import pytest

from greenroom_envs.mail.families.planting import Planted
from support.mailbox import Mailbox


@pytest.fixture
def three(mailbox: Mailbox) -> list[Planted]:
    with mailbox.plant() as plant:
        sender = plant.person()
        return [plant.message(sender, plant.topic(["report"]), "Here it is.") for _ in range(3)]


def ids(messages: list[Planted]) -> list[str]:
    return [message.handle for message in messages]


@pytest.mark.parametrize(
    ("tool", "more", "folder"),
    [("archive", {}, "archive"), ("delete", {}, "trash"), ("move", {"folder": "Clients"}, "clients")],
)
def test_several_messages_go_into_a_folder(
    mailbox: Mailbox, three: list[Planted], tool: str, more: dict[str, str], folder: str
) -> None:
    assert mailbox.call(tool, message_ids=ids(three), **more) == {"moved": 3, "to": folder}
    changes = mailbox.changes()
    assert {c.key for c in changes} == {(m.id,) for m in three}
    assert {(c.after or {})["folder"] for c in changes} == {folder}


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("archive", {}),
        ("delete", {}),
        ("move", {"folder": "travel"}),
        ("label", {"label": "tax"}),
        ("unlabel", {"label": "tax"}),
        ("star", {}),
        ("mark_read", {}),
    ],
)
def test_one_wrong_id_refuses_all(mailbox: Mailbox, three: list[Planted], tool: str, more: dict[str, str]) -> None:
    if tool == "unlabel":
        mailbox.call("label", message_ids=ids(three), label="tax")
    code, sentence = mailbox.refusal(tool, message_ids=[*ids(three), "Nobody-7"], **more)
    assert code == "no_such_message"
    assert "'Nobody-7'" in sentence
    assert mailbox.refusal(tool, message_ids=[], **more)[0] == "no_messages"


def test_an_id_given_twice_counts_once(mailbox: Mailbox, three: list[Planted]) -> None:
    first = three[0].handle
    assert mailbox.call("archive", message_ids=[first, first])["moved"] == 1


def test_what_is_already_there_refuses_all(mailbox: Mailbox, three: list[Planted]) -> None:
    mailbox.call("archive", message_ids=[three[1].handle])
    code, sentence = mailbox.refusal("archive", message_ids=ids(three))
    assert code == "already_there"
    assert three[1].handle in sentence


def test_labels_are_put_on_and_taken_off(mailbox: Mailbox, three: list[Planted]) -> None:
    assert mailbox.call("label", message_ids=ids(three), label="Urgent") == {"changed": 3, "label": "urgent"}
    assert {(c.op, c.table) for c in mailbox.changes()} == {("insert", "mail_message_label")}
    code, sentence = mailbox.refusal("label", message_ids=ids(three[:1]), label="urgent")
    assert code == "already_labelled"
    assert three[0].handle in sentence
    mailbox.call("unlabel", message_ids=ids(three), label="urgent")
    assert mailbox.changes() == []
    assert mailbox.refusal("unlabel", message_ids=ids(three), label="urgent")[0] == "not_labelled"


def test_labels_and_folders_that_do_not_exist_are_listed(mailbox: Mailbox, three: list[Planted]) -> None:
    code, sentence = mailbox.refusal("label", message_ids=ids(three), label="blue")
    assert code == "no_such_label"
    assert "'blue'" in sentence
    assert "urgent" in sentence
    code, sentence = mailbox.refusal("move", message_ids=ids(three), folder="attic")
    assert code == "no_such_folder"
    assert "clients" in sentence


def test_stars_come_and_go(mailbox: Mailbox, three: list[Planted]) -> None:
    mailbox.call("star", message_ids=ids(three))
    assert {(c.after or {})["starred"] for c in mailbox.changes()} == {True}
    mailbox.call("star", message_ids=ids(three), starred=False)
    assert mailbox.changes() == []


def test_messages_are_marked_read_and_unread(mailbox: Mailbox, three: list[Planted]) -> None:
    sender = three[0].sender.name
    mailbox.call("mark_read", message_ids=ids(three))
    assert mailbox.senders(f"is:unread from:{sender}") == []
    mailbox.call("mark_read", message_ids=ids(three), read=False)
    assert len(mailbox.senders(f"is:unread from:{sender}")) == 3
