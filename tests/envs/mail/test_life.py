from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from greenroom.letters import Attachment, Letter, send_letter
from greenroom.rewards.expectations import changed_columns
from greenroom_envs.mail import app
from greenroom_envs.mail.desk import Habit
from greenroom_envs.mail.families.planting import Planted
from greenroom_envs.mail.life import gap, remind
from greenroom_envs.mail.mailbox import owner
from greenroom_envs.mail.models import MessageRow
from support.mailbox import Mailbox


@pytest.fixture
def quote(mailbox: Mailbox) -> Planted:
    with mailbox.plant() as plant:
        return plant.message(plant.person(), plant.topic(["quote"]), "It comes to $432.")


def letter(mailbox: Mailbox, to: str | None = None, subject: str = "your receipt") -> None:
    with mailbox.world.transaction("world"):
        send_letter(
            mailbox.world,
            Letter(
                sender="Norvik Store",
                address="orders@norvik.com",
                to=to or owner(mailbox.world).address.upper(),
                subject=subject,
                body="Thank you.",
                attachments=(Attachment(name="receipt.txt", text="Total: $12"),),
                reference="shop:order:17",
            ),
        )


def test_a_letter_of_another_app_arrives_with_its_files(mailbox: Mailbox) -> None:
    letter(mailbox)
    (hit,) = mailbox.call("search", query="from:norvik receipt")["hits"]
    assert mailbox.call("read", message_id=hit["id"])["attachments"] == ["receipt.txt"]
    assert mailbox.call("show_attachment", message_id=hit["id"], file="receipt.txt")["text"] == "Total: $12"
    assert {column for change in mailbox.changes() for column in changed_columns(change)} == {"read_at"}


def test_a_letter_to_somebody_else_does_not_arrive(mailbox: Mailbox) -> None:
    letter(mailbox, to="somebody.else@example.org")
    assert mailbox.call("search", query="from:norvik receipt")["hits"] == []


def test_arriving_mail_follows_rules_and_verdicts(mailbox: Mailbox) -> None:
    mailbox.call("add_rule", sender="orders@norvik.com", subject="RECEIPT", folder="finance", label="paid", star=True)
    letter(mailbox)
    (hit,) = mailbox.call("search", query="in:finance is:starred label:paid from:norvik")["hits"]
    letter(mailbox, subject="hello")
    assert [h["subject"] for h in mailbox.call("search", query="in:inbox from:norvik")["hits"]] == ["hello"]
    mailbox.call("mark_spam", message_ids=[hit["id"]])
    letter(mailbox)
    assert len(mailbox.call("search", query="in:spam from:norvik")["hits"]) == 2
    mailbox.call("unmark_spam", message_ids=[hit["id"]])
    assert mailbox.call("search", query="in:inbox subject:receipt from:norvik")["hits"]


def test_somebody_with_the_habit_answers_after_a_while(mailbox: Mailbox, quote: Planted) -> None:
    with mailbox.world.transaction("world") as session:
        session.add(Habit(address=quote.sender.address, minutes=12, answer="It is $555."))
    mailbox.call("reply", message_id=quote.handle, body="How much?")
    app.pass_time(mailbox.world, timedelta(minutes=11))
    assert mailbox.call("search", query=f"from:{quote.sender.name} 555")["hits"] == []
    (hit,) = mailbox.call("wait_for_mail")["hits"][-1:]
    assert mailbox.call("read", message_id=hit["id"])["body"] == "It is $555."
    assert len(mailbox.call("show_thread", message_id=quote.handle)) == 3


@pytest.mark.parametrize("answered", [False, True])
def test_a_sender_without_an_answer_asks_again_twice_at_most(mailbox: Mailbox, quote: Planted, answered: bool) -> None:
    with mailbox.world.transaction("world") as session:
        remind(mailbox.world, session.get_one(MessageRow, quote.id), timedelta(hours=1))
    if answered:
        mailbox.call("reply", message_id=quote.handle, body="Yes.")
    app.pass_time(mailbox.world, timedelta(days=4))
    hits = mailbox.call("search", query=f"from:{quote.sender.first} subject:{quote.subject.split()[0]}")["hits"]
    assert len(hits) == (1 if answered else 3)


def test_new_mail_comes_from_contacts_and_newsletters_and_never_in_the_first_quarter_of_an_hour(
    mailbox: Mailbox,
) -> None:
    assert mailbox.call("count_messages", query="after:2026-03-01")["messages"] == 0
    app.pass_time(mailbox.world, timedelta(minutes=14))
    assert mailbox.call("count_messages", query="after:2026-03-01")["messages"] == 0
    for _ in range(24):
        app.pass_time(mailbox.world, timedelta(hours=1))
    hits = mailbox.call("find_messages", query="after:2026-03-01", limit=50)["hits"]
    assert 5 < len(hits) < 50
    papers = {paper["name"] for paper in mailbox.call("newsletters")}
    people = [hit for hit in hits if hit["from"] not in papers]
    assert 0 < len(people) < len(hits)
    assert all(mailbox.call("find_contacts", query=hit["from"]) for hit in people)


def test_a_newsletter_that_was_stopped_comes_no_more(mailbox: Mailbox) -> None:
    for paper in mailbox.call("newsletters"):
        hit = mailbox.call("search", query=f"from:{paper['name']}")["hits"][0]
        mailbox.call("unsubscribe", message_id=hit["id"])
    app.pass_time(mailbox.world, timedelta(days=1))
    hits = mailbox.call("find_messages", query="after:2026-03-01", limit=50)["hits"]
    assert 5 < len(hits) < 50
    assert all(mailbox.call("find_contacts", query=hit["from"]) for hit in hits)


def test_waiting_in_vain_says_what_time_it_is(mailbox: Mailbox) -> None:
    waited = [mailbox.call("wait_for_mail") for _ in range(6)]
    empty = [one for one in waited if not one["hits"]]
    assert 0 < len(empty) < 6
    assert "it is 2 March 2026 " in empty[0]["note"]
    assert all("note" not in one for one in waited if one["hits"])


def test_a_vacation_answer_goes_once_to_everybody_known(mailbox: Mailbox, quote: Planted) -> None:
    mailbox.call("set_vacation", first_day="2026-03-02", last_day="5 March", body="Away until 5 March.")
    with mailbox.world.transaction("world") as session:
        remind(mailbox.world, session.get_one(MessageRow, quote.id), timedelta(hours=1))
    app.pass_time(mailbox.world, timedelta(hours=2))
    sent = mailbox.call("search", query=f"in:sent to:{quote.sender.address} Away")["hits"]
    assert len(sent) == 1
    letter(mailbox)
    assert mailbox.call("search", query="in:sent to:norvik")["hits"] == []
    mailbox.call("end_vacation")
    assert mailbox.refusal("show_vacation")[0] == "no_vacation"


def test_mail_that_a_rule_makes_spam_gets_no_vacation_answer(mailbox: Mailbox, quote: Planted) -> None:
    mailbox.call("set_vacation", first_day="2026-03-02", last_day="5 March", body="Away until 5 March.")
    mailbox.call("add_rule", sender=quote.sender.address, folder="spam")
    with mailbox.world.transaction("world") as session:
        remind(mailbox.world, session.get_one(MessageRow, quote.id), timedelta(hours=1))
    app.pass_time(mailbox.world, timedelta(hours=2))
    assert mailbox.call("search", query=f"in:spam from:{quote.sender.address}")["hits"]
    assert mailbox.call("search", query=f"in:sent to:{quote.sender.address} Away")["hits"] == []


def bounces(mailbox: Mailbox) -> list[str]:
    found = mailbox.call("search", query="from:mailer-daemon")["hits"]
    return [mailbox.call("read", message_id=hit["id"])["body"] for hit in found]


def test_mail_to_nobody_comes_back_into_its_thread(mailbox: Mailbox, quote: Planted) -> None:
    wrong = f"x{quote.sender.address}"
    sent = mailbox.call("send", to=wrong, subject="hello", body="Are you there?")
    app.pass_time(mailbox.world, timedelta(minutes=2))
    (told,) = bounces(mailbox)
    assert f"550 5.1.1 <{wrong}>" in told
    thread = mailbox.call("show_thread", message_id=sent["sent"])
    assert [message["from"] for message in thread[1:]] == ["Mail Delivery Subsystem"]
    new = [c.after for c in mailbox.changes() if c.op == "insert" and c.table == "mail_message"]
    assert [message["folder"] for message in new if message] == ["sent"]


def test_each_wrong_address_of_several_comes_back_hidden_ones_too(mailbox: Mailbox, quote: Planted) -> None:
    right = quote.sender.address
    to, bcc = [right, f"a{right}"], [f"b{right}"]
    mailbox.call("compose", to=to, subject="hello", body="Are you there?", bcc=bcc)
    app.pass_time(mailbox.world, timedelta(minutes=2))
    assert sorted(told.split("<")[1].split(">")[0] for told in bounces(mailbox)) == [f"a{right}", f"b{right}"]


def test_mail_to_whoever_wrote_or_to_an_outside_domain_does_not_come_back(mailbox: Mailbox) -> None:
    letter(mailbox)
    for to in (
        "orders@norvik.com",
        "info@norvik.com",
        "anybody@elsewhere.org",
        "anybody@gmail.com",
        'any"body@elsewhere.org',
    ):
        mailbox.call("send", to=to, subject="hello", body="Are you there?")
    app.pass_time(mailbox.world, timedelta(minutes=2))
    assert bounces(mailbox) == []


def test_a_colleague_of_the_sender_whom_nobody_knows_does_not_exist(mailbox: Mailbox) -> None:
    letter(mailbox)
    mailbox.call("send", to="nora.berg@norvik.com", subject="hello", body="Are you there?")
    app.pass_time(mailbox.world, timedelta(minutes=2))
    assert len(bounces(mailbox)) == 1


def test_refused_waiting_takes_no_half_an_hour(mailbox: Mailbox) -> None:
    before = mailbox.world.now
    assert mailbox.refusal("wait_for_mail", minutes=5)[0] == "bad_arguments"
    assert mailbox.world.now - before < timedelta(minutes=1)


def test_a_wait_that_begins_by_night_goes_on_at_the_pace_of_the_day() -> None:
    night, day = datetime(2026, 3, 3, 4, tzinfo=UTC), datetime(2026, 3, 3, 9, tzinfo=UTC)
    gaps = [gap(Random(seed), night) for seed in range(500)]
    assert max(gaps) < timedelta(hours=3 + 8)
    assert min(gaps) >= timedelta(minutes=10)
    by_day = sum((gap(Random(seed), day) for seed in range(500)), timedelta()) / 500
    assert timedelta(minutes=45) < by_day < timedelta(minutes=70)
    evening = datetime(2026, 3, 6, 18, 59, tzinfo=UTC)
    assert sum((gap(Random(seed), evening) for seed in range(500)), timedelta()) / 500 > timedelta(hours=3)
