"""Associative memory in one matrix: Hebbian write with decay, gated-delta write, multi-hop read.

The state S is [n, size, size], rows are key units and columns value units; a read is k^T S. Rules:

- ``hebbian``: S + gain (ceiling - S) k v^T - decay S k^2, elementwise (H-Mem, Limbacher and
  Legenstein 2020, NeurIPS). A weight keeps 1 - decay k^2 - gain k v of itself, so with the paper's
  0.01 and small keys old and new values add up: overwriting needs strong gates or large keys.
- ``delta``: a S + b k (v - k^T S) (Yang et al. 2025, Gated DeltaNet): what the key held is
  subtracted first, so the newest value replaces it.
- ``additive``: the delta rule without its correction, a S + b k v^T.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from newsroom.errors import BadRequest

Rule = Literal["hebbian", "delta", "additive"]

# A gate that starts near 0.5 forgets everything within ten writes and then never learns.
RETENTION_LOGIT = 5.0
RATE_LOGIT = 2.0


def hebbian_write(
    state: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    gain: float | Tensor,
    decay: float | Tensor,
    ceiling: float = 1.0,
) -> Tensor:
    """One Hebbian write: state [n, K, V], key [n, K], value [n, V]; a zero key changes nothing."""
    pairing = torch.bmm((gain * key).unsqueeze(2), value.unsqueeze(1))
    kept = 1 - decay * key.square()
    return torch.addcmul(state * kept.unsqueeze(2), pairing, ceiling - state)


def gated_delta_write(
    state: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    retention: float | Tensor,
    rate: float | Tensor,
    corrected: bool = True,
) -> Tensor:
    """One write a S + b k (v - k^T S); keys of unit length make b = 1 an exact overwrite.

    ``retention`` a and ``rate`` b are numbers or [n, 1]. Without ``corrected`` the held value is
    not subtracted: the plain Hebbian sum a S + b k v^T.
    """
    if corrected:
        value = value - read(state, key)
    if isinstance(retention, Tensor):
        retention = retention.unsqueeze(2)
    return torch.baddbmm(retention * state, (rate * key).unsqueeze(2), value.unsqueeze(1))


def read(state: Tensor, key: Tensor) -> Tensor:
    """What the key recalls, k^T S: state [n, K, V], key [n, K] -> [n, V]."""
    return torch.bmm(key.unsqueeze(1), state).squeeze(1)


def separate(pattern: Tensor, active: int | None = None) -> Tensor:
    """A key of unit length that overlaps little with others: ReLU, the ``active`` largest units.

    A pattern without a positive unit gives the zero key, which writes and reads nothing.
    """
    pattern = functional.relu(pattern)
    if active is not None:
        least = pattern.topk(active, dim=-1).values[..., -1:]
        pattern = pattern * (pattern >= least)
    return functional.normalize(pattern, dim=-1)


class AssociativeMemory(nn.Module):
    """Learned keys, values and questions around one state matrix for each story or event.

    ``width`` is that of what is written and asked, ``size`` that of keys and values (a state of
    64 x 64 takes 16 KB). ``gain`` and ``decay`` belong to the Hebbian rule; the delta and additive
    rules learn their gates from the input. With ``read_before_write`` the stored value depends on
    what the key already recalls. ``active`` limits the units of a unit-length key.
    """

    def __init__(
        self,
        width: int,
        size: int = 64,
        *,
        rule: Rule = "delta",
        hops: int = 1,
        read_before_write: bool = False,
        gain: float = 0.01,
        decay: float = 0.01,
        active: int | None = None,
    ) -> None:
        super().__init__()
        if rule not in get_args(Rule):
            raise BadRequest("memory-rule-unknown", f"no write rule {rule!r}", field="rule")
        if min(width, size, hops) < 1 or (active is not None and not 1 <= active <= size):
            raise BadRequest("memory-shape", "width, size, hops and active count from 1")
        self.size, self.hops, self.active = size, hops, active
        self.rule, self.gain, self.decay = rule, gain, decay
        self.to_key = nn.Linear(width, size, bias=False)
        self.to_value = nn.Linear(width, size, bias=False)
        self.to_question = nn.Linear(width + size, size, bias=False)
        for layer in (self.to_key, self.to_value, self.to_question):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        if rule != "hebbian":
            self.to_gates = nn.Linear(width, 2)
            nn.init.zeros_(self.to_gates.weight)
            self.to_gates.bias.data = torch.tensor([RETENTION_LOGIT, RATE_LOGIT])
        self.read_before_write = read_before_write
        if read_before_write:
            self.to_joint = nn.Linear(2 * size, size, bias=False)
            self.value_norm = nn.LayerNorm(size)
            # H-Mem's extended model; the other rules take keys of unit length.
            self.key_norm = nn.LayerNorm(size) if rule == "hebbian" else None

    def empty(self, rows: int) -> Tensor:
        """The state of stories of which nothing is written, [rows, size, size]."""
        return self.to_key.weight.new_zeros(rows, self.size, self.size)

    def write(self, state: Tensor, items: Tensor, kept: Tensor | None = None) -> Tensor:
        """The state after the items [n, T, width], in order; ``kept`` [n, T] False is skipped."""
        self._expect(state, items.shape[0])
        keys, values = self._keys(items), functional.relu(self.to_value(items))
        gates = None if self.rule == "hebbian" else torch.sigmoid(self.to_gates(items))
        if kept is not None:
            keys = keys * kept.unsqueeze(2)
            if gates is not None:  # a zero key writes nothing, and nothing may fade either
                gates = torch.where(kept.unsqueeze(2), gates, gates.new_ones(()))
        for step in range(items.shape[1]):
            key, value = keys[:, step], values[:, step]
            if self.read_before_write:
                held = read(state, key)
                value = self.value_norm(self.to_joint(torch.cat((value, held), dim=1)))
            if gates is None:
                state = hebbian_write(state, key, value, gain=self.gain, decay=self.decay)
            else:
                retention, rate = gates[:, step, :1], gates[:, step, 1:]
                state = gated_delta_write(
                    state, key, value,
                    retention=retention, rate=rate, corrected=self.rule == "delta",
                )  # fmt: skip
        return state

    def read(self, state: Tensor, question: Tensor) -> Tensor:
        """The answer [n, size] after ``hops`` reads, each asking with what the last recalled."""
        self._expect(state, question.shape[0])
        answer = question.new_zeros(question.shape[0], self.size)
        for _ in range(self.hops):
            key = self.to_question(torch.cat((question, answer), dim=1))
            answer = read(state, self._shape(key))
        return answer

    def _keys(self, items: Tensor) -> Tensor:
        keys = self._shape(self.to_key(items))
        if self.read_before_write and self.key_norm is not None:
            keys = self.key_norm(keys)
        return keys

    def _shape(self, pattern: Tensor) -> Tensor:
        if self.rule == "hebbian":
            return functional.relu(pattern)
        return separate(pattern, self.active)

    def _expect(self, state: Tensor, rows: int) -> None:
        if state.shape != (rows, self.size, self.size):
            raise BadRequest(
                "memory-state-shape",
                f"state {tuple(state.shape)} for {rows} rows of size {self.size}",
            )
