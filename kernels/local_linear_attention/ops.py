"""The two operators as torch knows them: custom ops with shapes, autograd and two backends.

Registered so that `torch.compile`, fake tensors and CUDA graphs see two opaque calls. Masks arrive
as `Spans`, ridge and bias already expanded, everything already checked (see `interface`).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kernels.local_linear_attention import cpu
from kernels.local_linear_attention.spans import Spans

Outputs = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


@torch.library.custom_op("newsroom::lla", mutates_args=())
def forward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Tensor,
    bias: Tensor | None,
    spans: list[Tensor],
    scale: float,
    max_iters: int,
    rtol: float,
    backend: str,
) -> Outputs:
    """(o, u, kbar, lse, residual, iterations), shapes as in `cpu.Forward`."""
    at = Spans(*spans)
    if backend == "triton":
        from kernels.local_linear_attention import triton_forward, triton_launches

        *found, by_tile = triton_forward.forward(q, k, v, lam, bias, at, scale, max_iters, rtol)
        tile = triton_launches.query_tile(q.shape[3], q.dtype)
        by_row = by_tile.repeat_interleave(tile, 2)[:, :, : q.shape[1]].transpose(1, 2)
        found = [*found, by_row.contiguous()]
    else:
        with torch.autocast(q.device.type, enabled=False):  # or its products would be cast again
            found = list(cpu.forward(q, k, v, lam, bias, at, scale, max_iters, rtol))
    # Solvers stand still where there is nothing to solve with: a bad ridge must not pass.
    found[0].masked_fill_(lam.isnan()[..., None], torch.nan)
    return tuple(found)  # type: ignore[return-value]


@torch.library.custom_op("newsroom::lla_backward", mutates_args=())
def backward(
    do: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    lam: Tensor,
    bias: Tensor | None,
    spans: list[Tensor],
    o: Tensor,
    u: Tensor,
    kbar: Tensor,
    lse: Tensor,
    scale: float,
    max_iters: int,
    rtol: float,
    backend: str,
    bias_grad: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """(dq, dk, dv, dlam, dbias); dbias is empty unless `bias_grad`."""
    at = Spans(*spans)
    if backend == "triton":
        from kernels.local_linear_attention import triton_backward

        *grads, dbias = triton_backward.backward(
            do, q, k, v, lam, bias, at, u, kbar, lse, o, scale, max_iters, rtol, bias_grad
        )
    else:
        with torch.autocast(q.device.type, enabled=False):
            *grads, dbias = cpu.backward(
                do,
                q,
                k,
                v,
                lam,
                bias,
                at,
                u,
                kbar,
                lse,
                scale,
                max_iters,
                rtol,
                bias_grad=bias_grad,
            )
    dq, dk, dv, dlam = grads
    return dq, dk, dv, dlam, lam.new_empty(0) if dbias is None else dbias


@forward.register_fake
def _(q: Tensor, _k: Tensor, v: Tensor, *_: Any) -> Outputs:
    wide = torch.promote_types(q.dtype, torch.float32)
    row = q.new_empty(q.shape[:3], dtype=wide)
    return (
        q.new_empty((*q.shape[:3], v.shape[3])),
        q.new_empty(q.shape, dtype=wide),
        q.new_empty(q.shape, dtype=wide),
        row,
        torch.empty_like(row),
        q.new_empty(q.shape[:3], dtype=torch.int32),
    )


@backward.register_fake
def _(
    _do: Tensor, q: Tensor, k: Tensor, v: Tensor, lam: Tensor, bias: Tensor | None, *rest: Any
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    bias_grad = rest[-1]
    return (
        q.new_empty(q.shape),
        k.new_empty(k.shape),
        v.new_empty(v.shape),
        lam.new_empty(lam.shape),
        lam.new_empty(bias.shape if bias_grad and bias is not None else 0),
    )


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Outputs) -> None:
    q, k, v, lam, bias, spans, *ctx.rest = inputs
    o, u, kbar, lse, _, _ = output
    ctx.save_for_backward(q, k, v, lam, bias, *spans, o, u, kbar, lse)
    ctx.mark_non_differentiable(*output[1:])
    ctx.set_materialize_grads(False)


def _differentiate(ctx: Any, do: Tensor | None, *_: Any) -> tuple[Any, ...]:
    nothing = ([None] * 4, *(None,) * 4)  # spans, then scale, max_iters, rtol, backend
    if do is None:
        return (*(None,) * 5, *nothing)
    q, k, v, lam, bias, *rest = ctx.saved_tensors
    bias_grad = ctx.needs_input_grad[4]
    *grads, dbias = backward(do, q, k, v, lam, bias, rest[:4], *rest[4:], *ctx.rest, bias_grad)
    return (*grads, dbias if bias_grad else None, *nothing)


forward.register_autograd(_differentiate, setup_context=_keep)
