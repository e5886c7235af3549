"""Steps and moves of a matter as a drawing: made on the server, no library, prints as it stands.

Steps stand under one another in the pack's order, the end at the bottom. A move to the next step goes
straight down; one that skips steps runs down a lane on the right, one that goes back runs up a lane on the
left. Moves between the same steps by the same kind of actor share one line, and a lane takes as many lines as
do not overlap. A move possible at MANY steps or more is told in words under the drawing, not drawn from each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from yinuo.core.matter import CLOSED, Matter
from yinuo.work import casefile

BOX_W, BOX_H, GAP = 176, 46, 58
CHAR, LINE_H, PER_LINE, LATIN_PER_LINE = 12.5, 15, 9, 14
PAD = 12
MANY = 3
CLINGS = "，、。：；！？）》”"
"""Punctuation that never begins a line."""


@dataclass(frozen=True, slots=True)
class Box:
    """A step. x, y: upper left corner."""

    x: float
    y: float
    title: str
    note: str
    kind: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """One or more moves between two steps. path: SVG path data; words stand at (x, y), line by line."""

    path: str
    x: float
    y: float
    anchor: str
    words: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole drawing in its own units."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    anywhere: tuple[tuple[str, tuple[str, ...], str], ...]
    """(move, the steps it starts at, where it leads) of what is not drawn from each step."""
    box_w: float = BOX_W
    box_h: float = BOX_H


@dataclass(slots=True)
class _Run:
    """Moves from row `start` to row `end`, not neighbours downwards; it gets a lane."""

    start: int
    end: int
    words: list[str]
    kind: str
    lane: int = 0


def draw(matter: Matter, *, roles: Mapping[str, str], lang: str) -> Drawing:
    """The drawing of `matter`. roles: role id -> title, for who makes a move."""
    order = [*matter.steps, CLOSED]
    row = {step: position for position, step in enumerate(order)}
    straight: dict[int, list[str]] = {}
    right: dict[tuple[int, int, str], _Run] = {}
    left: dict[tuple[int, int, str], _Run] = {}
    for move in matter.moves.values():
        if len(move.origins) >= MANY:
            continue
        for origin in move.origins:
            start, end = row[origin], row[move.to]
            if start == end:
                continue
            kind = "auto" if move.automatic else "party" if "party" in move.by else "officer"
            words = wrap(move.title.in_(lang))
            if end == start + 1:
                straight.setdefault(start, []).append(move.title.in_(lang))
            else:
                side = right if end > start else left
                run = side.setdefault((start, end, kind), _Run(start, end, [], kind))
                run.words += words
    stays = {
        row[origin]: move.title.in_(lang)
        for move in matter.moves.values()
        for origin in move.origins
        if move.to == origin
    }
    runs_right, runs_left = _laned(right.values()), _laned(left.values())
    wide_right, wide_left = _widths(runs_right), _widths(runs_left)
    x0 = PAD + sum(wide_left)
    boxes = tuple(
        Box(
            x=x0,
            y=PAD + position * (BOX_H + GAP),
            title=casefile.step_title(matter, step, lang=lang),
            note=_note(matter, step, stays.get(position, ""), lang=lang),
            kind="end" if step == CLOSED else "party" if matter.steps[step].unit == "party" else "step",
        )
        for position, step in enumerate(order)
    )
    arrows = [_down(boxes, start, words) for start, words in straight.items()]
    arrows += [_side(boxes, run, wide_right, x0 + BOX_W, +1) for run in runs_right]
    arrows += [_side(boxes, run, wide_left, x0, -1) for run in runs_left]
    width = x0 + max(BOX_W + sum(wide_right), BOX_W / 2 + 16 + _longest(straight)) + PAD
    height = 2 * PAD + len(order) * BOX_H + (len(order) - 1) * GAP
    anywhere = tuple(
        (
            move.title.in_(lang),
            tuple(casefile.step_title(matter, step, lang=lang) for step in move.origins),
            casefile.step_title(matter, move.to, lang=lang),
        )
        for move in matter.moves.values()
        if len(move.origins) >= MANY
    )
    return Drawing(width=round(width), height=height, boxes=boxes, arrows=tuple(arrows), anywhere=anywhere)


def wrap(text: str) -> list[str]:
    """A move's title in lines of a few characters; Latin text breaks between words."""
    if text.isascii():
        lines = [""]
        for word in text.split():
            if lines[-1] and len(lines[-1]) + len(word) >= LATIN_PER_LINE:
                lines.append("")
            lines[-1] = f"{lines[-1]} {word}".strip()
        return lines
    count = -(-len(text) // PER_LINE)
    size = -(-len(text) // count)
    lines = [""]
    for character in text:
        if len(lines[-1]) >= size and character not in CLINGS:
            lines.append("")
        lines[-1] += character
    return lines


def _note(matter: Matter, step: str, stays: str, *, lang: str) -> str:
    """Under a step's name: its limit, and the move that keeps the case there."""
    from .matters import limit_text

    if step == CLOSED:
        return ""
    said = limit_text(matter.steps[step].limit)
    return " · ".join(part for part in (said, f"↻ {stays}" if stays else "") if part)


def _laned(runs: Iterable[_Run]) -> list[_Run]:
    """Shortest first into the innermost lane where nothing overlaps."""
    taken: list[list[tuple[int, int]]] = []
    done = sorted(runs, key=lambda each: (abs(each.end - each.start), each.start))
    for run in done:
        low, high = sorted((run.start, run.end))
        free = (
            lane
            for lane, spans in enumerate(taken)
            if all(high <= first or last <= low for first, last in spans)
        )
        run.lane = next(free, len(taken))
        if run.lane == len(taken):
            taken.append([])
        taken[run.lane].append((low, high))
    return done


def _widths(runs: Sequence[_Run]) -> list[float]:
    """How wide each lane must be for its words."""
    lanes = max((run.lane for run in runs), default=-1) + 1
    widths = [0.0] * lanes
    for run in runs:
        widths[run.lane] = max(widths[run.lane], 26 + max(_length(word) for word in run.words))
    return widths


def _length(text: str) -> float:
    return sum(CHAR if ord(c) > 0x2E80 else CHAR * 0.56 for c in text)


def _longest(straight: Mapping[int, Sequence[str]]) -> float:
    return max((_length(" / ".join(words)) for words in straight.values()), default=0)


def _down(boxes: Sequence[Box], start: int, words: Sequence[str]) -> Arrow:
    here, there = boxes[start], boxes[start + 1]
    x = here.x + BOX_W / 2
    return Arrow(
        path=f"M{x:g} {here.y + BOX_H:g}V{there.y - 2:g}",
        x=x + 8,
        y=(here.y + BOX_H + there.y) / 2 + 2,
        anchor="start",
        words=(" / ".join(words),),
        kind="officer",
    )


def _side(boxes: Sequence[Box], run: _Run, widths: Sequence[float], edge: float, way: int) -> Arrow:
    """Out of a box sideways, along its lane, into the other box; each lane leaves at its own height."""
    lane = edge + way * (sum(widths[: run.lane]) + 16)
    out = boxes[run.start].y + BOX_H * (0.62 if run.end > run.start else 0.3) + run.lane * 2
    into = boxes[run.end].y + BOX_H * (0.3 if run.end > run.start else 0.62) + run.lane * 3
    middle = (out + into) / 2
    first = middle - (len(run.words) - 1) * LINE_H / 2 + 4
    return Arrow(
        path=f"M{edge:g} {out:g}H{lane:g}V{into:g}H{edge + way * 2:g}",
        x=lane + way * 6,
        y=first,
        anchor="start" if way > 0 else "end",
        words=tuple(run.words),
        kind=run.kind,
    )
