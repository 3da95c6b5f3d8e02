"""Pictures of graphs, as SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from fungrad.transforms.layout import Layout, arrange

HEAD = 46.0  # the title and the legend
MARGIN = 16.0
LINE = 15.0
FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
WIDTH_OF = 6.7  # a letter of the label, about
WIDTH_OF_SMALL = 5.9
LONGEST = 44  # letters of a line; longer ones are cut

# Fill, border and text; on a light and on a dark page.
COLOURS = {
    "input": ("#dbeafe", "#6b9bd8", "#1e3a5f"),
    "constant": ("#eceef1", "#a3abb8", "#3f4754"),
    "forward": ("#dff3e4", "#74b388", "#1d4a2c"),
    "backward": ("#fde8d7", "#dd9a63", "#6b3a12"),
    "output": ("#ece3fb", "#a188d6", "#42307a"),
}
GREY = "#7f8794"
LATE = ("backward", "constant")  # these stand near what follows them


class Box(NamedTuple):
    """An array or an operation in the picture."""

    kind: str
    label: str
    detail: str
    sources: list[int]
    """The boxes from which edges come."""


def draw(title: str, boxes: Sequence[Box]) -> str:
    """Return the text of an SVG file: boxes, and edges from top to bottom."""
    texts = [(_cut(box.label), _cut(box.detail)) for box in boxes]
    widths = [
        max(len(label) * WIDTH_OF, len(detail) * WIDTH_OF_SMALL) + 26.0 for label, detail in texts
    ]
    heights = [2 * LINE + 8.0 if detail else LINE + 10.0 for _, detail in texts]
    late = [box.kind in LATE for box in boxes]
    layout = arrange(widths, heights, [box.sources for box in boxes], late)
    kinds = [kind for kind in COLOURS if any(box.kind == kind for box in boxes)]
    legend = sum(len(kind) * WIDTH_OF_SMALL + 30.0 for kind in kinds)
    width = max(layout.width, len(title) * 8.0, legend) + 2 * MARGIN
    height = layout.height + HEAD + 2 * MARGIN
    shift = (width - layout.width) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}" font-size="12">',
        f"<title>{_escape(title)}</title>",
        f'<text x="{MARGIN}" y="{MARGIN + 11}" font-size="14" font-weight="600" fill="{GREY}">'
        f"{_escape(title)}</text>",
        *_legend(kinds),
        f'<g transform="translate({shift:.1f} {MARGIN + HEAD:.1f})">',
        f'<g fill="none" stroke="{GREY}" stroke-width="1.3" stroke-linecap="round">',
    ]
    parts += [_edges(box, layout, heights) for box in range(len(boxes)) if layout.below[box]]
    parts.append("</g>")
    for box, (label, detail), centre, wide, high in zip(
        boxes, texts, layout.points[: len(boxes)], widths, heights, strict=True
    ):
        parts.append(_box(box.kind, label, detail, centre, wide, high))
    parts.append("</g>\n</svg>\n")
    return "\n".join(parts)


def _legend(kinds: Sequence[str]) -> list[str]:
    parts = []
    x = MARGIN
    for kind in kinds:
        fill, border, _ = COLOURS[kind]
        parts.append(
            f'<rect x="{x:.1f}" y="{MARGIN + 22}" width="11" height="11" rx="3" fill="{fill}" '
            f'stroke="{border}"/><text x="{x + 16:.1f}" y="{MARGIN + 31.5}" font-size="11" '
            f'fill="{GREY}">{kind}</text>'
        )
        x += len(kind) * WIDTH_OF_SMALL + 30.0
    return parts


def _box(
    kind: str, label: str, detail: str, centre: tuple[float, float], width: float, height: float
) -> str:
    fill, border, text = COLOURS[kind]
    x, y = centre
    round_ = height / 2 if kind in ("input", "output") else 7.0
    lines = [
        f'<g class="{kind}"><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" '
        f'width="{width:.1f}" height="{height:.1f}" rx="{round_:.1f}" fill="{fill}" '
        f'stroke="{border}" stroke-width="1.2"/>',
        f'<text x="{x:.1f}" y="{y + (-2.5 if detail else 4.0):.1f}" text-anchor="middle" '
        f'font-weight="600" fill="{text}">{_escape(label)}</text>',
    ]
    if detail:
        lines.append(
            f'<text x="{x:.1f}" y="{y + 11.5:.1f}" text-anchor="middle" font-size="10.5" '
            f'fill="{text}" fill-opacity="0.8">{_escape(detail)}</text>'
        )
    return "".join([*lines, "</g>"])


def _edges(box: int, layout: Layout, heights: Sequence[float]) -> str:
    """Return smooth lines from the bottom of a box to the top of those that follow it."""
    path, arrows = [], []
    todo = [(box, lower, 0.0) for lower in layout.below[box]]
    while todo:
        upper, lower, lean = todo.pop()
        (x, y), (to_x, to_y) = layout.points[upper], layout.points[lower]
        to_lean = 0.0
        if upper == box:
            y += heights[box] / 2
        if lower < len(heights):
            to_y -= heights[lower] / 2 + 4.0
            arrows.append(f"M{to_x - 3.5:.1f} {to_y - 2:.1f}l3.5 5.5l3.5 -5.5Z")
        else:
            to_lean = _lean(upper, lower, layout)
            todo += [(lower, each, to_lean) for each in layout.below[lower]]
        bend = (to_y - y) / 2.2
        path.append(
            f"M{x:.1f} {y:.1f}C{x + lean * bend:.1f} {y + bend:.1f} "
            f"{to_x - to_lean * bend:.1f} {to_y - bend:.1f} {to_x:.1f} {to_y:.1f}"
        )
    lines, heads = "".join(path), "".join(arrows)
    return f'<path d="{lines}"/><path d="{heads}" fill="{GREY}" stroke="none"/>'


def _lean(upper: int, joint: int, layout: Layout) -> float:
    """Return how far to the side a line goes at a joint, for each unit downwards."""
    below = layout.below[joint]
    (x0, y0), (x1, y1) = layout.points[upper], layout.points[joint]
    before = (x1 - x0) / (y1 - y0)
    # Boxes stand before joints in the layout: the last one is where the line goes on.
    x2, y2 = layout.points[max(below)]
    after = (x2 - x1) / (y2 - y1)
    # The harmonic mean leaves no bulge where a steep piece meets a flat one.
    return 2 * before * after / (before + after) if before * after > 0 else 0.0


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _escape(text: str) -> str:
    text = re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(old, new)
    return text


__all__ = ["Box", "draw"]
