import pytest

from support.mailbox import Mailbox


def test_reading_shows_the_text_and_marks_it_read(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        message = plant.message(plant.person(), plant.topic(["quote"]), "It comes to $432.")
    letter = mailbox.call("read", message_id=message.handle)
    assert list(letter) == ["from", "subject", "date", "body"]
    assert letter["body"] == "It comes to $432."
    (change,) = mailbox.changes()
    assert change.before is not None
    assert change.after is not None
    assert (change.before["read_at"], change.before | {"read_at": change.after["read_at"]}) == (None, change.after)


def test_reading_shows_labels_and_attachments_where_there_are_any(mailbox: Mailbox) -> None:
    hit = mailbox.call("search", query="attached subject:order", limit=50)["hits"][0]
    letter = mailbox.call("read", message_id=hit["id"])
    assert letter["attachments"] == ["invoice.pdf"]
    mailbox.call("label", message_ids=[hit["id"]], label="tax")
    assert mailbox.call("read", message_id=hit["id"])["labels"] == ["tax"]


def test_what_the_user_sent_says_to_whom(mailbox: Mailbox) -> None:
    hit = mailbox.call("list_folder", folder="sent")["hits"][0]
    assert "@" in mailbox.call("read", message_id=hit["id"])["to"]


def test_a_thread_lists_what_answers_each_other(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        subject = plant.topic(["visit"])
        first = plant.message(plant.person(), subject, "Shall we?")
        second = plant.message(plant.person(), f"Re: {subject}", "Fine.", after=first)
        plant.message(plant.person(), subject, "Another thread of the same subject.")
    hits = mailbox.call("read_thread", message_id=first.handle)["hits"]
    assert [hit["id"] for hit in hits] == [second.handle, first.handle]


@pytest.mark.parametrize(
    "message_id", ["Nobody-12", "Nobody", "", "-", "12", "Nobody-0", "Nobody-99999999999999999999"]
)
@pytest.mark.parametrize("tool", ["read", "read_thread", "unsubscribe"])
def test_an_id_that_does_not_exist_is_quoted(mailbox: Mailbox, tool: str, message_id: str) -> None:
    code, sentence = mailbox.refusal(tool, message_id=message_id)
    assert code == "no_such_message"
    assert f"'{message_id}'" in sentence
