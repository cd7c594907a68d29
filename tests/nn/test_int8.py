"""Less precision: the int8 product against whole numbers in NumPy, copies that leave the network alone."""

from __future__ import annotations

import numpy
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spacy_hmtl.nn.precision import Int8Linear, int8_linear, reduced, runs_on, to_int8


def reference(
    whole: numpy.ndarray, worth: numpy.ndarray, weight: numpy.ndarray, step: numpy.ndarray, bias: numpy.ndarray | float
) -> numpy.ndarray:
    """The sums in whole numbers of 64 bits, scaled in double precision."""
    return (whole.astype("int64") @ weight.astype("int64")) * worth.astype("float64") * step.astype("float64") + bias


def random_rows(n_rows: int, width: int, scale: float, seed: int) -> numpy.ndarray:
    """Rows of all sizes, some of them zero."""
    random = numpy.random.default_rng(seed)
    rows = random.standard_normal((n_rows, width)) * scale * 10 ** random.uniform(-2, 2, (n_rows, 1))
    rows[random.random(n_rows) < 0.1] = 0.0
    return rows.astype("float32")


@settings(max_examples=50, deadline=None)
@given(
    n_rows=st.integers(1, 600),
    sizes=st.tuples(st.integers(2, 70), st.integers(1, 40)),
    has_bias=st.booleans(),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
    seed=st.integers(0, 2**31),
)
def test_the_product_equals_that_of_whole_numbers(
    n_rows: int, sizes: tuple[int, int], has_bias: bool, scale: float, seed: int
) -> None:
    inputs = torch.from_numpy(random_rows(n_rows, sizes[0], scale, seed))
    layer = Int8Linear(nn.Linear(*sizes, bias=has_bias))
    with torch.no_grad():
        found = layer(inputs).numpy()
        whole, worth = (values.numpy() for values in to_int8(inputs))
        bias = layer.bias.numpy() if has_bias else 0.0
    expected = reference(whole, worth, layer.whole.numpy(), layer.step.numpy(), bias)
    numpy.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * max(1.0, numpy.abs(expected).max()))


@settings(max_examples=50, deadline=None)
@given(
    n_rows=st.integers(1, 50),
    width=st.integers(1, 70),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
    seed=st.integers(0, 2**31),
)
def test_rounding_is_off_by_half_a_step_at_most(n_rows: int, width: int, scale: float, seed: int) -> None:
    rows = random_rows(n_rows, width, scale, seed)
    whole, step = (values.numpy() for values in to_int8(torch.from_numpy(rows)))
    assert whole.dtype == numpy.int8
    assert (numpy.abs(rows - whole * step) <= 0.5001 * step).all()
    assert set(numpy.abs(whole.astype(int)).max(axis=1).tolist()) <= {0, 127}


def test_a_row_does_not_depend_on_what_it_is_batched_with() -> None:
    torch.manual_seed(0)
    layer, inputs = Int8Linear(nn.Linear(48, 20)), torch.randn(700, 48)
    inputs[5] *= 1000
    with torch.no_grad():
        alone = torch.cat([layer(row.unsqueeze(0)) for row in inputs])
        assert torch.equal(layer(inputs), alone)
        assert torch.equal(layer(inputs.view(7, 100, 48)), alone.view(7, 100, 20))


def test_no_rows_and_broken_rows() -> None:
    layer = Int8Linear(nn.Linear(4, 3))
    with torch.no_grad():
        assert layer(torch.zeros(0, 4)).shape == (0, 3)
        assert layer(torch.tensor([[float("nan"), 1, 2, 3]])).isnan().all()
        assert torch.equal(layer(torch.zeros(1, 4))[0], layer.bias)


def test_outputs_are_rescaled_by_the_steps_of_row_and_channel() -> None:
    weight = torch.tensor([[127, -127], [0, 127]], dtype=torch.int8)  # (I, O)
    found = int8_linear(torch.tensor([[1.0, 0.5]]), weight, torch.tensor([1.0, 10.0]), None)
    # 0.5 is 63.5 steps of 1 / 127 and rounded to the even 64.
    assert found[0].tolist() == pytest.approx([127.0, 10 * (-127 + 64)])


@pytest.mark.parametrize(("precision", "tolerance"), [("bfloat16", 0.05), ("float16", 0.005), ("int8", 0.05)])
def test_a_copy_says_about_the_same_and_the_network_stays(precision: str, tolerance: float) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Sequential(nn.LayerNorm(64), nn.Linear(64, 8)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    dtype = torch.float32 if precision == "int8" else getattr(torch, precision)
    inputs = torch.randn(50, 32)
    with torch.no_grad():
        expected = network(inputs)
        found = reduced(network, precision)(inputs.to(dtype)).float()
        assert torch.equal(network(inputs), expected)
    assert 0 < (found - expected).abs().max() < tolerance * expected.abs().max()
    assert network.state_dict().keys() == before.keys()
    assert all(
        value.dtype == torch.float32 and torch.equal(value, before[k]) for k, value in network.state_dict().items()
    )


def test_an_int8_copy_shares_what_it_does_not_round() -> None:
    network = nn.Sequential(nn.Embedding(10, 4), nn.LayerNorm(4), nn.Linear(4, 4))
    copied = reduced(network, "int8")
    assert [id(p) for p in copied.parameters()] == [id(p) for p in network.parameters()]
    assert isinstance(copied[2], Int8Linear)  # type: ignore[index]
    assert isinstance(reduced(nn.Linear(2, 2), "int8"), Int8Linear)


def test_a_layer_with_one_input_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Linear(1, 4), nn.Linear(4, 2))
    assert [type(layer) for layer in reduced(network, "int8").children()] == [nn.Linear, Int8Linear]


@pytest.mark.parametrize(
    ("precision", "device", "expected"),
    [
        ("float32", "cpu", True),
        ("bfloat16", "cpu", True),
        ("bfloat16", "cuda", True),
        ("float16", "cpu", False),
        ("float16", "cuda", True),
        ("int8", "cpu", True),
        ("int8", "cuda", False),
    ],
)
def test_where_each_runs(precision: str, device: str, expected: bool) -> None:
    assert runs_on(precision, torch.device(device)) == expected
