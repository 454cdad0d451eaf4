from support.mailbox import Mailbox


def test_people_are_found_by_parts_of_name_and_address(mailbox: Mailbox) -> None:
    with mailbox.plant() as plant:
        person = plant.person()
    wanted = {"name": person.name, "address": person.address, "phone": person.phone}
    domain = person.address.split("@")[1]
    for query in (person.name, person.name.lower(), person.name.split()[1], domain):
        assert wanted in mailbox.call("find_contacts", query=query)


def test_nobody_is_an_empty_list_and_wild_cards_are_plain_text(mailbox: Mailbox) -> None:
    assert mailbox.call("find_contacts", query="no such person") == []
    assert mailbox.call("find_contacts", query="%") == []


def test_an_empty_query_is_refused(mailbox: Mailbox) -> None:
    assert mailbox.refusal("find_contacts", query=" ")[0] == "empty_text"
