from datetime import timedelta

import pytest

from greenroom_envs.mail import app
from greenroom_envs.mail.desk import Habit, Invitation, Recipient
from greenroom_envs.mail.families.planting import Planted
from greenroom_envs.mail.mailbox import owner, utc_now
from greenroom_envs.mail.models import CalendarEvent, MessageLabel
from greenroom_envs.mail.people import Party
from support.mailbox import Mailbox


@pytest.fixture
def quote(mailbox: Mailbox) -> Planted:
    with mailbox.plant() as plant:
        return plant.message(plant.person(), plant.topic(["quote"]), "It comes to $432.")


@pytest.fixture
def friends(mailbox: Mailbox) -> list[Party]:
    with mailbox.plant() as plant:
        return [plant.person() for _ in range(3)]


def test_there_are_forty_tools_and_twelve_families() -> None:
    assert len(app.tools) >= 40
    assert len(app.families) >= 12


def test_a_message_to_several_tells_nobody_of_blind_copies(mailbox: Mailbox, friends: list[Party]) -> None:
    one, two, three = friends
    sent = mailbox.call(
        "compose", to=[one.name, one.address], subject="plans", body="Soon.", cc=[two.name], bcc=[three.name, two.name]
    )
    assert (sent["to"], sent["cc"], sent["bcc"]) == ([one.address], [two.address], [three.address])
    shown = mailbox.call("read", message_id=sent["sent"])
    assert (shown["to"], shown["cc"]) == (one.address, [two.address])
    inserted = [c.after or {} for c in mailbox.changes() if c.table == "mail_recipient"]
    rows = {row["address"]: row["kind"] for row in inserted}
    assert rows == {one.address: "to", two.address: "cc", three.address: "bcc"}


def test_a_message_to_nobody_or_too_many_is_refused(mailbox: Mailbox) -> None:
    assert mailbox.refusal("compose", to=[], subject="a", body="b")[0] == "no_recipients"
    many = [f"p{n}@example.org" for n in range(51)]
    assert mailbox.refusal("compose", to=many, subject="a", body="b")[0] == "too_many_recipients"


def test_reply_all_reaches_everybody_but_the_user(mailbox: Mailbox, quote: Planted, friends: list[Party]) -> None:
    with mailbox.world.transaction("world") as session:
        session.add(Recipient(message_id=quote.id, address=owner(mailbox.world).address, kind="to"))
        session.add_all(Recipient(message_id=quote.id, address=f.address, kind="cc") for f in friends)
    answer = mailbox.call("reply_all", message_id=quote.handle, body="Fine.")
    assert answer["to"] == [quote.sender.address]
    assert answer["cc"] == sorted(f.address for f in friends)


def test_what_is_private_is_not_passed_on(mailbox: Mailbox, quote: Planted, friends: list[Party]) -> None:
    passed = mailbox.call("forward_thread", message_id=quote.handle, to=friends[0].name)
    assert "$432" in mailbox.call("read", message_id=passed["sent"])["body"]
    with mailbox.world.transaction("world") as session:
        session.add(MessageLabel(message_id=quote.id, label="private"))
    for tool in ("forward", "forward_thread"):
        code, sentence = mailbox.refusal(tool, message_id=quote.handle, to=friends[0].name)
        assert code == "private"
        assert sentence.endswith(mailbox.call("show_policy")[0])


def test_a_draft_is_edited_by_version_gets_files_and_goes_out_with_them(mailbox: Mailbox, friends: list[Party]) -> None:
    hit = mailbox.call("search", query="has:attachment subject:order", limit=1)["hits"][0]
    mailbox.call("download", message_id=hit["id"], file="invoice.pdf")
    draft = mailbox.call("save_draft", to=friends[0].name, subject="plans", body="Soon.")["draft"]
    mailbox.call("attach", draft_id=draft, file="invoice.pdf")
    edited = mailbox.call("edit_draft", draft_id=draft, version=1, body="Now.", cc=[friends[1].name])
    assert (edited["version"], edited["cc"], edited["files"]) == (2, friends[1].address, ["invoice.pdf"])
    assert mailbox.refusal("edit_draft", draft_id=draft, version=1, body="x")[0] == "stale_version"
    assert mailbox.refusal("attach", draft_id=draft, file="invoice.pdf")[0] == "already_attached"
    mailbox.call("remove_attachment", draft_id=draft, file="invoice.pdf")
    mailbox.call("attach", draft_id=draft, file="invoice.pdf")
    sent = mailbox.call("send_draft", draft_id=draft)["sent"]
    assert mailbox.call("read", message_id=sent)["attachments"] == ["invoice.pdf"]
    assert mailbox.refusal("show_draft", draft_id=draft)[0] == "no_such_draft"


def test_a_scheduled_draft_sends_itself_at_its_hour_and_not_when_cancelled(
    mailbox: Mailbox, friends: list[Party]
) -> None:
    first, second = (
        mailbox.call("send_later", to=[friends[0].name], subject=s, body="Hi.", date="3 March", time="10:30")
        for s in ("zuvolir", "zuvomix")
    )
    assert [d["subject"] for d in mailbox.call("list_scheduled")] == ["zuvolir", "zuvomix"]
    mailbox.call("cancel_scheduled", draft_id=second["draft"])
    app.pass_time(mailbox.world, timedelta(days=2))
    assert len(mailbox.call("search", query="in:sent zuvolir")["hits"]) == 1
    assert mailbox.call("search", query="in:sent zuvomix")["hits"] == []
    assert mailbox.refusal("schedule_draft", draft_id=second["draft"], date="2026-03-01", time="9:00")[0] == "past"
    assert mailbox.refusal("show_draft", draft_id=first["draft"])[0] == "no_such_draft"


@pytest.fixture
def invited(mailbox: Mailbox, quote: Planted) -> Planted:
    at = utc_now(mailbox.world).replace(hour=10) + timedelta(days=200)
    with mailbox.world.transaction("world") as session:
        session.add(Invitation(message_id=quote.id, title=quote.subject, starts_at=at))
    mailbox.world.clear_changes()
    return quote


def test_an_accepted_invitation_is_in_the_calendar_until_it_is_declined(mailbox: Mailbox, invited: Planted) -> None:
    mailbox.call("accept_invitation", message_id=invited.handle)
    assert [e["event"] for e in mailbox.call("list_events", date="2026-09-18")] == [invited.subject]
    assert mailbox.refusal("accept_invitation", message_id=invited.handle)[0] == "already_answered"
    mailbox.call("decline_invitation", message_id=invited.handle)
    assert mailbox.call("list_events", date="2026-09-18") == []


def test_an_invitation_is_not_accepted_when_the_calendar_is_taken(mailbox: Mailbox, invited: Planted) -> None:
    with mailbox.world.transaction("world") as session:
        at = session.get_one(Invitation, invited.id).starts_at
        session.add(CalendarEvent(title="dentist", starts_at=at + timedelta(minutes=30)))
    code, sentence = mailbox.refusal("accept_invitation", message_id=invited.handle)
    assert code == "busy"
    assert "dentist" in sentence


def test_nobody_makes_small_talk_on_the_answer_to_an_invitation(mailbox: Mailbox, invited: Planted) -> None:
    with mailbox.world.transaction("world") as session:
        session.add(Habit(address=invited.sender.address, minutes=20, answer=None))
    mailbox.call("accept_invitation", message_id=invited.handle)
    mailbox.call("wait_for_mail")
    assert len(mailbox.call("read_thread", message_id=invited.handle)["hits"]) == 2


def test_a_proposed_time_is_answered_by_the_organizer(mailbox: Mailbox, invited: Planted) -> None:
    mailbox.call("propose_time", message_id=invited.handle, date="2026-09-20", time="11:00")
    app.pass_time(mailbox.world, timedelta(hours=1))
    assert [e["event"] for e in mailbox.call("list_events", date="2026-09-20")] == [invited.subject]
    answers = mailbox.call("search", query=f'from:{invited.sender.name} "works for me"')["hits"]
    assert len(answers) == 1


def test_contacts_are_added_changed_and_deleted(mailbox: Mailbox) -> None:
    mailbox.call("add_contact", name="Zuvo Lir", address="Zuvo@Lir.com")
    assert mailbox.refusal("add_contact", name="X", address="zuvo@lir.com")[0] == "address_taken"
    assert mailbox.refusal("add_contact", name="X", address="zuvo")[0] == "bad_address"
    mailbox.call("edit_contact", address="zuvo@lir.com", new_address="z@lir.com", phone="555")
    gone = mailbox.call("delete_contact", address="z@lir.com")
    assert gone == {"name": "Zuvo Lir", "address": "z@lir.com", "phone": "555"}
    assert mailbox.refusal("delete_contact", address="z@lir.com")[0] == "no_such_contact"


def test_every_filing_has_its_inverse(mailbox: Mailbox, quote: Planted) -> None:
    ids = [quote.handle]
    for there, back in (("archive", "unarchive"), ("delete", "restore"), ("mark_spam", "unmark_spam")):
        assert mailbox.refusal(back, message_ids=ids)[0] == "not_there"
        mailbox.call(there, message_ids=ids)
        mailbox.call(back, message_ids=ids)
    assert {c.table for c in mailbox.changes()} <= {"mail_verdict"}


def test_labels_and_folders_are_made_and_deleted(mailbox: Mailbox, quote: Planted) -> None:
    mailbox.call("create_label", name="To  Do")
    mailbox.call("label", message_ids=[quote.handle], label="to do")
    assert mailbox.call("delete_label", name="to do") == {"label": "to do", "messages": 1}
    mailbox.call("create_folder", name="attic")
    mailbox.call("move", message_ids=[quote.handle], folder="attic")
    assert mailbox.refusal("delete_folder", name="attic")[0] == "in_use"
    mailbox.call("move", message_ids=[quote.handle], folder="inbox")
    mailbox.call("delete_folder", name="attic")
    assert mailbox.refusal("delete_folder", name="inbox")[0] == "system_folder"
    assert mailbox.changes() == []


def test_search_knows_minus_has_dates_and_counts(mailbox: Mailbox, quote: Planted) -> None:
    word = quote.subject.split()[0]
    assert mailbox.call("count_messages", query=word) == {"messages": 1, "unread": 1}
    assert mailbox.call("count_messages", query=f"{word} -432")["messages"] == 0
    everything = mailbox.call("count_messages", query="-zzzzz")["messages"]
    parts = [mailbox.call("count_messages", query=f"{when}:2026-02-20")["messages"] for when in ("before", "after")]
    assert min(parts) > 0
    assert sum(parts) <= everything
    oldest, latest = (
        mailbox.call("find_messages", query="before:2026-02-20", oldest=oldest, limit=50)["hits"][0]["id"]
        for oldest in (True, False)
    )
    assert oldest != latest
    assert mailbox.refusal("search", query="has:wings")[0] == "unknown_value"
    assert mailbox.refusal("search", query="-in:inbox")[0] == "bad_operator"


def test_what_somebody_and_the_user_wrote_is_listed_together(mailbox: Mailbox, quote: Planted) -> None:
    mailbox.call("reply", message_id=quote.handle, body="Fine.")
    hits = mailbox.call("list_with", person=quote.sender.name)["hits"]
    assert [hit.get("folder", "inbox") for hit in hits] == ["sent", "inbox"]
