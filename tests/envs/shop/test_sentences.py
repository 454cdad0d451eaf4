import re
from types import ModuleType

import pytest

from greenroom import Split
from greenroom.wordings import Wordings
from greenroom_envs.shop import families
from greenroom_envs.shop.families.sentences import REASONING, TELLING, Request, orders

MODULES = [module for module in vars(families).values() if isinstance(module, ModuleType)]
REQUESTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Request)
}


def forms(request: Request) -> list[Wordings]:
    return [request.plain, request.signed, *((request.reasoned, request.signed_and_reasoned) if request.orders else ())]


def test_requests_of_every_file_are_looked_at() -> None:
    assert len(REQUESTS) > 40


@pytest.mark.parametrize("name", sorted(REQUESTS))
def test_every_split_has_words_for_a_request(name: str) -> None:
    request, at_the_desk = REQUESTS[name], name.startswith("desk_")
    for form in (request.plain, request.signed) if at_the_desk else (request.plain,):
        for split in Split:
            assert len(form.patterns(split)) >= 3


@pytest.mark.parametrize("split", list(Split))
def test_every_split_has_words_to_tell_something(split: Split) -> None:
    assert len(TELLING.patterns(split)) >= 2
    assert len(REASONING.patterns(split)) >= 2


def test_nobody_is_polite_twice_and_every_sentence_ends_once() -> None:
    for name, request in REQUESTS.items():
        for form in forms(request):
            for split in Split:
                for pattern in form.patterns(split):
                    assert len(re.findall("please", pattern)) <= 1, (name, pattern)
                    assert re.search(r"[\w}\"][.?]$", pattern), (name, pattern)
                    assert not re.search(r"[.?!,:] ?[.?!,:]|  |\byou I\b|please I\b", pattern), (name, pattern)


def test_a_question_ends_with_its_mark() -> None:
    asked = [
        p for split in Split for p in orders("cancel it").plain.patterns(split) if "could you" in p or "can you" in p
    ]
    assert len(asked) > 10
    assert all("cancel it?" in pattern for pattern in asked)
