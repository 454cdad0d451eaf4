import json
import re
from calendar import month_name
from collections import Counter
from collections.abc import Iterable

import pytest

from greenroom import Split
from greenroom import messages as m
from greenroom.checks.report import DIFFERENT_AT_LEAST
from greenroom.messages import Message, ToolCall, calls_of, text_of
from greenroom.sandbox import Brief, StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Goal
from greenroom_envs.mail import app, names
from greenroom_envs.mail.families.script import WHO

FAMILIES = sorted(app.families)
TASKS = 30
VALUE = re.compile(rf"\$[0-9]+|\b[0-9]+ (?:{'|'.join(month_name[1:])})")
FIRST = {"find_fact", "reply_fact", "file_rule", "forward", "schedule", "unsubscribe"}
NAMELESS = {"vacation", "reset_password"}
UNSOUGHT = {"ask", "filter_rule", "reset_password", "send_later", "vacation"}


def play(sandbox: LocalSandbox, brief: Brief, messages: Iterable[Message], *more: ToolCall) -> tuple[float, int]:
    """Play a script, and more calls after it; returns the score and how many calls were refused."""
    episode = sandbox.open(brief.snapshot, brief.task)[0].episode
    said: list[Message] = []
    refused = 0
    for message in messages:
        said.append(message)
        refused += sandbox.step([StepRequest(episode=episode, calls=calls_of(message))])[0].refused
    sandbox.step([StepRequest(episode=episode, calls=more)])
    score = sandbox.verify(episode, said).score
    sandbox.close(episode)
    return score, refused


def briefs(sandbox: LocalSandbox, family: str, split: Split = Split.TRAIN, count: int = TASKS) -> Iterable[Brief]:
    for index in range(count):
        brief = sandbox.prepare(f"mail/{split}/{family}/{index}")
        yield brief
        sandbox.release(brief.snapshot)


@pytest.mark.parametrize("family", FAMILIES)
def test_only_the_right_acts_win(sandbox: LocalSandbox, family: str) -> None:
    for brief in briefs(sandbox, family):
        assert play(sandbox, brief, brief.solution) == (1.0, 0), brief.task
        assert play(sandbox, brief, [])[0] == 0.0, brief.task
        assert play(sandbox, brief, brief.solution, brief.excess)[0] < 1.0, brief.task
        assert len(brief.slips) >= 2
        for slip in brief.slips:
            assert play(sandbox, brief, slip)[0] == 0.0, (brief.task, slip)


@pytest.mark.parametrize("family", FAMILIES)
def test_slips_are_mistakes_not_errors(sandbox: LocalSandbox, family: str) -> None:
    for brief in briefs(sandbox, family, count=10):
        assert [play(sandbox, brief, slip)[1] for slip in brief.slips] == [0] * len(brief.slips)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_id_is_the_same_task(sandbox: LocalSandbox, family: str) -> None:
    first, other = (sandbox.prepare(f"mail/test/{family}/{index}") for index in (3, 4))
    sandbox.release(first.snapshot)
    again = LocalSandbox(app, cache_dir=sandbox._cache_dir).prepare(first.task)  # pyright: ignore[reportPrivateUsage]
    assert again == first
    assert other.snapshot != first.snapshot


@pytest.mark.parametrize("family", FAMILIES)
def test_solutions_are_short(sandbox: LocalSandbox, family: str) -> None:
    for brief in briefs(sandbox, family, count=10):
        assert 2 <= len(brief.solution) <= (5 if family in FIRST else 8)
        assert len(brief.solution) + 2 <= brief.max_steps
        assert all(len(calls_of(message)) <= 1 for message in brief.solution)


def test_about_a_third_of_forwards_hide_the_recipient_and_tell_it_when_asked(sandbox: LocalSandbox) -> None:
    hidden = 0
    for brief in briefs(sandbox, "forward", count=100):
        goal = Goal.from_json(brief.goal)
        fact = next(f for f in goal.facts if f.key == "recipient")
        asked = brief.solution[0]["content"] == WHO
        assert asked is not fact.at_once
        assert all((fact.value in request) is fact.at_once for request in goal.requests)
        assert all(fact.value in wording for wording in fact.wordings)
        assert any(cue in WHO.lower() for cue in fact.cues)
        hidden += asked
    assert 20 <= hidden <= 40


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_name_all_that_was_to_be_told_at_once(sandbox: LocalSandbox, family: str) -> None:
    for brief in briefs(sandbox, family):
        goal = Goal.from_json(brief.goal)
        told = [f.value for f in goal.facts if f.at_once and f.key in ("sender", "subject", "recipient")]
        assert len(goal.requests) >= 2
        for request in goal.requests:
            assert all(value in request for value in told), (request, told)
            assert "{" not in request


@pytest.mark.parametrize("family", sorted({*FAMILIES} - NAMELESS))
def test_names_and_wordings_of_test_never_occur_in_train(sandbox: LocalSandbox, family: str) -> None:
    for split in (Split.TRAIN, Split.TEST):
        for brief in briefs(sandbox, family, split):
            goal = Goal.from_json(brief.goal)
            slots = {k: v for k, v in goal.slots.items() if k in ("sender", "recipient", "subject")}
            words = {w for v in slots.values() for w in v.split()[: 1 if v.islower() else 2]}
            words -= set(names.NEWSLETTER_KINDS)
            assert words
            assert {names.split_of(word) for word in words} == {split}


def test_rendered_requests_of_test_do_not_occur_in_train_when_values_are_masked(sandbox: LocalSandbox) -> None:
    seen = {split: set[str]() for split in (Split.TRAIN, Split.TEST)}
    for split, masked in seen.items():
        for family in FAMILIES:
            for brief in briefs(sandbox, family, split):
                goal = Goal.from_json(brief.goal)
                texts = [*goal.requests, *(w for fact in goal.facts for w in fact.wordings)]
                masked |= {mask(text, goal) for text in texts}
    assert len(seen[Split.TEST]) > 100
    assert not seen[Split.TRAIN] & seen[Split.TEST]


def mask(text: str, goal: Goal) -> str:
    values = sorted({*goal.slots.values(), *(f.value for f in goal.facts)}, key=len, reverse=True)
    for value in values:
        text = re.sub(rf"\b{re.escape(value)}\b", "_", text) if value[:1].isupper() or " " in value else text
    return text


@pytest.mark.parametrize("family", sorted({*FAMILIES} - FIRST))
@pytest.mark.parametrize("split", Split)
def test_requests_are_polite_once_and_questions_end_as_such(sandbox: LocalSandbox, split: Split, family: str) -> None:
    for brief in briefs(sandbox, family, split):
        for request in Goal.from_json(brief.goal).requests:
            words = request.lower()
            assert words.count("please") < 2, request
            assert words.count("when you can") < 2, request
            assert ("?" in request) is bool(re.search(r"\b(could|can) you\b", words)), request


@pytest.mark.parametrize("family", ["invitation", "private_thread", "vacation"])
def test_a_fair_share_of_traps_has_no_for_an_answer(sandbox: LocalSandbox, family: str) -> None:
    traps = [b for b in briefs(sandbox, family, count=60) if Goal.from_json(b.goal).needs == "text"]
    assert 10 <= len(traps) <= 45
    for brief in traps:
        said = brief.solution[-1]["content"] or ""
        assert said.startswith("No, ")


def test_a_vacation_answer_wins_by_its_days_and_the_person_however_it_is_worded(sandbox: LocalSandbox) -> None:
    tried: Counter[bool] = Counter()
    for brief in briefs(sandbox, "vacation", count=20):
        setting = [call for turn in brief.solution for call in calls_of(turn) if "set_vacation" in str(call)]
        for one in setting:
            arguments = json.loads(one["function"]["arguments"])
            deputy = Goal.from_json(brief.goal).slots.get("deputy")
            words = f"I am away. Write to {deputy}." if deputy else f"{arguments['body']} I am back soon."
            for body, score in ((words, 1.0), ("I am away.", 0.0)):
                script = [m.assistant(None, m.call("mail_set_vacation", **arguments | {"body": body}))]
                assert play(sandbox, brief, script) == (score, 0), (brief.task, body)
            tried[deputy is None] += 1
    assert len(tried) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_tasks_come_in_levels(sandbox: LocalSandbox, family: str) -> None:
    levels = Counter(brief.level for brief in briefs(sandbox, family, count=40))
    assert set(levels) >= {1, 2}
    assert set(levels) == {1, 2, 3} or family in FIRST


@pytest.mark.parametrize("family", FAMILIES)
def test_amounts_and_days_of_one_split_are_not_those_of_another(sandbox: LocalSandbox, family: str) -> None:
    for split in Split:
        for brief in briefs(sandbox, family, split, count=10):
            facts = Goal.from_json(brief.goal).facts
            assert {names.split_of(fact.value) for fact in facts if fact.key == "days"} <= {split}
            texts = [fact.value for fact in facts]
            if family != "vacation":  # the day before a longer answer follows from the days that are told
                texts += [calls["function"]["arguments"] for m in brief.solution for calls in calls_of(m)]
                texts += [text_of(message) for message in brief.solution]
            found = {value for text in texts for value in VALUE.findall(text)}
            assert {names.split_of(value.removeprefix("$")) for value in found} <= {split}


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_tasks_of_the_smallest_split_are_rarely_alike(sandbox: LocalSandbox, family: str) -> None:
    """A tenth of all days and words is enough for two hundred tasks."""
    solutions = {json.dumps(brief.solution) for brief in briefs(sandbox, family, Split.DEV, 200)}
    assert len(solutions) >= DIFFERENT_AT_LEAST * 200


@pytest.mark.parametrize("family", FAMILIES)
def test_a_task_leaves_the_base_as_it_was(sandbox: LocalSandbox, family: str) -> None:
    base = sandbox.base(Split.TRAIN)
    before = base.page_id
    next(iter(briefs(sandbox, family)))
    assert sandbox.base(Split.TRAIN).page_id == before


@pytest.mark.parametrize("family", sorted({*FAMILIES} - UNSOUGHT))
def test_the_first_search_of_a_solution_finds_few_messages(sandbox: LocalSandbox, family: str) -> None:
    """Prompts stay short, and nothing that is needed lies on a second page."""
    for brief in briefs(sandbox, family, count=10):
        episode = sandbox.open(brief.snapshot, brief.task)[0].episode
        call = next(c for message in brief.solution for c in calls_of(message))
        (result,) = sandbox.step([StepRequest(episode=episode, calls=[call])])[0].messages
        assert call["function"]["name"] == "mail_search"
        assert 1 <= (result["content"] or "").count('"id"') <= 4, brief.task
        assert '"more"' not in (result["content"] or "")
        sandbox.close(episode)


@pytest.mark.parametrize("family", ["ask", "forward"])
def test_a_large_address_book_has_room_for_people_of_a_name_of_their_own(sandbox: LocalSandbox, family: str) -> None:
    """Every first name of the split is taken: without invented ones, no task would ever be made."""
    medium = LocalSandbox(app, "medium", cache_dir=sandbox._cache_dir)  # pyright: ignore[reportPrivateUsage]
    for brief in (medium.prepare(f"mail/dev/{family}/{index}") for index in range(5)):
        assert play(medium, brief, brief.solution) == (1.0, 0)
