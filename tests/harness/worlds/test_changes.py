from greenroom.worlds import Change, net

ROW, OTHER = {"id": 1, "a": 1}, {"id": 1, "a": 2}


def insert(row: dict[str, int] = ROW) -> Change:
    return Change("agent", "insert", "t", (1,), None, row)


def update(before: dict[str, int], after: dict[str, int]) -> Change:
    return Change("agent", "update", "t", (1,), before, after)


def delete(row: dict[str, int] = ROW) -> Change:
    return Change("agent", "delete", "t", (1,), row, None)


def test_inserted_and_deleted_is_nothing() -> None:
    assert net([insert(), update(ROW, OTHER), delete(OTHER)]) == []


def test_updates_become_one() -> None:
    third = {"id": 1, "a": 3}
    assert net([update(ROW, OTHER), update(OTHER, third)]) == [update(ROW, third)]


def test_updated_back_is_nothing() -> None:
    assert net([update(ROW, OTHER), update(OTHER, ROW)]) == []


def test_inserted_and_updated_is_inserted() -> None:
    assert net([insert(), update(ROW, OTHER)]) == [insert(OTHER)]


def test_deleted_and_inserted_is_updated() -> None:
    assert net([delete(), insert(OTHER)]) == [update(ROW, OTHER)]
    assert net([delete(), insert()]) == []


def test_rows_of_other_tables_and_keys_are_apart() -> None:
    elsewhere = Change("agent", "delete", "u", (1,), ROW, None)
    beside = Change("agent", "delete", "t", (2,), ROW, None)
    assert net([insert(), elsewhere, beside]) == [insert(), elsewhere, beside]
