from greenroom_envs.mail.families.issues import issue
from support.mailbox import Mailbox


def test_a_newsletter_is_stopped_once_and_its_messages_stay(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        paper = plant.newsletter()
        message = issue(plant, paper)
    assert paper.name in [n["name"] for n in mailbox.call("newsletters")]
    assert mailbox.call("unsubscribe", message_id=message.handle) == {"unsubscribed": paper.name}
    (change,) = mailbox.changes()
    assert (change.table, (change.after or {})["active"]) == ("mail_subscription", False)
    assert paper.name not in [n["name"] for n in mailbox.call("newsletters")]
    code, sentence = mailbox.refusal("unsubscribe", message_id=message.handle)
    assert code == "already_unsubscribed"
    assert paper.name in sentence


def test_a_person_is_no_newsletter(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        message = plant.message(plant.person(), plant.topic(["order"]), "Here.")
    code, sentence = mailbox.refusal("unsubscribe", message_id=message.handle)
    assert code == "no_newsletter"
    assert message.sender.name in sentence
