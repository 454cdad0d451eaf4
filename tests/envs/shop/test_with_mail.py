"""Shop and mail in one world: what the shop writes arrives."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from greenroom import Split
from greenroom.messages import call
from greenroom.plugins import load_app
from greenroom.sandboxes import LocalSandbox
from support.counter import Counter

both = load_app("mail+shop")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> LocalSandbox:
    folder: Path = tmp_path_factory.mktemp("both")
    return LocalSandbox(both, cache_dir=folder)


@pytest.fixture
def counter(sandbox: LocalSandbox) -> Iterator[Counter]:
    with sandbox.base(Split.TRAIN).open() as world:
        yield Counter(world, both)


def mail(counter: Counter, tool: str, **arguments: Any) -> Any:
    result = both.call(counter.world, call(f"mail_{tool}", **arguments))
    assert result.refused is None, result.text
    return json.loads(result.text)


def buy(counter: Counter) -> tuple[str, str, int]:
    """Buy something; returns order, brand and total."""
    variant = counter.plant(lambda plant: plant.product()[0])
    total = counter("add_to_cart", sku=variant.sku)["total_cents"]
    done = counter("checkout", method_id=1, address_id=1, expected_total_cents=total)
    return done["order_id"], variant.product.brand, total


def test_the_receipt_arrives_with_the_amounts_attached(counter: Counter) -> None:
    order, brand, total = buy(counter)
    (hit,) = mail(counter, "search", query=brand)["hits"]
    letter = mail(counter, "read", message_id=hit["id"])
    assert order in json.dumps(letter)
    shown = mail(counter, "show_attachment", message_id=hit["id"], file=f"receipt-{order}.txt")
    assert f"Total: ${total // 100}.{total % 100:02}" in json.dumps(shown)


def test_news_of_an_order_arrive_as_it_moves(counter: Counter) -> None:
    order, _, _ = buy(counter)
    both.pass_time(counter.world, timedelta(days=8))
    subjects = json.dumps(mail(counter, "search", query=order, limit=10))
    assert f"Your order {order} has shipped" in subjects
    assert f"Your order {order} was delivered" in subjects


def test_a_cancellation_and_a_label_are_told_by_letter(counter: Counter) -> None:
    order, _, _ = buy(counter)
    counter("cancel_order", order_id=order, reason="found cheaper")
    bought = counter.plant(lambda plant: plant.order(plant.owner(), plant.product()[0]).id)
    item = counter("show_order", order_id=bought)["items"][0]["item_id"]
    label = counter("return_item", order_id=bought, item_id=item, reason="damaged")["label"]
    both.pass_time(counter.world, timedelta(minutes=1))
    subjects = json.dumps(mail(counter, "list_folder", folder="inbox"))
    assert f"Your order {order} was cancelled" in subjects
    assert label in subjects


def test_a_letter_of_the_shop_is_the_worlds_change_not_the_agents(counter: Counter) -> None:
    counter.world.clear_changes()
    buy(counter)
    both.pass_time(counter.world, timedelta(minutes=1))
    assert {change.table for change in counter.world.changes(by="world")} >= {"mail_message"}
    assert not any(change.table.startswith("mail_") for change in counter.world.changes(by="agent"))


@pytest.mark.parametrize("family", ["shop.receipt_return", "shop.receipt_total"])
def test_what_a_family_over_apps_asks_for_stands_in_the_mail(sandbox: LocalSandbox, family: str) -> None:
    brief = sandbox.prepare(f"mail+shop/train/{family}/0")
    with sandbox.start(brief.snapshot).open() as world:
        title = brief.goal["slots"]["item"]
        found = mail(Counter(world, both), "search", query=title)["hits"]
        letter = mail(Counter(world, both), "read", message_id=found[0]["id"])
    assert "claim it with the code C" in json.dumps(letter)
