"""Two tiny domains in the format of tau2-bench are played as environments, with all that greenroom promises."""

import json
from pathlib import Path
from typing import Any

import pytest

import greenroom
from greenroom import Split
from greenroom import messages as m
from greenroom.check import check_app
from greenroom.plugins import load_simulator
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.wire import answers
from greenroom.wire.protocol import decode, encode
from greenroom.worlds import World
from greenroom_envs.tau2 import Tau2App

Sandboxes = dict[str, LocalSandbox]


def opened(app: Tau2App, tmp_path: Path, split: Split = Split.TRAIN) -> World:
    return LocalSandbox(app, cache_dir=tmp_path).base(split).open()


def called(app: Tau2App, world: World, name: str, /, **arguments: Any) -> Any:
    return json.loads(app.call(world, m.call(f"{app.name}_{name}", **arguments)).text)


def rows(app: Tau2App, world: World, table: str) -> dict[str, Any]:
    with world.transaction("world") as session:
        found = session.execute(app.metadata.tables[f"{app.name}_{table}"].select()).all()
    return {row.key: json.loads(row.body) for row in found}


@pytest.mark.parametrize("split", [Split.TRAIN, Split.TEST])
@pytest.mark.parametrize("domain", ["library", "kiosk"])
def test_every_task_is_proved_by_its_golden_actions(domain: str, split: Split, request: pytest.FixtureRequest) -> None:
    app: Tau2App = request.getfixturevalue(domain)
    report = check_app(app, load_simulator("goal"), tasks=4, split=split)
    # A domain's tasks are as many as its file has: of four in a row some come again.
    again = ("of the next", "the next task", "different solutions")
    violations = [v for family in report.families for v in family.violations if not any(told in v for told in again)]
    assert not violations
    assert not report.impure
    assert report.families[0].oracle == 1.0


@pytest.mark.parametrize("domain", ["library", "kiosk"])
def test_its_briefs_cross_the_wire(domain: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    app: Tau2App = request.getfixturevalue(domain)
    sandbox = LocalSandbox(app, cache_dir=tmp_path / "bases")
    for split in ("train", "test"):
        for number in range(3):
            brief = sandbox.prepare(f"{app.name}/{split}/{sandbox.families()[0]}/{number}")
            assert answers.brief(decode(encode({"brief": brief}))["brief"]) == brief


def test_the_tasks_that_prove_nothing_are_left_out_with_the_reason(library: Tau2App, kiosk: Tau2App) -> None:
    assert library.census(Split.TRAIN) == {
        "0": None,
        "1": None,
        "2": None,
        "6": "it is scored by a judge",
        "7": "it begins in the middle of a conversation",
        "8": None,
    }
    assert library.census(Split.DEV) == {"4": "doing nothing wins it"}
    assert library.census(Split.TEST) == {"3": None, "5": None}
    assert set(kiosk.census(Split.TRAIN).values()) == {None}


def test_a_split_without_a_provable_task_says_so(sandboxes: Sandboxes) -> None:
    with pytest.raises(greenroom.GreenroomError, match="'library' has no task in split 'dev' that can be proved"):
        sandboxes["library"].prepare("tau2_library/dev/tasks/0")


def test_each_index_is_a_task_of_its_own_and_the_index_goes_round(sandboxes: Sandboxes) -> None:
    briefs = [sandboxes["library"].prepare(f"tau2_library/train/tasks/{i}") for i in range(5)]
    asked = [brief.goal["requests"][0] for brief in briefs]
    assert len(set(asked[:4])) == 4
    assert asked[4] == asked[0]


def test_the_state_is_one_row_an_entity_and_only_what_changed_is_written(library: Tau2App, tmp_path: Path) -> None:
    world = opened(library, tmp_path)
    assert rows(library, world, "books")["b0"] == {"book_id": "b0", "title": "Dune", "copies": 2, "fee": 1.5}
    world.clear_changes()
    lent = called(library, world, "lend", member_id="m1", book_id="b0", card="blue")
    assert lent == {"loan_id": "L2", "member_id": "m1", "book_id": "b0", "due": "2025-03-01", "status": "open"}
    assert {(c.op, c.table, c.key) for c in world.changes(by="agent")} == {
        ("insert", "tau2_library_loans", ("L2",)),
        ("update", "tau2_library_books", ("b0",)),
        ("update", "tau2_library_members", ("m1",)),
    }
    assert rows(library, world, "members")["m1"]["cards"]["blue"]["balance"] == 19.5
    world.close()


def test_reading_changes_nothing(library: Tau2App, kiosk: Tau2App, tmp_path: Path) -> None:
    world = opened(library, tmp_path)
    assert called(library, world, "find_member_by_name", name="alan turing") == "m1"
    assert called(library, world, "list_books", at_least=3) == {"Middlemarch": "b3"}
    assert called(library, world, "get_member", member_id="m0")["loans"] == ["L1"]
    assert not world.changes()
    world.close()
    world = opened(kiosk, tmp_path)
    assert called(kiosk, world, "ask_user", action="check_phone") == "works: False"
    assert not world.changes()
    world.close()


def test_what_a_tool_raises_is_a_refusal_and_nothing_is_half_done(library: Tau2App, tmp_path: Path) -> None:
    world = opened(library, tmp_path)
    before = world.content_id
    for name, arguments, message in (
        ("lend", {"member_id": "m1", "book_id": "b1", "card": "blue"}, "No copy of 'Emma' is left"),
        ("lend", {"member_id": "m9", "book_id": "b1", "card": "blue"}, "Member not found"),
        ("lend", {"member_id": "m1", "book_id": "b9", "card": "blue"}, "b9"),
        ("forget_loan", {"loan_id": "L7"}, "L7"),
    ):
        told = called(library, world, name, **arguments)
        assert told["error"] == "refused"
        assert message in told["message"]
    assert called(library, world, "lend", member_id="m1")["error"] == "bad_arguments"
    assert world.content_id == before
    world.close()


def test_a_deleted_entity_is_a_deleted_row(library: Tau2App, tmp_path: Path) -> None:
    world = opened(library, tmp_path)
    assert called(library, world, "forget_loan", loan_id="L1") == "struck"
    assert rows(library, world, "loans") == {}
    assert rows(library, world, "members")["m0"]["loans"] == []
    world.close()


def test_a_group_starts_alike_and_forks_do_not_see_each_other(sandboxes: Sandboxes) -> None:
    sandbox = sandboxes["kiosk"]
    brief = sandbox.prepare("tau2_kiosk/test/tasks/0")
    group = sandbox.open(brief.snapshot, brief.task, 4)
    assert len({one.state for one in group}) == 1
    charge = m.call("tau2_kiosk_charge", line_id="K0", amount=2)

    def charged(episode: str) -> list[str]:
        (result,) = sandbox.step([StepRequest(episode=episode, calls=[charge] * 3)])
        return [json.loads(m.text_of(message))["bill_id"] for message in result.messages]

    ids = charged(group[0].episode)
    assert len(set(ids)) == 3
    assert [one[:3] for one in ids] == ["B1-", "B2-", "B3-"]
    # The counter, which the toolkit keeps outside its database, and the drawn part follow from the world.
    assert charged(group[1].episode) == ids
    assert sandbox.content(group[0].episode) == sandbox.content(group[1].episode)
    assert sandbox.content(group[2].episode) != sandbox.content(group[1].episode)


def test_a_snapshot_in_the_middle_goes_on_as_if_never_stopped(kiosk: Tau2App, tmp_path: Path) -> None:
    world = opened(kiosk, tmp_path)
    called(kiosk, world, "charge", line_id="K0", amount=1)
    twin = world.freeze().open()
    ends = [called(kiosk, w, "charge", line_id="K1", amount=3.5) for w in (world, twin)]
    assert ends[0] == ends[1]
    assert world.content_id == twin.content_id
    world.close()
    twin.close()


def test_what_the_user_does_is_asked_of_the_user_and_syncs_with_the_agents_side(sandboxes: Sandboxes) -> None:
    env = greenroom.make("unused", sandbox=sandboxes["kiosk"])
    env.reset(seed=1, options={"task": "tau2_kiosk/train/tasks/0"})
    assert "tau2_kiosk_ask_user" in env.episode.messages[0]["content"]  # pyright: ignore[reportOperatorIssue]

    def ask(action: str, **arguments: Any) -> str:
        call = m.call("tau2_kiosk_ask_user", action=action, arguments=arguments)
        return json.loads(m.text_of(env.step(m.assistant(None, call))[0][0]))

    assert ask("toggle_flight_mode") == "flight mode: False"
    assert ask("check_phone") == "works: False"
    env.step(m.assistant(None, m.call("tau2_kiosk_resume_line", line_id="K0")))
    assert ask("check_phone") == "works: True"
    _, reward, terminated, _, info = env.step(m.assistant("Done."))
    assert (reward, terminated, info["findings"]) == (1.0, True, ())
    env.close()


def test_the_users_actions_are_described_and_checked(kiosk: Tau2App, tmp_path: Path) -> None:
    schema = kiosk.tools["tau2_kiosk_ask_user"].schema["function"]
    assert schema["parameters"]["properties"]["action"]["enum"] == ["check_phone", "set_mode", "toggle_flight_mode"]
    assert "set_mode(mode): Choose how fast the phone is." in schema["description"]
    world = opened(kiosk, tmp_path)
    assert called(kiosk, world, "ask_user", action="fly")["error"] == "bad_arguments"
    assert "'mode': Field required" in called(kiosk, world, "ask_user", action="set_mode")["message"]
    assert called(kiosk, world, "ask_user", action="set_mode", arguments={"mode": "warp"})["error"] == "refused"
    world.close()


def test_every_part_of_a_tasks_criteria_is_scored(sandboxes: Sandboxes) -> None:
    sandbox = sandboxes["library"]
    brief = sandbox.prepare("tau2_library/test/tasks/0")

    def score(*messages: m.Message) -> tuple[float, tuple[str, ...]]:
        one = sandbox.open(brief.snapshot, brief.task)[0]
        calls = [call for message in messages for call in m.calls_of(message)]
        sandbox.step([StepRequest(episode=one.episode, calls=calls)])
        verdict = sandbox.verify(one.episode, messages)
        return verdict.score, verdict.findings

    lend = m.assistant(None, m.call("tau2_library_lend", member_id="m2", book_id="b3", card="blue"))
    assert score(lend, m.assistant("It is $3.1.")) == (1.0, ())
    assert score(lend, m.assistant("Lent.")) == (0.0, ("not said: $3.1",))
    missing = [f"missing or different: tau2_library_{p}" for p in ("books[b3]", "loans[L2]", "members[m2]")]
    assert score(m.assistant("It is $3.1.")) == (0.0, tuple(missing))
    again = m.assistant(None, m.call("tau2_library_forget_loan", loan_id="L1"))
    findings = score(lend, again, m.assistant("It is $3.1."))[1]
    assert set(findings) == {"unwanted: tau2_library_loans[L1]", "unwanted: tau2_library_members[m0]"}
