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
    assert {hit["subject"] for hit in hits} == {"act now"}
    assert mailbox.senders('subject:"act now"') == []


def test_a_folder_that_does_not_exist_is_refused_with_those_that_do(mailbox: Mailbox) -> None:
    code, sentence = mailbox.refusal("list_folder", folder="attic")
    assert code == "no_such_folder"
    assert "'attic'" in sentence
    assert "archive" in sentence
