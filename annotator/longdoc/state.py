"""Who is speaking, as a function from the state before a stretch of text to the state after it.

State: three registers (who speaks now, the last *he*, the last *she*) and whether a quotation is
open. What a stretch does to it is one assignment of the registers for each of the two ways to
enter, and such functions compose to such functions: a monoid, so stretches can be read apart.
"""

from __future__ import annotations

from dataclasses import dataclass

# A reference is a speaker's name or, with the sign, a register before the stretch.
NOW, HE, SHE = "@n", "@h", "@s"
Ref = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """What the registers hold: names, or references to the registers before."""

    now: Ref = NOW
    he: Ref = HE
    she: Ref = SHE
    quoting: bool = False

    def value(self, ref: Ref) -> Ref:
        """A reference as seen from before: registers looked up, names as they are."""
        return {NOW: self.now, HE: self.he, SHE: self.she}.get(ref, ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """What a stretch does when entered outside and inside of a quotation.

    ``close`` is whose words a quotation that was open before turn out to be, from where it
    closes; None where the stretch ends inside of it.
    """

    outside: Registers = Registers()
    inside: Registers = Registers(quoting=True)
    close: Ref | None = None


def compose(a: Transition, b: Transition) -> Transition:
    """First ``a``, then ``b``: associative, with ``Transition()`` as the identity."""
    return Transition(
        outside=_then(a.outside, b),
        inside=_then(a.inside, b),
        # No one is named inside of a quotation, so the registers are still those before ``a``.
        close=b.close if a.close is None else a.close,
    )


def _then(first: Registers, second: Transition) -> Registers:
    after = second.inside if first.quoting else second.outside
    return Registers(
        now=first.value(after.now),
        he=first.value(after.he),
        she=first.value(after.she),
        quoting=after.quoting,
    )
