from __future__ import annotations

import pytest
import torch

from memory_lm.selective_scan import SelectiveScan, causal_conv, recurrence, selective_scan
from newsroom.errors import BadRequest


def normal(*sizes: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def literal(x, step, rate, write, read):
    """One row, one channel and one state number at a time, as the formula says."""
    rows, steps, channels = x.shape
    y = torch.zeros_like(x)
    for b in range(rows):
        for c in range(channels):
            state = torch.zeros(rate.shape[1], dtype=x.dtype)
            for t in range(steps):
                for n in range(rate.shape[1]):
                    kept = torch.exp(step[b, t, c] * rate[c, n]) * state[n]
                    state[n] = kept + step[b, t, c] * write[b, t, n] * x[b, t, c]
                y[b, t, c] = read[b, t] @ state
    return y


def inputs(steps: int) -> tuple[torch.Tensor, ...]:
    return (
        normal(2, steps, 3), normal(2, steps, 3, seed=1).exp(), -normal(3, 4, seed=2).exp(),
        normal(2, steps, 4, seed=3), normal(2, steps, 4, seed=4),
    )  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 3, 4, 11, 100])
@pytest.mark.parametrize("steps", [1, 11, 12])
def test_the_chunked_scan_is_the_literal_loop(steps, chunk):
    torch.testing.assert_close(
        selective_scan(*inputs(steps), chunk=chunk), literal(*inputs(steps)), rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("chunk", [1, 4, 13])
def test_its_gradient_is_that_of_finite_differences(chunk):
    keep = normal(2, 13, 3).sigmoid().requires_grad_()
    write = normal(2, 13, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(lambda k, w: recurrence(k, w, chunk=chunk), (keep, write))


def test_a_scan_leaves_its_inputs_alone():
    keep, write = normal(2, 9, 3), normal(2, 9, 3, seed=1)
    before = keep.clone(), write.clone()
    recurrence(keep, write, chunk=4)
    assert torch.equal(keep, before[0])
    assert torch.equal(write, before[1])


def test_a_plane_of_numbers_without_channels_scans_too():
    ones = torch.ones(2, 7, dtype=torch.float64)
    assert recurrence(ones, ones, chunk=3).tolist() == [[1, 2, 3, 4, 5, 6, 7]] * 2


@pytest.mark.parametrize(
    ("keep", "write", "chunk"),
    [((2, 3, 4), (2, 3, 5), 8), ((2,), (2,), 8), ((2, 0, 1), (2, 0, 1), 8), ((2, 3), (2, 3), 0)],
)
def test_shapes_that_cannot_be_scanned_are_refused(keep, write, chunk):
    with pytest.raises(BadRequest, match="expected two tensors"):
        recurrence(torch.zeros(keep), torch.zeros(write), chunk=chunk)


def test_the_short_convolution_looks_back_only():
    x, taps = normal(1, 6, 2), normal(2, 1, 3, seed=1)
    got = causal_conv(x, taps)
    for t in range(6):
        for c in range(2):
            expected = sum(taps[c, 0, 2 - i] * x[0, t - i, c] for i in range(3) if t >= i)
            torch.testing.assert_close(got[0, t, c], expected)


@pytest.mark.parametrize("conv", [None, 4])
def test_the_block_is_causal_and_every_weight_has_a_gradient(conv):
    torch.manual_seed(0)
    block = SelectiveScan(8, states=4, conv=conv).double()
    x = normal(2, 20, 8)
    before = block(x)
    changed = x.clone()
    changed[:, 12:] += 1.0
    after = block(changed)
    torch.testing.assert_close(after[:, :12], before[:, :12])
    assert (after[:, 12:] - before[:, 12:]).abs().amax() > 1e-3
    before.square().sum().backward()
    for name, weight in block.named_parameters():
        assert weight.grad.abs().sum() > 0, name
    assert (block.taps is None) is (conv is None)
