import pytest
from sqlalchemy import select

from greenroom_envs.mail.models import MessageLabel
from support.mailbox import Mailbox


def test_a_folder_is_listed_latest_first_and_in_pages(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        newest = plant.message(plant.person(), plant.topic(["order"]), "Here.")
    first = mailbox.call("list_folder")
    assert first["hits"][0]["id"] == newest.handle
    assert first["more"] is True
    second = mailbox.call("list_folder", folder="Inbox", page=2)
    assert not {h["id"] for h in first["hits"]} & {h["id"] for h in second["hits"]}


def test_folders_are_counted(mailbox: Mailbox) -> None:
    before = {row["folder"]: row for row in mailbox.call("folders")}
    hit = mailbox.call("search", query="in:inbox is:unread")["hits"][0]
    mailbox.call("archive", message_ids=[hit["id"]])
    mailbox.call("mark_read", message_ids=[hit["id"]])
    after = {row["folder"]: row for row in mailbox.call("folders")}
    assert sum(row["messages"] for row in after.values()) == 200
    assert after["inbox"]["messages"] == before["inbox"]["messages"] - 1
    assert after["archive"]["messages"] == before["archive"]["messages"] + 1
    assert after["inbox"]["unread"] == before["inbox"]["unread"] - 1


def test_spam_can_be_listed_though_it_is_never_searched(mailbox: Mailbox) -> None:
    hits = mailbox.call("list_folder", folder="spam")["hits"]
    assert len({hit["subject"] for hit in hits}) > 2
    assert all(mailbox.senders(f'subject:"{hit["subject"]}"') == [] for hit in hits)


def test_a_folder_that_does_not_exist_is_refused_with_those_that_do(mailbox: Mailbox) -> None:
    code, sentence = mailbox.refusal("list_folder", folder="attic")
    assert code == "no_such_folder"
    assert "'attic'" in sentence
    assert "archive" in sentence


def in_order(mailbox: Mailbox, sort: str, field: str) -> list[str]:
    hits = [mailbox.call("list_messages", folder="archive", sort=sort, limit=20, page=page)["hits"] for page in (1, 2)]
    return [hit[field] for some in hits for hit in some]


@pytest.mark.parametrize(("sort", "field"), [("sender", "from"), ("subject", "subject")])
def test_a_folder_is_listed_from_a_to_z(mailbox: Mailbox, sort: str, field: str) -> None:
    listed = in_order(mailbox, sort, field)
    assert len(listed) > 20
    assert listed == sorted(listed)


def test_a_folder_is_listed_oldest_first_and_only_what_is_unread_or_starred(mailbox: Mailbox) -> None:
    count = next(f for f in mailbox.call("folders") if f["folder"] == "archive")["messages"]
    pages = range(1, count // 50 + 2)
    there, back = (
        [
            hit["id"]
            for page in pages
            for hit in mailbox.call("list_messages", folder="archive", sort=s, limit=50, page=page)["hits"]
        ]
        for s in ("latest", "oldest")
    )
    assert there == back[::-1]
    assert len(there) == count
    mailbox.call("star", message_ids=there[3:4])
    mailbox.call("mark_read", message_ids=there[3:4], read=False)
    hits = mailbox.call("list_messages", folder="archive", unread=True, starred=True)["hits"]
    assert there[3] in [hit["id"] for hit in hits]
    unread = next(f for f in mailbox.call("folders") if f["folder"] == "archive")["unread"]
    assert len(mailbox.call("list_messages", folder="archive", unread=True, limit=50)["hits"]) == unread


def test_counts_of_folders_and_labels_are_those_of_the_messages(mailbox: Mailbox) -> None:
    (hit,) = mailbox.call("list_folder", folder="inbox", limit=1)["hits"]
    mailbox.call("mark_read", message_ids=[hit["id"]], read=False)
    mailbox.call("delete", message_ids=[hit["id"]])
    mailbox.call("send", to="somebody@example.org", subject="a", body="b")
    for folder in mailbox.call("folders"):
        # The second operator, which leaves out nothing, lets them be counted.
        found = mailbox.call("count_messages", query=f"in:{folder['folder']} after:1999-01-01")
        assert mailbox.call("count_messages", query=f"in:{folder['folder']}") == found
        assert {k: folder[k] for k in ("messages", "unread")} == found
    for label in mailbox.call("list_labels"):
        with mailbox.world.transaction("world") as session:
            rows = session.scalars(select(MessageLabel).where(MessageLabel.label == label["label"])).all()
        assert label["messages"] == len(rows)
