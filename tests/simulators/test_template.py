import pytest

from greenroom_simulators.template import template

SLOTS = {"sender": "Ada Kern", "recipient": "Bo Lund", "subject": "norvik budget", "date": "14 March"}
COMMON = frozenset(["emails", "mail", "new", "the", "check", "inbox", "work", "read", "has"])


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("any mail from Robert Jones?", "any mail from Ada Kern?"),
        ("Answer Paul's email", "Answer Ada Kern's email"),
        ("email from my friend Rachel", "email from Ada Kern"),
        ("check inbox for mail from X", "check inbox for mail from Ada Kern"),
        ("new emails from ****?", "new emails from Ada Kern?"),
        ("emails from zubin", "emails from Ada Kern"),
        ("Send an email to <email>", "Send an email to Bo Lund"),
        ("send it to susan", "send it to Bo Lund"),
        ("email Tom about our meeting.", "email Bo Lund about the norvik budget."),
        ("mail from Tom about the trip?", "mail from Ada Kern about the norvik budget?"),
        ("mails of March 3rd", "mails of 14 March"),
        ("Olly, check emails", "Olly, check emails"),
    ],
)
def test_values_are_replaced_by_the_tasks(text: str, filled: str):
    assert template(text, COMMON).fill(SLOTS) == filled


@pytest.mark.parametrize(
    "text",
    [
        "remind me at 5 pm",
        "send an email to Tom saying I am late",
        "dinner with Sara and with Tom",
        "send 'happy new year' to Tom",
        "mails from Tom and from Sara",
    ],
)
def test_a_value_that_the_task_has_nothing_for_makes_a_request_unusable(text: str):
    assert template(text, COMMON).fill(SLOTS) is None


def test_a_first_name_left_over_is_noticed():
    assert template("jane doe emails").names_somebody
    assert not template("check my emails").names_somebody
