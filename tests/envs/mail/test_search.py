import pytest

from greenroom_envs.mail.tools.search import MOST
from support.mailbox import Mailbox


@pytest.fixture
def lease(mailbox: Mailbox) -> tuple[str, str, str]:
    """Two people wrote about one subject; returns the subject and their names."""
    with mailbox.plant() as plant:
        subject, one, two = plant.topic(["lease"]), plant.person(), plant.person()
        plant.message(one, subject, "It comes to $432.")
        plant.message(two, subject, "The grand total is $999.")
    return subject, one.name, two.name


def test_words_are_looked_for_in_subject_text_and_sender(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    subject, one, two = lease
    assert set(mailbox.senders(subject)) == {one, two}
    assert mailbox.senders(f"{subject.split()[0].upper()} grand") == [two]
    assert one in mailbox.senders(one)


def test_all_words_must_occur(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    found = mailbox.call("search", query=f"{lease[0]} elephant")
    assert found["hits"] == []
    assert "elephant" in found["note"]


def test_a_hit_shows_sender_id_subject_and_date_in_this_order(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    subject, one, _ = lease
    hit = mailbox.call("search", query=f"from:{one} {subject}")["hits"][0]
    assert list(hit) == ["from", "id", "subject", "date"]
    assert hit["from"] == one
    assert hit["id"].startswith(one.split()[0] + "-")


def test_operators_narrow_a_search(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    subject, one, two = lease
    word = subject.split()[0]
    assert mailbox.senders(f"from:{one} {word}") == [one]
    assert mailbox.senders(f'from:"{two}"') == [two]
    assert mailbox.senders(f"subject:{word} subject:grand") == []
    assert len(mailbox.senders(f"subject:{word}")) == 2
    assert mailbox.senders(f"in:archive {word}") == []
    assert len(mailbox.senders(f"in:inbox is:unread {word}")) == 2
    assert mailbox.senders(f"is:starred {word}") == []


def test_a_label_and_a_star_and_a_folder_can_be_searched(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    subject, one, _ = lease
    message_id = mailbox.call("search", query=f"from:{one} {subject}")["hits"][0]["id"]
    mailbox.call("label", message_ids=[message_id], label="tax")
    mailbox.call("star", message_ids=[message_id])
    mailbox.call("read", message_id=message_id)
    assert mailbox.senders(f"label:tax {subject}") == [one]
    assert mailbox.senders(f"is:starred {subject}") == [one]
    assert mailbox.senders(f"is:read {subject}") == [one]
    mailbox.call("delete", message_ids=[message_id])
    assert one not in mailbox.senders(subject)
    hit = mailbox.call("search", query=f"in:trash {subject}")["hits"][0]
    assert (hit["from"], hit["folder"]) == (one, "trash")


def test_a_phrase_must_occur_as_it_is(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    assert mailbox.senders('"grand total"')[0] == lease[2]
    assert lease[2] not in mailbox.senders(f'"total grand" {lease[0]}')


def test_what_was_sent_is_found_by_its_recipient(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    sent = mailbox.call("send", to=lease[1], subject="zebra crossing", body="See you there.")
    hits = mailbox.call("search", query=f"to:{lease[1].split()[0]} zebra")["hits"]
    assert [hit["id"] for hit in hits] == [sent["sent"]]


def test_hits_come_in_pages_latest_first(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        sender = plant.person()
        for _ in range(7):
            plant.message(sender, plant.topic(["report"]), "Here it is.")
    pages = [mailbox.call("search", query=f"from:{sender.name}", limit=3, page=page) for page in (1, 2, 3)]
    assert [len(page["hits"]) for page in pages] == [3, 3, 1]
    assert [page.get("more", False) for page in pages] == [True, True, False]
    numbers = [int(hit["id"].split("-")[1]) for page in pages for hit in page["hits"]]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize(
    ("query", "code", "quoted"),
    [
        ("since:2020 lease", "unknown_operator", "since:"),
        ("", "empty_query", "''"),
        ("?! --", "empty_query", "?! --"),
        ("the " * 65, "query_too_long", "65 words"),
        ('"' + "the " * 65 + '"', "query_too_long", "64 are the most"),
        ("in:nowhere lease", "no_such_folder", "nowhere"),
        ("is:blue lease", "unknown_state", "blue"),
        ("label:blue lease", "no_such_label", "blue"),
        ("lease from:", "bad_operator", "from:"),
    ],
)
def test_a_query_that_means_nothing_is_refused(mailbox: Mailbox, query: str, code: str, quoted: str) -> None:
    found, sentence = mailbox.refusal("search", query=query)
    assert found == code
    assert quoted in sentence


def test_searching_changes_nothing(mailbox: Mailbox, lease: tuple[str, str, str]) -> None:
    before = mailbox.world.content_id
    mailbox.call("search", query=lease[0])
    assert mailbox.world.content_id == before


def test_a_count_goes_to_a_thousand_and_says_that_there_are_more(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        sender, subject = plant.person(), plant.topic(["report"])
        for _ in range(MOST + 1):
            plant.message(sender, subject, "Here it is.")
    word = subject.split()[0]
    assert mailbox.call("count_messages", query=word) == {"messages": MOST, "unread": MOST, "more": True}
    mailbox.call("delete", message_ids=[mailbox.call("search", query=word)["hits"][0]["id"]])
    assert mailbox.call("count_messages", query=word) == {"messages": MOST, "unread": MOST}
    assert mailbox.call("count_messages", query="in:inbox")["messages"] > MOST
