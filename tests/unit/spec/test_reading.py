import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telcoai.errors import SpecError
from telcoai.spec import validate
from telcoai.spec.reading import read


def problems_of(path):
    with pytest.raises(SpecError) as caught:
        read(path)
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", "1:1", "the file is empty"),
        ("# only a comment\n", "1:1", "the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "3:1", "the key 'a' is here twice (first on line 1)"),
        ("a:\n\tb: 1\n", "2:1", "a tab is used for indentation"),
        ("a: [1, 2\nb: 3\n", "2:2", "not YAML"),
        ("a: !!python/object/apply:os.system [ls]\n", "1:4", "is not allowed"),
        ("a: !secret x\n", "1:4", "the tag '!secret' is not allowed"),
        ("a: &x [1, *x]\n", "1:11", "the alias *x contains itself"),
        ("a: *nothing\n", "1:4", "the alias *nothing names no anchor"),
        ("a: {<<: {b: 1}}\n", "1:5", "merge keys"),
        ("? {a: 1}\n: 2\n", "1:3", "a key must be text"),
        ("- 1\n", "1:1", "a document must be a mapping"),
        ("just text\n", "1:1", "a document must be a mapping"),
        ("a: 1e999\n", "1:4", "too large"),
        ("a: " + "9" * 400 + "\n", "1:4", "too long"),
        ("a: \x01\n", "1:4", "the character '\\x01' is not allowed"),
        ("a: " + "[" * 5000, "1:28", "nested too deeply"),
        ("a: " + "{a: " * 5000, "1:", "nested too deeply"),
    ],
)
def test_what_is_wrong_with_the_form_has_its_place(folder, text, place, said):
    file = folder.write("x.yaml", text)
    (first, *_) = problems_of(file)
    assert first.startswith(f"{file}:{place}")
    assert said in first


def test_all_problems_of_form_come_at_once(folder):
    found = problems_of(folder.write("x.yaml", "a: 1\na: 2\nb: !x 1\nb: 2\n"))
    assert [line.split(":")[1] for line in found] == ["2", "3", "4"]


def test_other_encodings_are_refused_with_their_place(folder):
    assert ":2:4: is not UTF-8" in problems_of(folder.write("x.yaml", "a: 1\nb: ü\n".encode("latin-1")))[0]
    assert "is not" in problems_of(folder.write("x.yaml", "a: 1\n".encode("utf-16")))[0]


def test_a_byte_order_mark_does_no_harm(folder):
    assert read(folder.write("x.yaml", b"\xef\xbb\xbfa: 1\n"))[0].plain() == {"a": 1}


def test_bombs_and_giants_are_refused(folder):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert "more than 100000 values" in problems_of(folder.write("x.yaml", "\n".join(lines)))[0]
    assert "larger than 1 MiB" in problems_of(folder.write("x.yaml", "a: " + "x" * (1 << 20)))[0]


def test_what_is_no_file_is_refused(folder):
    assert "No such file" in problems_of(folder.path / "none.yaml")[0]
    assert "is a folder" in problems_of(folder.path)[0]


def test_words_mean_what_yaml_1_2_says(folder):
    text = "a: yes\nb: 1:30\nc: 0x10\nd: 2020-01-01\ne: 1.5\nf: -3\ng: '8'\nh: true\ni: ~\nj: 5/s\nk: 1e3\n"
    read_back = read(folder.write("x.yaml", text))[0].plain()
    assert read_back["a"] == "yes"
    assert read_back["b"] == "1:30"
    assert read_back["c"] == "0x10"
    assert read_back["d"] == "2020-01-01"
    assert (read_back["e"], read_back["f"], read_back["g"], read_back["h"]) == (1.5, -3, "8", True)
    assert (read_back["i"], read_back["j"], read_back["k"]) == (None, "5/s", 1000.0)


def test_aliases_stand_for_whole_values(folder):
    assert read(folder.write("x.yaml", "a: &x {b: 1}\nc: *x\n"))[0].plain() == {"a": {"b": 1}, "c": {"b": 1}}


PIECES = [
    "a",
    "spec",
    "kind",
    ": ",
    ":",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&x ",
    "*x",
    "!t ",
    "'",
    '"',
    "|\n",
]
PIECES += [
    "---\n",
    "...\n",
    "\t",
    "#",
    "? ",
    "<<",
    "~",
    "1e9",
    "-1",
    "é",
    "\x00",
    "%",
    "@",
    "apiVersion: telcoai/v1alpha1\n",
]
PIECES += [
    "kind: Testbed\n",
    "kind: Scenario\n",
    "metadata: {name: x}\n",
    "spec: {nodes: [{name: a}]}\n",
    "\u2028",
    "\ufeff",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join).map(str.encode) | st.binary(max_size=60))
def test_nothing_but_problems_comes_out(tmp_path_factory, raw):
    file = tmp_path_factory.mktemp("fuzz") / "x.yaml"
    file.write_bytes(raw)
    for line in validate([file]):
        assert "\n" not in line
        assert line.startswith(f"{file}:")
