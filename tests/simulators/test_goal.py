import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom import messages as m
from greenroom.errors import UserError
from greenroom.plugins import load_simulator
from greenroom.tasks import Fact, Goal
from greenroom_simulators import Behaviour, GoalUser
from support.goals import (
    FIND_DATE,
    FIND_NUMBER,
    FORWARD,
    FORWARD_HIDDEN,
    GOALS,
    RECIPIENT,
    SENDER,
    SLOTS,
    STOP,
    talk,
)

AGENT_TEXTS = (
    "Who should I send it to?",
    "It is $432.",
    "Done.",
    "",
    "Let me check.",
    "I could not find it.",
    "Forwarded to Mia Wolf.",
    "How can I help?",
    "What is your shoe size?",
)
words = st.text("abcdefghij", min_size=2, max_size=6)
goals = st.builds(
    lambda a, b, needs, hide: Goal(
        intent="find_fact",
        requests=(f"find {a} of {b.title()}", f"{a}, from {b.title()}"),
        facts=(Fact(key="sender", value=b.title(), wordings=(f"from {b.title()}",), cues=("from",), at_once=not hide),),
        needs=needs,
        slots={"sender": b.title(), "subject": a},
    ),
    words,
    words,
    st.sampled_from(["number", "date", "done", "text"]),
    st.booleans(),
)


def last(goal: Goal, *texts: str, user: GoalUser | None = None):
    return talk(user or GoalUser(), goal, texts)[-1]


def test_it_is_found_by_its_entry_point():
    assert isinstance(load_simulator("goal"), GoalUser)


@pytest.mark.parametrize("goal", GOALS, ids=lambda g: g.intent)
def test_it_opens_with_one_of_the_tasks_requests(goal: Goal):
    turn = GoalUser().open(goal, 3)
    assert turn.text in goal.requests
    assert (turn.act, turn.ends) == ("open", False)


def test_seeds_draw_different_requests():
    assert {GoalUser().open(FIND_NUMBER, seed).text for seed in range(20)} == set(FIND_NUMBER.requests)


@given(goal=goals, seed=st.integers(0, 2**40), texts=st.lists(st.sampled_from(AGENT_TEXTS), max_size=6))
def test_the_same_inputs_give_the_same_turns_whatever_object_answers(goal: Goal, seed: int, texts: list[str]):
    behaviour = Behaviour(greeting=0.5, politeness=0.5, chattiness=0.5, typos=0.3, lowercase=0.5)
    assert talk(GoalUser(behaviour), goal, texts, seed) == talk(GoalUser(behaviour), goal, texts, seed)


@given(goal=goals, seed=st.integers(0, 2**40), texts=st.lists(st.sampled_from(AGENT_TEXTS), min_size=1, max_size=6))
def test_the_state_survives_json_in_mid_conversation_and_is_never_changed(goal: Goal, seed: int, texts: list[str]):
    user = GoalUser()
    turn, messages = user.open(goal, seed), [m.user("…")]
    for text in texts:
        before = json.dumps(turn.state)
        messages.append(m.assistant(text))
        ahead = user.reply(turn.state, messages)
        assert json.dumps(turn.state) == before
        assert user.reply(json.loads(before), messages) == ahead
        assert json.loads(json.dumps(ahead.state)) == ahead.state
        turn = ahead


def test_forks_of_a_conversation_go_their_own_ways():
    user = GoalUser()
    opening = user.open(FORWARD_HIDDEN, 1)
    asked = user.reply(opening.state, [m.user(opening.text), m.assistant("Who should I send it to?")])
    done = user.reply(asked.state, [m.assistant("Done.")])
    wrong = user.reply(asked.state, [m.assistant("Sent to Mia Wolf.")])
    assert (done.act, wrong.act) == ("thank", "correct")
    assert user.reply(asked.state, [m.assistant("Done.")]) == done


def test_another_process_with_another_hash_seed_says_the_same():
    code = (
        "from greenroom_simulators import GoalUser, Behaviour; from support.goals import *; "
        "u = GoalUser(Behaviour(typos=0.5, chattiness=0.5, greeting=0.5)); "
        "print([t.text for t in talk(u, FIND_NUMBER, ['Who?', 'Hm.', 'It is 4.'], 7)])"
    )
    path = os.pathsep.join(p for p in sys.path if p)
    env = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    user = GoalUser(Behaviour(typos=0.5, chattiness=0.5, greeting=0.5))
    assert ran.stdout.strip() == str([t.text for t in talk(user, FIND_NUMBER, ["Who?", "Hm.", "It is 4."], 7)])


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (FIND_NUMBER, "It is $432."),
        (FIND_NUMBER, "432"),
        (FIND_NUMBER, "It is $1,432.50, due on 14 March."),
        (FIND_NUMBER, "It is $432. Is there anything else?"),
        (FIND_NUMBER, "It is $432. Can I help you with anything else?"),
        (FIND_NUMBER, "It is $432. Should I reply to it?"),
        (FIND_NUMBER, f"I could not find it in the inbox, but in the archive {SENDER} says $432."),
        (FIND_DATE, "It is 14 March."),
        (FIND_DATE, "March 14th, at 10:30."),
        (FIND_DATE, "2026-03-14"),
        (FORWARD, "Done."),
        (FORWARD, f"I forwarded it to {RECIPIENT}."),
        (FORWARD, "I have sent it to Marcus."),
        (FORWARD, f"Forwarded Danielle-12 to {RECIPIENT}."),
        (STOP, "Unsubscribed from Girer Letter."),
        (Goal(intent="ask", requests=("who?",), needs="text"), "Somebody did."),
        (Goal(intent="count", requests=("How many mails?",), needs="number"), "You have 3 mails."),
    ],
)
def test_a_right_kind_of_answer_is_thanked_for_and_ends_it(goal: Goal, text: str):
    turn = last(goal, text)
    assert (turn.act, turn.ends) == ("thank", True)


@pytest.mark.parametrize(
    ("goal", "text", "restated"),
    [
        (FIND_NUMBER, "Done.", "norvik budget"),
        (FIND_NUMBER, "I found 3 messages.", "I need the number"),
        (FIND_NUMBER, "It is due on 14 March.", "I need the number"),
        (FIND_NUMBER, "It is in Danielle-12.", "I need the number"),
        (FIND_NUMBER, "I could not find 432 in any mail.", "norvik budget"),
        (FIND_NUMBER, "It is $432, from Daniela Moore.", f"from {SENDER}"),
        (FIND_DATE, "It is $432.", "I need the date"),
        (FORWARD, "It is $432.", "Please do it"),
        (FORWARD, "I cannot forward it.", RECIPIENT),
        (FORWARD, "I have not sent it.", RECIPIENT),
        (FORWARD, "Forwarded to Mia Wolf.", f"No. To {RECIPIENT}."),
        (FORWARD, "I sent it to Marcus Miller.", f"No. To {RECIPIENT}."),
        (FORWARD, "", "Are you there?"),
        (
            Goal(intent="book", requests=("Book it on 14 March.",), slots={"date": "14 March", "time": "10:30"}),
            "Booked for March 15.",
            "14 March",
        ),
        (
            Goal(intent="pay", requests=("Tell her it is $99.",), slots={"amount": "$99"}),
            "Sent: it is $98.",
            "$99",
        ),
        (
            Goal(intent="file", requests=("Move it to Receipts.",), slots={"folder": "Receipts"}),
            "Moved to Trash.",
            "to Receipts",
        ),
    ],
)
def test_a_wrong_answer_is_corrected_with_the_piece_that_matters(goal: Goal, text: str, restated: str):
    turn = last(goal, text)
    assert (turn.act, turn.ends) == ("correct", False)
    assert restated.lower() in turn.text.lower()


@pytest.mark.parametrize(
    ("goal", "text", "answer"),
    [
        (FORWARD_HIDDEN, "Who should I send it to?", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, f"Whom should I forward the mail from {SENDER} to?", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, "Please tell me who should get it.", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, "I found it. Who gets it?", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, "who should i send it to", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, f"Should I send it to {RECIPIENT}?", "Yes."),
        (FORWARD_HIDDEN, "Should I send it to Mia Wolf?", f"No. To {RECIPIENT}."),
        (FORWARD_HIDDEN, "Marcus Miller or Marcus Webb?", f"To {RECIPIENT}."),
        (FORWARD_HIDDEN, "Shall I go ahead?", "Yes."),
        (FORWARD_HIDDEN, "Should I delete everything?", "No."),
        (STOP, "Should I delete the mails as well?", "No. Only unsubscribe, keep the mails."),
        (FIND_NUMBER, "Who is the sender?", f"From {SENDER}."),
        (Goal(intent="x", requests=("go",), slots=SLOTS), "What is the subject?", "About norvik budget."),
        (FIND_NUMBER, f"Do you mean the mail from {SENDER}?", "Yes."),
        (FIND_NUMBER, "What is your shoe size?", "I don't know."),
        (FIND_NUMBER, "Is the sky blue?", "I don't know."),
    ],
)
def test_questions_are_answered_from_what_it_knows_and_honestly(goal: Goal, text: str, answer: str):
    turn = last(goal, text)
    assert turn.text == answer
    assert turn.act == ("unknown" if answer == "I don't know." else "answer")
    assert not turn.ends


def test_what_is_hidden_is_not_told_before_it_is_asked():
    turns = talk(GoalUser(), FORWARD_HIDDEN, ["I found two mails.", "What is your shoe size?"])
    assert all(RECIPIENT not in turn.text for turn in turns)


@pytest.mark.parametrize("text", ["How can I help?", "What would you like me to do?", "Sorry, I did not understand."])
def test_it_says_its_request_again_in_other_words(text: str):
    opening, again = talk(GoalUser(), FIND_NUMBER, [text])
    assert again.act == "repeat"
    assert again.text.lower() != opening.text.lower()
    assert "norvik budget" in again.text


def test_it_waits_once():
    acts = [t.act for t in talk(GoalUser(), FIND_NUMBER, ["Let me check.", "One moment.", "It is $432."])]
    assert acts == ["open", "wait", "correct", "thank"]


@pytest.mark.parametrize("patience", [0, 1, 4])
def test_it_leaves_when_its_patience_is_at_an_end(patience: int):
    turns = talk(GoalUser(Behaviour(patience=patience)), FIND_NUMBER, ["No idea."] * 9)
    assert [t.act for t in turns] == ["open", *["correct"] * patience, "leave"]
    assert turns[-1].ends


def test_asking_the_same_again_costs_patience():
    question = "Who should I send it to?"
    turns = talk(GoalUser(Behaviour(patience=1)), FORWARD_HIDDEN, [question] * 3)
    assert [t.act for t in turns] == ["open", "answer", "correct", "leave"]
    assert RECIPIENT in turns[2].text


def test_a_goal_without_words_or_with_an_unheard_of_need_is_an_error_that_says_so():
    with pytest.raises(UserError, match="'x' has no requests"):
        GoalUser().open(Goal(intent="x", requests=()), 0)
    with pytest.raises(UserError, match="needs 'money', which is none of: number, date, done, text"):
        GoalUser().open(Goal(intent="x", requests=("a",), needs="money"), 0)


def test_it_answers_the_agent_only():
    opening = GoalUser().open(FIND_NUMBER, 0)
    with pytest.raises(UserError, match="the last message is from: user"):
        GoalUser().reply(opening.state, [m.user("hello")])


def test_a_correction_is_not_more_polite_than_one_please() -> None:
    plain = Goal(intent="file", requests=("File it.", "File it now."))
    polite = Goal(intent="file", requests=("Please file it.", "File it, please."))
    assert talk(GoalUser(), plain, ["It rains."])[1].text == "Please do it. File it now."
    texts = {talk(GoalUser(), polite, ["It rains."], seed=seed)[1].text for seed in range(10)}
    assert texts == {"That is not it. File it, please.", "That is not it. Please file it."}


def test_several_facts_told_at_once_are_polite_once() -> None:
    facts = tuple(
        Fact(key=key, value=key, wordings=(f"{key}, please.", f"Take {key}."), cues=("what",), at_once=False)
        for key in ("red", "round")
    )
    goal = Goal(intent="buy", requests=("Buy it.",), facts=facts)
    texts = {talk(GoalUser(), goal, ["What do you want?"], seed=seed)[1].text for seed in range(20)}
    assert "Red, please. Take round." in texts
    assert all(text.count("please") <= 1 for text in texts)
