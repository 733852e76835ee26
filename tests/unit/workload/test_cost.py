import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from telcoai.errors import InputError
from telcoai.workload.cost import chain_costs, infer_shapes, param_bytes, stage_cost


def tiny(input_dims, *, output="activation", groups=1, stored=np.float32):
    """3 × 3 convolution of 4 channels and stride 2, averaged and mapped to 5 classes."""
    ins = input_dims[1]
    filters = numpy_helper.from_array(np.ones((4, ins // groups, 3, 3), stored), "filters")
    head = numpy_helper.from_array(np.ones((4, 5), np.float32), "head")
    nodes = [
        helper.make_node("Cast", ["filters"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["x", "wide"], [output], pads=[1, 1, 1, 1], strides=[2, 2], group=groups),
        helper.make_node("GlobalAveragePool", [output], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, input_dims)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("logits", output)],
        [filters, head],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_flops_of_a_small_graph_equal_those_counted_by_hand():
    cost = stage_cost(tiny(["N", 2, "H", "W"]), (2, 8, 6))
    convolution = 4 * (4 * 3) * (2 * 3 * 3)
    gemm = 5 * 4
    assert cost.flops == 2 * (convolution + gemm)
    assert cost.activation_shape == (4, 4, 3)


def test_a_depthwise_convolution_counts_one_input_channel_an_output():
    cost = stage_cost(tiny(["N", 4, "H", "W"], groups=4), (4, 8, 8))
    assert cost.flops == 2 * (4 * (4 * 4) * (1 * 3 * 3) + 5 * 4)


@pytest.mark.parametrize(("stored", "size"), [(np.float32, 4), (np.float16, 2), (np.int8, 1)])
def test_parameters_count_as_they_are_stored(stored, size):
    assert param_bytes(tiny(["N", 2, "H", "W"], stored=stored)) == 4 * 2 * 9 * size + 4 * 5 * 4


def test_a_stage_without_activation_has_an_empty_shape():
    assert stage_cost(tiny(["N", 2, "H", "W"], output="inner"), (2, 8, 8)).activation_shape == ()


def test_a_stage_is_fed_with_what_the_one_before_gives():
    first, second = chain_costs([tiny(["N", 2, "H", "W"]), tiny(["N", 4, "H", "W"])], (2, 16, 16))
    assert first.activation_shape == (4, 8, 8)
    assert second.activation_shape == (4, 4, 4)


@given(st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=25, deadline=None)
def test_flops_grow_with_the_output_and_nothing_else(height, width):
    cost = stage_cost(tiny(["N", 2, "H", "W"]), (2, 2 * height, 2 * width))
    assert cost.flops == 2 * (4 * height * width * 18 + 20)


def test_a_matrix_product_counts_its_inner_dimension():
    weight = numpy_helper.from_array(np.ones((6, 7), np.float32), "weight")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["logits"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 6])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        [weight],
    )
    assert stage_cost(helper.make_model(graph), (3, 6)).flops == 2 * 3 * 7 * 6


def test_shapes_that_stay_unknown_are_refused_by_name():
    model = tiny(["N", 2, "H", "W"])
    model.graph.input.append(helper.make_tensor_value_info("length", TensorProto.INT64, [1]))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["length"], ["free"]))
    with pytest.raises(InputError, match="free"):
        infer_shapes(model, (1, 2, 8, 8))


def test_the_graph_given_stays_as_it_was():
    model = tiny(["N", 2, "H", "W"])
    before = model.SerializeToString(deterministic=True)
    stage_cost(model, (2, 8, 8))
    assert model.SerializeToString(deterministic=True) == before
