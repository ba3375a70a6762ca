import json

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis.strategies import SearchStrategy

from dedup.filtering.members import members, with_value, without_members
from tests.strategies import texts

NAMES = st.one_of(st.sampled_from(["text", "a", 'q"', "b\\", "{", "}:,["]), texts(6))


def values() -> SearchStrategy[object]:
    plain = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts(8)
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
        max_leaves=6,
    )


def lines() -> SearchStrategy[bytes]:
    """Objects as somebody may write them."""
    separators = st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "  :\r ")])
    around = st.sampled_from(["", " ", "\r", "\t "])
    objects = st.dictionaries(NAMES, values(), max_size=5)
    return st.builds(
        lambda value, between, ascii_only, before, after: (
            before + json.dumps(value, separators=between, ensure_ascii=ascii_only) + after
        ).encode("utf-8", "surrogatepass"),
        objects,
        separators,
        st.booleans(),
        around,
        around,
    )


def loaded(line: bytes) -> object:
    return json.loads(line.decode("utf-8", "surrogatepass"))


@given(lines())
def test_the_members_are_those_of_a_parser(line: bytes) -> None:
    found = {member.name: loaded(line[member.value_start : member.value_end]) for member in members(line)}
    assert found == loaded(line)


@given(lines(), NAMES, values())
def test_one_value_is_replaced_and_every_other_byte_stays(line: bytes, name: str, value: object) -> None:
    expected = loaded(line)
    assert isinstance(expected, dict)
    if name not in expected:
        return
    expected[name] = value
    token = json.dumps(value).encode()
    replaced = with_value(line, name, token)
    assert loaded(replaced) == expected
    place = next(member for member in members(line) if member.name == name)
    assert replaced == line[: place.value_start] + token + line[place.value_end :]


@given(lines(), st.sets(NAMES, max_size=3))
def test_members_go_by_their_name(line: bytes, names: set[str]) -> None:
    expected = loaded(line)
    assert isinstance(expected, dict)
    left = without_members(line, names)
    assert loaded(left) == {name: value for name, value in expected.items() if name not in names}
    if not names & expected.keys():
        assert left == line


def test_of_repeated_members_the_last_one_counts() -> None:
    assert with_value(b'{"a":1,"b":2,"a":{"a":3}}', "a", b"4") == b'{"a":1,"b":2,"a":4}'


@pytest.mark.parametrize("depth", [10, 1_000, 100_000])
def test_depth_costs_no_stack(depth: int) -> None:
    line = b'{"a":' + b"[" * depth + b"]" * depth + b',"b":1}'
    assert [member.name for member in members(line)] == ["a", "b"]
