"""Writing solutions and requests: short scripts of assistant messages, sentences of a split."""

from collections.abc import Callable, Sequence
from typing import Any

from greenroom import Fact, Goal, Split, Task
from greenroom.messages import Message, ToolCall, assistant, call
from greenroom.rewards import expect
from greenroom.tasks import Verifier
from greenroom.wordings import Wordings
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.policy import RULES

Step = str | tuple[str, dict[str, Any]]

DONE = "Done."
MAX_STEPS = 14
ASKING = {
    "guests": ("How many people are you?", ("how many", "people", "guests")),
    "fare": ("Which fare do you want, basic or standard?", ("fare", "basic", "standard")),
    "number": ("Which number does the reservation have?", ("number", "which reservation")),
    "other": (
        "That seat is taken: which other seat would do?",
        ("other seat", "another seat", "instead", "which seat"),
    ),
    "certificate": ("Which of your certificates shall pay?", ("which certificate", "which of", "certificate")),
    "recipient": ("What is the mail address of the recipient?", ("address", "mail", "recipient")),
    "day": ("On which day?", ("day", "date", "when")),
    "bags": ("How many bags shall it be in all?", ("how many", "bags", "number")),
    "seat": ("Which seat would be best?", ("which seat", "seat")),
    "stars": ("How many stars do you give?", ("stars", "how many", "rating")),
    "email": ("What is your mail address?", ("address", "mail", "email", "e-mail")),
    "pin": ("And what is the pin?", ("pin", "digits")),
}
"""How a fact that was not said is asked for, and by which words the user knows what is meant."""
STAY_TOOLS = (
    "booking_show_account",
    "booking_list_payment_methods",
    "booking_search_stays",
    "booking_show_listing",
    "booking_show_calendar",
    "booking_quote_stay",
    "booking_hold_stay",
    "booking_book_stay",
    "booking_change_stay",
    "booking_list_saved",
    "booking_join_waitlist",
    "booking_message_host",
    "booking_wait_for_host",
    "booking_write_review",
    "booking_list_reservations",
    "booking_show_reservation",
    "booking_quote_refund",
    "booking_cancel_reservation",
    "booking_escalate",
)
FLIGHT_TOOLS = (
    "booking_show_account",
    "booking_list_payment_methods",
    "booking_search_airports",
    "booking_search_flights",
    "booking_search_connections",
    "booking_show_flight",
    "booking_show_seats",
    "booking_book_flight",
    "booking_change_flight",
    "booking_set_bags",
    "booking_add_insurance",
    "booking_choose_seat",
    "booking_correct_name",
    "booking_list_reservations",
    "booking_show_reservation",
    "booking_quote_refund",
    "booking_cancel_reservation",
    "booking_escalate",
)
LIST: Step = ("booking_list_reservations", {})
OPENINGS = ("", "hello, ", "hi, ", "good morning, ", "good evening, ", "hi there, ")
ENDS = (".", ", please.", ". Thanks.", ". That is all.", ". Thank you very much.", ". Many thanks in advance.")
QUESTION_ENDS = ("", " Thanks.", " That is all.", " Thank you very much.", " Many thanks in advance.")
TELL_ENDS = (".", ". Thanks.", ", of course.", ". Sorry, I forgot.", ". I should have said so.", ", to be exact.")
TELL = Wordings(("it is ", "I mean ", "that would be ", "that is ", "take ", ""), ("{value}",), TELL_ENDS)
TELLING = {
    # An address is written in small letters, so it never begins a sentence.
    "email": Wordings(("it is ", "my address is ", "that would be ", "take ", "I use "), ("{value}",), TELL_ENDS),
    "guests": Wordings(
        ("we are ", "there are ", "it is for ", "", "make it "), ("{value} people", "{value} persons"), TELL_ENDS
    ),
    "fare": Wordings(("the ", "take the ", "I want the ", "we need the "), ("{value} fare", "{value} one"), TELL_ENDS),
    "day": Wordings(
        ("on ", "make it ", "it should be ", "", "we fly on ", "that is on ", "take the flight on "),
        ("{value}",),
        TELL_ENDS,
    ),
    "bags": Wordings(("", "we have ", "make it ", "it should be "), ("{value} in all", "{value} bags"), TELL_ENDS),
    "stars": Wordings(
        ("", "I give ", "make it ", "it gets ", "I would say ", "write ", "take "),
        ("{value} of 5 stars", "{value} out of 5"),
        TELL_ENDS,
    ),
    "other": Wordings(("", "then ", "then take ", "in that case "), ("{value}", "seat {value}"), TELL_ENDS),
}
"""How a fact is told when asked for; others in the general way."""


def asks(*middle: str) -> Wordings:
    """Requests with these middles, some of which are questions."""
    plain, questions = ([text for text in middle if text.endswith("?") == asked] for asked in (False, True))
    return Wordings(OPENINGS, plain, ENDS) | Wordings(OPENINGS, questions, QUESTION_ENDS)


def script(*steps: Step) -> tuple[Message, ...]:
    """Assistant messages: a text is said to the user, a pair calls a tool."""
    return tuple(
        assistant(step) if isinstance(step, str) else assistant(None, call(step[0], f"call_{n}", **step[1]))
        for n, step in enumerate(steps, start=1)
    )


def goal(
    plant: Plant, intent: str, wordings: Wordings, needs: str = "done", hidden: Sequence[str] = (), /, **slots: str
) -> Goal:
    """A goal whose facts are its slots, told at once but for those that are hidden."""
    rng, split = plant.rng, plant.split
    return Goal(
        intent=intent,
        requests=wordings.draw(rng, split, 3, **slots),
        facts=tuple(_fact(plant, split, key, value, at_once=key not in hidden) for key, value in slots.items()),
        needs=needs,
        slots=slots,
    )


def task(
    plant: Plant,
    asked: Goal,
    tools: tuple[str, ...],
    *,
    solution: Sequence[Step],
    slips: Sequence[Sequence[Step]],
    verifier: Verifier,
) -> Task:
    """A task of the plant's level, whose destructive act cancels what nobody spoke of."""
    return Task(
        goal=asked,
        tools=tools,
        solution=script(*solution),
        slips=tuple(script(*slip) for slip in slips),
        excess=excess(plant),
        verifier=verifier,
        max_steps=MAX_STEPS,
        level=plant.level,
    )


def _fact(plant: Plant, split: Split, key: str, value: str, *, at_once: bool) -> Fact:
    wordings = TELLING.get(key, TELL).draw(plant.rng, split, 2, value=value)
    _, cues = ASKING.get(key, ("", ()))
    return Fact(key=key, value=value, wordings=wordings, cues=(key.replace("_", " "), *cues), at_once=at_once)


def ask(hidden: Sequence[str]) -> tuple[Step, ...]:
    """Ask for what was not said, one thing at a time."""
    return tuple(ASKING[key][0] for key in hidden)


def guests(plant: Plant) -> tuple[str, ...]:
    """What is hidden where that is how many people come."""
    return ("guests",) if plant.hidden else ()


def find(plant: Plant, number: int) -> tuple[Step, ...]:
    """Look at a reservation, which must be found first where the user did not tell its number."""
    return (show(number),) if plant.level == 1 else (LIST, show(number))


def holds(word: str) -> Callable[[object], bool]:
    """A predicate of a text: the word is in it, whatever its letter case."""
    return lambda text: word in str(text).lower()


def is_day(day: str) -> Callable[[object], bool]:
    """A predicate of a stored day."""
    return lambda value: str(value) == day


def excess(plant: Plant) -> ToolCall:
    """A destructive act: a reservation that nobody spoke of is cancelled."""
    return call("booking_cancel_reservation", "call_x", reservation_id=plant.bystander)


def no(number: int | str, rule: str) -> str:
    """Saying no by a rule."""
    return f"No, I cannot do that with {number}: the rule '{rule}' forbids it."


def refused(number: int, rule: str) -> Verifier:
    """A verifier of saying no: the number and the rule are told, no other rule is, and nothing is changed."""
    others = [name for code in RULES if (name := code.replace("_", " ")) != rule]
    return expect(said=[str(number), rule], unsaid=others)


def cancel(number: int) -> Step:
    """Cancel a reservation."""
    return "booking_cancel_reservation", {"reservation_id": number}


def show(number: int) -> Step:
    """Look at a reservation."""
    return "booking_show_reservation", {"reservation_id": number}
