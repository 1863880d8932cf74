"""What a schema accepts, and what it says about the first value that does not fit."""
from __future__ import annotations

from typing import Any

import pytest

from pkvm_model.schema import (
    ANY,
    BOOL,
    NULL,
    Schema,
    SchemaError,
    either,
    list_of,
    map_of,
    number,
    one_of,
    record,
    text,
    tuple_of,
)

EVEN = number(0, 9).where(lambda value: value % 2 == 0, "an even number")
PAIR = tuple_of(text(3), number(0, 9), optional=1)
NODE = record({"name": text(8, 1), "size": number(0, 99)}, {"dead": BOOL, "next": either(NULL, text(8))})


@pytest.mark.parametrize(("schema", "values"), [
    (number(0, 3), [0, 3]), (text(3), ["", "abc"]), (one_of("a", 0, None), ["a", 0, None]), (BOOL, [True, False]),
    (NULL, [None]), (ANY, [None, [], {}, 0.5]), (EVEN, [0, 8]), (list_of(number(0, 3)), [[], [0, 1, 2]]),
    (PAIR, [["a"], ["a", 1]]), (map_of(number(0, 3)), [{}, {"a": 1}]), (map_of(ANY, one_of("a")), [{"a": []}]),
    (record({"name": text(3)}, others=True), [{"name": "a"}, {"name": "a", "zeal": []}]),
    (NODE, [{"name": "a", "size": 1}, {"size": 1, "name": "a", "next": None, "dead": True}])])
def test_values_of_the_right_kind_are_accepted(schema: Schema, values: list[Any]) -> None:
    for value in values:
        schema.check(value, "it")


@pytest.mark.parametrize(("schema", "value", "message"), [
    (number(0, 3), True, "it must be a number from 0 to 3, not True"),
    (number(0, 3), 4, "it must be a number from 0 to 3, not 4"),
    (number(0, 3), 1.0, "it must be a number from 0 to 3, not 1.0"),
    (text(3), "abcd", "it must be a text of at most 3 characters, not 'abcd'"),
    (text(3, 1), "", "it must be a text of 1 to 3 characters, not ''"),
    (text(90), 10**90, f"it must be a text of at most 90 characters, not 1{'0' * 49}..."),
    (one_of("a", "b", 0), False, "it must be a, b or 0, not False"),
    (one_of(True, None), 1, "it must be true or null, not 1"),
    (one_of("a"), ["a"], "it must be a, not ['a']"),
    (either(NULL, number(0, 3)), "x", "it must be null or a number from 0 to 3, not 'x'"),
    (either(NULL, NODE), {"name": "a", "size": -1}, "it.size must be a number from 0 to 99, not -1"),
    (EVEN, 3, "it must be an even number, not 3"),
    (EVEN, -2, "it must be an even number, not -2"),
    (list_of(number(0, 3)), [0, 1, 7], "it[2] must be a number from 0 to 3, not 7"),
    (list_of(ANY, 2), [0, 1, 2], "it must be a list of at most 2 items, not [0, 1, 2]"),
    (list_of(ANY, 1, 1), [], "it must be a list of 1 item, not []"),
    (PAIR, [], "it must be a list of 1 to 2 items, not []"),
    (PAIR, ["a", "b"], "it[1] must be a number from 0 to 9, not 'b'"),
    (map_of(number(0, 3)), {"a": 1, "b": 9}, "it['b'] must be a number from 0 to 3, not 9"),
    (map_of(ANY, one_of("a")), {"b": 9}, "a name in it must be a, not 'b'"),
    (map_of(ANY), [], "it must be an object, not []"),
    (NODE, [], "it must be an object, not []"),
    (NODE, {"name": "a"}, "it has no field 'size'"),
    (NODE, {"name": "a", "size": 1, "zeal": 1}, "it has an unknown field 'zeal'"),
    (NODE, {"name": "a", "size": 1, "dead": 0}, "it.dead must be true or false, not 0"),
    (record({"node": list_of(NODE)}), {"node": [{"name": "a", "size": -1}]},
     "it.node[0].size must be a number from 0 to 99, not -1")])
def test_a_message_names_the_place_and_what_belongs_there(schema: Schema, value: Any, message: str) -> None:
    with pytest.raises(SchemaError) as error:
        schema.check(value, "it")
    assert str(error.value) == message


def test_a_message_is_one_short_line_whatever_the_names_are() -> None:
    value = {"a\n" * 100: {"b\n" * 100: 1}}
    for schema in (NODE, map_of(text(3)), map_of(map_of(text(3))), map_of(ANY, text(3))):
        with pytest.raises(SchemaError, match=r"\A.{1,200}\Z"):
            schema.check(value, "it")
