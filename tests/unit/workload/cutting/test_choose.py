from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telcoai.errors import InputError
from telcoai.workload.cutting.candidates import Candidate
from telcoai.workload.cutting.choose import choose, most_even


def made(*pairs: tuple[int, int]) -> list[Candidate]:
    """Candidates from (values, FLOPs before)."""
    return [Candidate(f"t{n}", (1, values), values, flops) for n, (values, flops) in enumerate(pairs)]


def parts(cuts: tuple[Candidate, ...], flops: int) -> list[int]:
    ends = [0, *(cut.flops_before for cut in cuts), flops]
    return [after - before for before, after in pairwise(ends)]


def test_the_narrowest_cut_with_a_fair_part_on_both_sides_is_taken():
    found = made((2, 5), (9, 40), (4, 60), (1, 95))
    assert [cut.tensor for cut in choose(found, 100, 2, 0.5)] == ["t2"]
    assert [cut.tensor for cut in choose(found, 100, 2, 0.0)] == ["t3"]


def test_of_equal_cuts_the_most_even_is_taken():
    assert choose(made((4, 30), (4, 50), (4, 60)), 100, 2, 0.5)[0].flops_before == 50


def test_one_stage_needs_no_cut():
    assert choose([], 100, 1, 0.5) == ()


def test_too_few_candidates_and_too_uneven_ones_are_refused_with_what_would_do():
    with pytest.raises(InputError, match="1 tensors to cut at, too few for 3 stages"):
        choose(made((4, 50)), 100, 3, 0.5)
    with pytest.raises(InputError, match="leave every stage 50%") as refused:
        choose(made((4, 10)), 100, 2, 0.5)
    assert "--balance 0.2" in refused.value.hint


RISING = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 30)), max_size=6).map(
    lambda rows: made(*((values, flops) for (values, _), flops in zip(rows, sorted(f for _, f in rows), strict=True)))
)


@given(RISING, st.integers(1, 4), st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_the_choice_equals_that_of_trying_them_all(found, stages, balance):
    flops = 30
    fair = [cuts for cuts in combinations(found, stages - 1) if min(parts(cuts, flops)) >= balance * flops / stages]
    costs = [(sum(cut.values for cut in cuts), max(parts(cuts, flops))) for cuts in fair]
    if not costs:
        with pytest.raises(InputError):
            choose(found, flops, stages, balance)
        return
    chosen = choose(found, flops, stages, balance)
    assert (sum(cut.values for cut in chosen), max(parts(chosen, flops))) == min(costs)


@given(RISING, st.integers(1, 4))
def test_the_most_even_balance_equals_that_of_trying_them_all(found, stages):
    reached = [min(parts(cuts, 30)) * stages / 30 for cuts in combinations(found, stages - 1)]
    assert most_even(found, 30, stages) == pytest.approx(max(reached, default=0))
