from datetime import timedelta

import pytest

from greenroom_envs.mail import app
from greenroom_envs.mail.families.planting import Planted
from greenroom_envs.mail.models import Account
from greenroom_envs.mail.people import Party
from support.mailbox import Mailbox


@pytest.fixture
def quote(mailbox: Mailbox) -> Planted:
    with mailbox.plant() as plant:
        return plant.message(plant.person(), plant.topic(["quote"]), "It comes to $432.")


@pytest.fixture
def friend(mailbox: Mailbox) -> Party:
    with mailbox.plant() as plant:
        return plant.person()


def test_a_reply_goes_to_the_sender_within_the_thread(mailbox: Mailbox, quote: Planted) -> None:
    sent = mailbox.call("reply", message_id=quote.handle, body="Fine.")
    assert sent["to"] == quote.sender.address
    (change,) = mailbox.changes()
    assert (change.op, change.table) == ("insert", "mail_message")
    row = change.after or {}
    assert (row["folder"], row["reply_to"], row["thread_id"]) == ("sent", quote.id, quote.thread)
    assert (row["subject"], row["body"]) == (f"Re: {quote.subject}", "Fine.")
    assert mailbox.call("search", query=f"in:sent {quote.subject}")["hits"][0]["id"] == sent["sent"]


def test_a_forward_carries_the_text_and_goes_to_a_contact_by_name(
    mailbox: Mailbox, quote: Planted, friend: Party
) -> None:
    sent = mailbox.call("forward", message_id=quote.handle, to=friend.name.upper(), note="For you")
    assert sent["to"] == friend.address
    (change,) = mailbox.changes()
    row = change.after or {}
    assert (row["forward_of"], row["recipient"]) == (quote.id, friend.address)
    assert row["body"].startswith("For you\n\n")
    assert "$432" in row["body"]


def test_a_forward_carries_the_attachments(mailbox: Mailbox, friend: Party) -> None:
    hit = mailbox.call("search", query="attached subject:order", limit=50)["hits"][0]
    copy = mailbox.call("forward", message_id=hit["id"], to=friend.address)["sent"]
    assert mailbox.call("read", message_id=copy)["attachments"] == ["invoice.pdf"]


def test_a_new_message_starts_a_thread(mailbox: Mailbox) -> None:
    sent = mailbox.call("send", to="New.Person@Example.org", subject="hello", body="Hi.")
    assert sent["to"] == "new.person@example.org"
    assert sorted((c.op, c.table) for c in mailbox.changes()) == [
        ("insert", "mail_message"),
        ("insert", "mail_thread"),
    ]


def test_two_messages_sent_have_different_ids(mailbox: Mailbox) -> None:
    ids = [mailbox.call("send", to="a@b.org", subject="hello", body="Hi.")["sent"] for _ in range(2)]
    assert ids[0] != ids[1]


def test_a_first_name_is_enough_when_only_one_has_it(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        one = plant.person()
    known = [c for c in mailbox.call("find_contacts", query=one.first) if c["name"].startswith(f"{one.first} ")]
    if len(known) == 1:
        assert mailbox.call("send", to=one.first, subject="hello", body="Hi.")["to"] == one.address
    with mailbox.plant() as plant:
        other = plant.person(one.first)
    code, sentence = mailbox.refusal("send", to=one.first, subject="hello", body="Hi.")
    assert code == "ambiguous_recipient"
    assert one.address in sentence
    assert other.address in sentence


def test_the_beginning_of_only_one_name_is_completed(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        one = plant.person()
    assert mailbox.call("send", to=one.name[:-1], subject="hello", body="Hi.")["to"] == one.address
    with mailbox.plant() as plant:
        other = plant.person(one.first)
    shared = one.first + " "
    assert mailbox.refusal("send", to=shared, subject="hello", body="Hi.")[0] == "ambiguous_recipient"
    for person in (one, other):
        assert mailbox.call("send", to=person.name, subject="hello", body="Hi.")["to"] == person.address


def test_a_message_to_nobody_is_refused(mailbox: Mailbox) -> None:
    code, sentence = mailbox.refusal("send", to="Nobody Inparticular", subject="hello", body="Hi.")
    assert code == "unknown_recipient"
    assert "'Nobody Inparticular'" in sentence
    assert "mail_find_contacts" in sentence


@pytest.mark.parametrize("to", ["", "%", "a@b", "@", "a b@c.de", "x@y.z, q@r.s"])
def test_what_is_neither_address_nor_name_is_refused(mailbox: Mailbox, to: str) -> None:
    assert mailbox.refusal("send", to=to, subject="hello", body="Hi.")[0] == "unknown_recipient"


def test_the_user_writes_neither_to_nor_answers_herself(mailbox: Mailbox) -> None:
    own = mailbox.call("list_folder", folder="sent")["hits"][0]["id"]
    assert mailbox.refusal("reply", message_id=own, body="Hi.")[0] == "own_message"
    with mailbox.world.transaction("world") as session:
        address = session.get_one(Account, 1).address
    assert mailbox.refusal("forward", message_id=own, to=address)[0] == "own_address"


@pytest.mark.parametrize("empty", ["", "  \n"])
def test_an_empty_text_is_refused(mailbox: Mailbox, quote: Planted, empty: str) -> None:
    assert mailbox.refusal("reply", message_id=quote.handle, body=empty)[0] == "empty_text"
    assert mailbox.refusal("send", to="a@b.org", subject=empty, body="Hi.")[0] == "empty_text"
    assert mailbox.refusal("save_draft", to="a@b.org", subject="hello", body=empty)[0] == "empty_text"


def test_a_draft_is_kept_listed_and_sent(mailbox: Mailbox, friend: Party) -> None:
    draft = mailbox.call("save_draft", to=friend.name, subject="plans", body="Soon.")
    assert mailbox.call("list_drafts")[0] == draft
    sent = mailbox.call("send_draft", draft_id=draft["draft"])
    assert sent["to"] == friend.address
    assert draft not in mailbox.call("list_drafts")
    assert mailbox.call("read", message_id=sent["sent"])["body"] == "Soon."
    assert mailbox.refusal("send_draft", draft_id=draft["draft"])[0] == "no_such_draft"


def test_nobody_sends_more_than_sixty_messages_an_hour(mailbox: Mailbox) -> None:
    for _ in range(60):
        mailbox.call("send", to="somebody@example.org", subject="a", body="b")
    code, sentence = mailbox.refusal("compose", to=["somebody@example.org"], subject="a", body="b")
    assert code == "sending_limit"
    assert "wait 55 minutes" in sentence
    app.pass_time(mailbox.world, timedelta(minutes=55))
    mailbox.call("send", to="somebody@example.org", subject="a", body="b")


def test_two_letters_are_no_beginning_of_a_name(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        one = plant.person()
    assert mailbox.refusal("send", to=one.name[:2], subject="hello", body="Hi.")[0] == "unknown_recipient"
