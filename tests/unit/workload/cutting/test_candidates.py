import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.workload.cutting.candidates import candidates, named, refusal
from telcoai.workload.cutting.graph import Graph, Step, Tensor, ordered

WIDE = Tensor((1, 4), "float32")


def graph(*steps: tuple[str, str], inputs: str = "x", output: str = "y", **tensors: Tensor) -> Graph:
    """Steps as ("needs", "makes"), one letter a tensor."""
    made = tuple(Step(f"step-{makes}", "Op", tuple(needs), tuple(makes), 10) for needs, makes in steps)
    known = {name: WIDE for step in made for name in (*step.inputs, *step.outputs)}
    return Graph(made, tuple(inputs), output, known | tensors)


def cut_at(found: Graph) -> list[str]:
    return [candidate.tensor for candidate in candidates(found)]


def test_every_tensor_of_a_chain_separates_it():
    found = candidates(graph(("x", "a"), ("a", "b"), ("b", "y")))
    assert [(one.tensor, one.flops_before, one.values) for one in found] == [("a", 10, 4), ("b", 20, 4)]


def test_inside_a_residual_block_nothing_separates():
    assert cut_at(graph(("x", "a"), ("a", "b"), ("b", "c"), ("ac", "d"), ("d", "y"))) == ["a", "d"]


def test_an_input_that_is_used_late_hinders_every_cut_before():
    late = graph(("x", "a"), ("a", "b"), ("bm", "c"), ("c", "y"), inputs="xm")
    assert cut_at(late) == ["c"]


def test_constants_and_dead_ends_hinder_no_cut():
    assert cut_at(graph(("x", "a"), ("k", "l"), ("al", "b"), ("a", "z"), ("b", "y"))) == ["a", "b"]


def test_only_float32_with_a_batch_of_one_is_cut_at():
    found = graph(
        ("x", "a"), ("a", "b"), ("b", "c"), ("c", "y"), a=Tensor((1, 4), "int64"), b=Tensor((7, 4), "float32")
    )
    assert cut_at(found) == ["c"]


def test_a_cut_that_is_none_is_refused_with_its_reason():
    block = graph(("x", "a"), ("a", "b"), ("b", "c"), ("ac", "d"), ("d", "y"), d=Tensor((1, 4), "int64"))
    for name, reason in (("b", "also need a"), ("y", "it is the output"), ("d", "int64"), ("q", "no tensor 'q'")):
        with pytest.raises(InputError, match=reason):
            named(block, name)
    assert named(block, "a").flops_before == 10


def test_a_graph_without_cut_says_how_wide_its_narrowest_point_is():
    two = graph(("x", "a"), ("x", "b"), ("a", "c"), ("b", "d"), ("cd", "y"))
    assert "2 tensors go across" in refusal(two).message
    assert "single operator" in refusal(graph(("x", "y"))).message


def test_steps_are_ordered_and_rings_refused():
    steps = [Step("2", "Op", ("a",), ("y",)), Step("1", "Op", ("x",), ("a",))]
    assert [step.name for step in ordered(steps)] == ["1", "2"]
    with pytest.raises(InputError, match="ring"):
        ordered([Step("1", "Op", ("b",), ("a",)), Step("2", "Op", ("a",), ("b",))])


@st.composite
def some_graph(draw: st.DrawFn) -> Graph:
    names = "abcdefg"[: draw(st.integers(2, 7))]
    steps = []
    for number, name in enumerate(names):
        needs = draw(st.sets(st.sampled_from("x" + names[:number]), min_size=1, max_size=3))
        steps.append(("".join(sorted(needs)), name))
    return graph(*steps, output=names[-1])


@given(some_graph())
def test_candidates_are_just_the_tensors_without_which_no_way_is_left(found):
    def reached_without(missing: str) -> bool:
        reached = {"x"}
        for step in found.steps:
            if reached.intersection(step.inputs) and missing not in step.outputs:
                reached.update(step.outputs)
        return found.output in reached

    inner = [step.outputs[0] for step in found.steps if step.outputs[0] != found.output]
    assert cut_at(found) == [name for name in inner if not reached_without(name)]
