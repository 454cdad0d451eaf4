import asyncio

from greenroom.messages import Message, assistant, text_of, tool, user
from greenroom.policy import TOO_LONG, EpisodeStart
from greenroom_trainer.engine import Engine
from greenroom_trainer.model import PolicyModel
from greenroom_trainer.policy import EnginePolicy, EngineSession
from support.tiny import CONVERSATION, TOOLS


def session(tiny: PolicyModel, max_tokens: int = 500, turn_tokens: int = 4) -> EngineSession:
    engine = Engine(tiny.network, end_ids=tiny.codec.end_ids, turn_tokens=turn_tokens)
    start = EpisodeStart(task="mail/train/x/1", messages=CONVERSATION[:2], tools=TOOLS, seed=3, max_steps=5)
    return EnginePolicy(engine, tiny.codec, "tested", max_tokens).session(start)


def play(one: EngineSession, *turns: list[Message]) -> list[Message]:
    async def main() -> list[Message]:
        return [await one.act(new) for new in turns]

    return asyncio.run(main())


def test_tokens_are_what_was_given_and_what_was_sampled(tiny: PolicyModel) -> None:
    one = session(tiny)
    said = play(one, list(CONVERSATION[:2]), [tool("call_0", '{"sent": true}')])
    record = one.tokens()
    assert len(record.ids) == len(record.mask) == len(record.logprobs)
    given = tiny.codec.render(CONVERSATION[:2], TOOLS, first=True)
    assert record.ids[: len(given)] == given and not any(record.mask[: len(given)])
    sampled = [i for i, m in zip(record.ids, record.mask, strict=True) if m]
    assert tiny.codec.parse(sampled[: len(sampled) // 2], TOOLS)["role"] == said[0]["role"] == "assistant"
    assert all((p < 0) == bool(m) for p, m in zip(record.logprobs, record.mask, strict=True))


def test_a_turn_that_was_cut_off_gets_its_end_as_given(tiny: PolicyModel) -> None:
    one = session(tiny, turn_tokens=1)
    play(one, [user("a")], [user("b")])
    record = one.tokens()
    cut = next(k for k, m in enumerate(record.mask) if m)
    assert record.ids[cut] in tiny.codec.end_ids or record.ids[cut + 1] in tiny.codec.end_ids
    assert record.mask[cut + 1] == 0


def test_a_conversation_that_grows_too_long_is_given_up_unsampled(tiny: PolicyModel) -> None:
    one = session(tiny, max_tokens=5)
    (said,) = play(one, list(CONVERSATION[:2]))
    assert text_of(said) == TOO_LONG and not any(one.tokens().mask)


def test_an_episode_that_begins_in_the_middle_has_its_earlier_turns_as_given(tiny: PolicyModel) -> None:
    one = session(tiny)
    play(one, [user("who?"), assistant("Done."), user("no")])
    ids = one.tokens().ids
    written = tiny.codec.write(assistant("Done."), TOOLS)
    assert any(ids[k : k + len(written)] == written for k in range(len(ids)))
    assert sum(one.tokens().mask) <= 4


def test_a_conversation_given_up_stays_so(tiny: PolicyModel) -> None:
    one = session(tiny, max_tokens=60)
    said = play(one, [user("a")], [tool("call_0", "x" * 400)], [user("b")])
    assert [text_of(turn) == TOO_LONG for turn in said] == [False, True, True]
    assert len(one.tokens().ids) < 60
