"""What a new grouping makes of what is there: places that keep ids and people's edits, and why.

Pure: no clock and no randomness.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from annotator.events import constraints
from annotator.events.constraints import Bond, bend, bonds, event_bonds, part, story_bonds
from annotator.events.identity import match
from newsroom.store.events import Group
from newsroom.store.ledger import LEVELS, Contradiction, Edit, Entry, Level, Place

K = TypeVar("K", bound=Hashable)
Places = Mapping[str, Place]
PASSES = 4  # one is enough but for edits against articles that the grouping no longer sees
LEAST = 2  # an event or a story of one article is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Where a grouping puts an article; the labels mean nothing beyond this grouping."""

    event: Hashable | None
    story: Hashable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The places after a grouping, and where it would have decided against a person."""

    places: dict[str, Place]
    contradictions: list[Contradiction]


def settle(
    before: Places,
    proposed: Mapping[str, Proposal],
    *,
    edits: Sequence[Edit] = (),
    fixed: Collection[str] = (),
    used: Container[str] = (),
) -> Settled:
    """Places of all articles of ``before`` and ``proposed`` once a grouping has spoken.

    ``before`` holds every member of each event and story that it names. Articles that are not
    proposed, or that are ``fixed``, keep the event they are in. No new group gets a ``used`` id.
    Doing it again changes nothing.
    """
    judged = set(proposed) - set(fixed)
    wanted = {
        "event": grouped((p.event, a) for a, p in proposed.items()),
        "story": grouped((p.story, a) for a, p in proposed.items()),
    }
    rules = [edit for edit in edits if edit.together]
    places = _placed(before, proposed, rules, judged, used)
    for _ in range(PASSES):
        # Where an edit parts a group, the parts may continue other events than the whole did.
        again = _placed(places, proposed, rules, judged, used)
        if again == places:
            break
        places = again
    lost = constraints.overruled(rules)
    return Settled(
        places=places,
        contradictions=[
            against
            for edit in rules
            if edit.entry_id not in lost
            and (
                against := _yielded(edit, judged, places)
                or _against(edit, wanted[edit.level], judged)
            )
        ],
    )


def _placed(
    before: Places,
    proposed: Mapping[str, Proposal],
    rules: Sequence[Edit],
    judged: set[str],
    used: Container[str],
) -> dict[str, Place]:
    wanted = grouped((p.event, a) for a, p in proposed.items())
    events = _continued(
        grouped((p.event_id, a) for a, p in before.items()),
        list(wanted.values()),
        set(proposed),
        judged,
        "event",
    )
    staying = set(before) - judged
    event_before = ids_of(before, "event")
    of_stories = story_bonds(rules)
    bent = bend(
        part(events, of_stories, before=event_before, staying=staying),
        event_bonds(rules),
        before=event_before,
        known={*before, *proposed},
        staying=staying,
    )
    event_of = _named(bent, before, "event", used)
    stories = _continued(
        grouped((p.story_id, a) for a, p in before.items()),
        _with_events(grouped((p.story, a) for a, p in proposed.items()), event_of, staying),
        set(proposed),
        judged,
        "story",
    )
    whole = _whole(stories, event_of, before, staying)
    kept = _bent(whole, event_of, of_stories, before, known={*before, *proposed}, staying=staying)
    story_of = _named(kept, before, "story", used)
    return {a: Place(event_id=event_of.get(a), story_id=s) for a, s in sorted(story_of.items())}


def tidy(places: Places) -> dict[str, Place]:
    """Events and stories of one article dissolved, and every event inside one story."""
    in_event = Counter(p.event_id for p in places.values())
    event_of = {
        a: p.event_id
        for a, p in places.items()
        if p.event_id is not None and in_event[p.event_id] >= LEAST
    }
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for a, event in event_of.items():
        votes[event][places[a].story_id] += 1
    home = {e: min(n, key=lambda s: (-n[s], s)) for e, n in votes.items()}
    story_of = {a: home[event_of[a]] if a in event_of else p.story_id for a, p in places.items()}
    in_story = Counter(story_of.values())
    return {
        a: Place(event_id=event_of.get(a), story_id=s)
        for a, s in sorted(story_of.items())
        if in_story[s] >= LEAST
    }


def lineage(before: Places, after: Places, *, reason: str) -> list[Entry]:
    """An entry for every flow of articles from one group to another, events first.

    A group that comes from another which goes on is a split; one that goes into another and is no
    more is merged; other movers join or leave.
    """
    entries: list[Entry] = []
    for level in LEVELS:
        old, new = ids_of(before, level), ids_of(after, level)
        was, now = set(old.values()), set(new.values())
        flows = grouped(
            ((old.get(a), new.get(a)), a)
            for a in sorted(set(old) | set(new))
            if old.get(a) != new.get(a)
        )
        born_of = {to for source, to in flows if source is not None}
        for source, to in sorted(flows, key=lambda flow: (flow[0] or "", flow[1] or "")):
            if source is None:
                kind = "joined" if to in was or to in born_of else "created"
            elif to is None:
                kind = "left"
            elif source not in now:
                kind = "merged"
            else:
                kind = "joined" if to in was else "split"
            entries.append(
                Entry(
                    level=level,
                    kind=kind,
                    from_ids=() if source is None else (source,),
                    to_ids=() if to is None else (to,),
                    articles=tuple(sorted(flows[source, to])),
                    reason=reason,
                )
            )
    return entries


def titled(entries: Iterable[Entry], level: Level, groups: Iterable[Group]) -> list[Entry]:
    """The same entries; those of new groups say the title they began with."""
    title = {group.group_id: group.title for group in groups}
    return [
        replace(e, title=title.get(e.to_ids[0]))
        if e.level == level and e.kind in {"created", "split"} and not e.edit
        else e
        for e in entries
    ]


def renamed_or_closed(
    level: Level, before: Mapping[str, Group], after: Iterable[Group], *, reason: str
) -> list[Entry]:
    """Entries for titles and for events that fell silent or came back."""
    entries = []
    for group in after:
        old = before.get(group.group_id)
        kinds = []
        if old is not None and old.title != group.title:
            kinds.append("renamed")
        if old is not None and (old.closed_at is None) != (group.closed_at is None):
            kinds.append("reopened" if group.closed_at is None else "closed")
        entries += [
            Entry(
                level=level,
                kind=kind,
                from_ids=(group.group_id,),
                to_ids=(group.group_id,),
                title=group.title if kind == "renamed" else None,
                title_before=old.title if old is not None and kind == "renamed" else None,
                reason=reason,
            )
            for kind in kinds
        ]
    return entries


def ids_of(places: Places, level: Level) -> dict[str, str]:
    """The event or the story of each article that has one."""
    found = {a: p.event_id if level == "event" else p.story_id for a, p in places.items()}
    return {a: group for a, group in found.items() if group is not None}


def successors(before: Places, after: Places, level: Level) -> dict[str, str | None]:
    """For each group that is no more the one that most of its articles went to, None if none."""
    old, new = ids_of(before, level), ids_of(after, level)
    now = set(new.values())
    gone = grouped((group, a) for a, group in old.items() if group not in now)
    heirs = {group: Counter(new[a] for a in members if a in new) for group, members in gone.items()}
    return {g: min(n, key=lambda heir: (-n[heir], heir), default=None) for g, n in heirs.items()}


def grouped(pairs: Iterable[tuple[K | None, str]]) -> dict[K, set[str]]:
    """Articles by key; those under None are left out."""
    groups: defaultdict[K, set[str]] = defaultdict(set)
    for key, article in pairs:
        if key is not None:
            groups[key].add(article)
    return dict(groups)


def _continued(
    previous: Mapping[str, set[str]],
    wanted: Sequence[set[str]],
    seen: set[str],
    judged: set[str],
    kind: Level,
) -> list[set[str]]:
    """The wanted groups of the judged, each with what the group that it continues keeps.

    Who is wanted with articles that stay continues their group; others continue the group that
    most of them were in. Who is wanted alone stays with members of its group that the grouping did
    not see: it may only have lost sight of them.
    """
    kept = {old: group - judged for old, group in previous.items()}
    free = [set(group) for group in wanted]
    placed = set().union(*wanted)
    staying = {old: stay for old, group in kept.items() if (stay := group & placed)}
    found: list[set[str]] = []
    for source in (staying, previous):
        names = match({old: source[old] for old in source if old in kept}, free, kind=kind)
        rest = []
        for name, group in zip(names, free, strict=True):
            if name in kept and name in source:
                found.append((group & judged) | kept.pop(name))
            else:
                rest.append(group)
        free = rest
    for old in sorted(kept):
        alone = previous[old] & judged - placed if kept[old] - seen else set()
        found.append(kept[old] | alone)
    return [g for g in (*found, *(f & judged for f in free)) if g]


def _named(
    groups: Sequence[set[str]], before: Places, kind: Level, used: Container[str]
) -> dict[str, str]:
    large = [g for g in groups if len(g) >= LEAST]
    previous = grouped((group, a) for a, group in ids_of(before, kind).items())
    names = match(previous, large, kind=kind, retired=used)
    return {a: name for name, group in zip(names, large, strict=True) for a in group}


def _with_events(
    wanted: Mapping[Hashable, set[str]], event_of: Mapping[str, str], staying: set[str]
) -> list[set[str]]:
    """The wanted stories, with no event in two; an event with members that stay is in none."""
    at = {a: key for key, group in wanted.items() for a in group}
    result = {key: set(group) for key, group in wanted.items()}
    for members in grouped((e, a) for a, e in event_of.items()).values():
        votes = Counter(at[a] for a in members if a in at)
        if not votes or (len(votes) == 1 and at.keys() >= members and members.isdisjoint(staying)):
            continue
        home = min(votes, key=lambda key: (-votes[key], min(wanted[key])))
        for key in votes:
            result[key] -= members
        if members.isdisjoint(staying):
            result[home] |= members
    return [group for group in result.values() if group]


def _whole(
    stories: Sequence[set[str]], event_of: Mapping[str, str], before: Places, staying: set[str]
) -> list[set[str]]:
    """Stories that no event straddles: an event goes where most of it stays, or else is."""
    at = {a: n for n, group in enumerate(stories) for a in group}
    # Equals go to the story the event was in, then to the one with the first article.
    was = {p.event_id: p.story_id for p in before.values()}
    story_before = ids_of(before, "story")
    result = [set(g) for g in stories]
    for event, members in sorted(grouped((e, a) for a, e in event_of.items()).items()):
        votes = Counter(at[a] for a in members if a in at)
        weight = Counter(at[a] for a in members & staying if a in at) or votes
        if not votes:
            result.append(members)
            continue
        home = next(iter(votes))
        if len(votes) > 1:
            old = was.get(event)
            held = {n: any(story_before.get(a) == old for a in stories[n]) for n in weight}
            home = min(weight, key=lambda n: (-weight[n], not held[n], min(stories[n])))
        for n in votes:
            result[n] -= members
        result[home] |= members
    return result


def _bent(
    stories: Sequence[set[str]],
    event_of: Mapping[str, str],
    held: Sequence[Bond],
    before: Places,
    *,
    known: set[str],
    staying: set[str],
) -> list[set[str]]:
    """Stories in which people's edits hold, no event cut: each is bent as if it were an article."""
    members = grouped((event_of.get(a, a), a) for a in known)
    unit = {a: name for name, group in members.items() for a in group}
    was = {
        name: Counter(before[a].story_id for a in group if a in before)
        for name, group in members.items()
    }
    bent = bend(
        [{unit[a] for a in group} for group in stories],
        bonds(
            [
                Bond(
                    together=frozenset(unit.get(a, a) for a in bond.together),
                    apart=frozenset(unit.get(a, a) for a in bond.apart),
                )
                for bond in held
                if bond.said
            ]
        ),
        before={
            name: min(homes, key=lambda story: (-homes[story], story))
            for name, homes in was.items()
            if homes
        },
        known=set(members),
        staying={name for name, group in members.items() if not group.isdisjoint(staying)},
    )
    return [{a for name in group for a in members[name]} for group in bent]


def _yielded(edit: Edit, judged: Collection[str], places: Places) -> Contradiction | None:
    """What an edit asks for in vain: events tie together what people parted elsewhere."""
    group = ids_of(places, edit.level)
    split = sorted(
        grouped((group.get(a), a) for a in edit.together).values(), key=lambda g: (-len(g), min(g))
    )
    homes = {group[min(piece)] for piece in split}
    joined = {a for a in edit.apart if group.get(a) in homes}
    if edit.together.isdisjoint(judged) or (len(split) < 2 and not joined):
        return None
    return Contradiction(
        entry_id=edit.entry_id,
        joined=tuple(sorted(joined)),
        parted=tuple(sorted(set().union(*split[1:]))),
    )


def _against(
    edit: Edit, wanted: Mapping[Hashable, set[str]], judged: Collection[str]
) -> Contradiction | None:
    """What the grouping wanted against an edit that held."""
    ours = {a for a in edit.together if a in judged}
    parts = sorted((g & ours for g in wanted.values() if g & ours), key=lambda g: (-len(g), min(g)))
    joined = {a for g in wanted.values() if g & ours for a in g & edit.apart}
    parted = ours - (parts[0] if parts else set()) if len(ours) > 1 else set()
    if not joined and not parted:
        return None
    return Contradiction(
        entry_id=edit.entry_id, joined=tuple(sorted(joined)), parted=tuple(sorted(parted))
    )
