from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.emulation.protocol import (
    LineReader,
    ProtocolError,
    encode,
    environment,
    link_state,
    number,
    plain_state,
    text,
    texts,
)
from telcoai.model.topology import LinkState

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text(), values)), st.integers(1, 50))
def test_messages_survive_any_cutting(messages: list[dict[str, Any]], size: int) -> None:
    data = b"".join(encode(message) for message in messages)
    reader, got = LineReader(), []
    for start in range(0, len(data), size):
        got += reader.feed(data[start : start + size])
    assert got == messages


@given(st.binary())
def test_garbage_raises_only_protocol_errors(data: bytes) -> None:
    try:
        LineReader().feed(data + b"\n")
    except ProtocolError:
        return


def test_an_endless_line_is_refused() -> None:
    with pytest.raises(ProtocolError, match="longer"):
        LineReader().feed(b"x" * 5_000_000)


@given(values)
def test_fields_are_checked(value: Any) -> None:
    request = {"key": value, "env": value}
    for read in (
        lambda: text(request, "key"),
        lambda: number(request, "key"),
        lambda: texts(request, "key"),
        lambda: environment(request),
        lambda: link_state(value),
    ):
        try:
            read()
        except ProtocolError:
            continue


def test_link_states_are_carried_whole() -> None:
    state = LinkState(1.5, 0.5, 1e6, 0.1, 0.2, 1000)
    assert link_state(plain_state(state)) == state
    with pytest.raises(ProtocolError):
        link_state({"delay_ms": True})
    with pytest.raises(ProtocolError):
        link_state({"delay_ms": 1, "colour": 2})
