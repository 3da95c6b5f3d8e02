"""Where the boxes of a picture stand: a layered drawing of a directed graph without cycles.

Each box stands in a layer below the boxes that it follows. An edge over several layers gets a
joint, a box without a size, in each layer between; edges that leave the same box share theirs. The
boxes of a layer are ordered by the centres of their neighbours, until few edges cross, and then
moved as near to these centres as there is room.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from typing import NamedTuple

GAP = 26.0  # between boxes of a layer
JOINT_GAP = 13.0  # between an edge that passes and its neighbours
LAYER_GAP = 34.0
SWEEPS = 24
WORK = 200_000  # boxes and joints in all sweeps, about


class Layout(NamedTuple):
    """Where boxes, and behind them joints, stand; and which of them an edge joins to which below.

    `points` are their centres.
    """

    width: float
    height: float
    points: list[tuple[float, float]]
    below: list[list[int]]


class _Graph:
    """The boxes with joints, layer by layer."""

    def __init__(
        self, widths: Sequence[float], sources: Sequence[Sequence[int]], late: Sequence[bool]
    ) -> None:
        self.widths = list(widths)
        self.above: list[list[int]] = [[] for _ in widths]
        self.below: list[list[int]] = [[] for _ in widths]
        self.layers_of = _layers(sources, late)
        self.joints: dict[tuple[int, int], int] = {}
        for target, each in enumerate(sources):
            for source in each:
                self._route(source, target)
        self.sweeps = max(2, min(SWEEPS, WORK // (len(self.widths) + 1)))
        self.order: list[list[int]] = [[] for _ in range(max(self.layers_of, default=-1) + 1)]
        for node, layer in enumerate(self.layers_of):
            self.order[layer].append(node)

    def _route(self, source: int, target: int) -> None:
        last = source
        for layer in range(self.layers_of[source] + 1, self.layers_of[target]):
            joint = self.joints.get((source, layer))
            if joint is None:
                joint = self.joints[source, layer] = len(self.widths)
                self.widths.append(0.0)
                self.layers_of.append(layer)
                self.above.append([])
                self.below.append([])
                self._join(last, joint)
            last = joint
        self._join(last, target)

    def _join(self, upper: int, lower: int) -> None:
        self.below[upper].append(lower)
        self.above[lower].append(upper)

    def crossings(self) -> int:
        place = [0] * len(self.widths)
        for layer in self.order:
            for position, node in enumerate(layer):
                place[node] = position
        total = 0
        for layer in self.order[:-1]:
            seen: list[int] = []
            for node in layer:
                for end in sorted([place[each] for each in self.below[node]]):
                    total += len(seen) - bisect.bisect_right(seen, end)
                    bisect.insort(seen, end)
        return total

    def untangle(self) -> None:
        """Order the layers so that few edges cross."""
        best, fewest = [list(layer) for layer in self.order], self.crossings()
        for sweep in range(self.sweeps):
            down = sweep % 2 == 0
            neighbours = self.above if down else self.below
            layers = range(len(self.order)) if down else reversed(range(len(self.order)))
            place: dict[int, float] = {}
            for layer in self.order:
                for position, node in enumerate(layer):
                    place[node] = (position + 0.5) / len(layer)
            for index in layers:
                layer = self.order[index]
                centre = {
                    node: _mean([place[each] for each in neighbours[node]], place[node])
                    for node in layer
                }
                layer.sort(key=centre.__getitem__)
                for position, node in enumerate(layer):
                    place[node] = (position + 0.5) / len(layer)
            now = self.crossings()
            if now < fewest:
                best, fewest = [list(layer) for layer in self.order], now
            if not fewest:
                break
        self.order = best

    def spread(self) -> list[float]:
        """Return the horizontal centre of each node."""
        x = [0.0] * len(self.widths)
        for layer in self.order:
            self._place(layer, [0.0] * len(layer), [1.0] * len(layer), x)
        for sweep in range(2 * self.sweeps):
            down = sweep % 2 == 0
            layers = self.order if down else self.order[::-1]
            for layer in layers:
                wishes, weights = [], []
                for node in layer:
                    near = self.above[node] if down else self.below[node]
                    far = self.below[node] if down else self.above[node]
                    own = _mean([x[each] for each in near], x[node])
                    wishes.append(0.8 * own + 0.2 * _mean([x[each] for each in far], own))
                    # Long edges are straight if their joints get what they wish.
                    weights.append(1.0 if self.widths[node] else 6.0)
                self._place(layer, wishes, weights, x)
        return x

    def _place(
        self, layer: list[int], wishes: list[float], weights: list[float], x: list[float]
    ) -> None:
        """Put the nodes of a layer, in order, as near to their wishes as there is room.

        Nodes that would overlap form a block, whose place is the mean of what they wish.
        """
        offsets = [0.0]
        for left, right in itertools.pairwise(layer):
            gap = GAP if self.widths[left] and self.widths[right] else JOINT_GAP
            offsets.append(offsets[-1] + (self.widths[left] + self.widths[right]) / 2 + gap)
        blocks: list[tuple[float, float, int]] = []  # sum of weighted wishes, of weights, nodes
        for wish, weight, offset in zip(wishes, weights, offsets, strict=True):
            total, mass, count = (wish - offset) * weight, weight, 1
            while blocks and blocks[-1][0] / blocks[-1][1] >= total / mass:
                before = blocks.pop()
                total, mass, count = total + before[0], mass + before[1], count + before[2]
            blocks.append((total, mass, count))
        nodes = iter(zip(layer, offsets, strict=True))
        for total, mass, count in blocks:
            for _ in range(count):
                node, offset = next(nodes)
                x[node] = total / mass + offset


def _layers(sources: Sequence[Sequence[int]], late: Sequence[bool]) -> list[int]:
    """Return the layer of each box: below all that it follows, with edges as short as can be."""
    layers = [0] * len(sources)
    targets: list[list[int]] = [[] for _ in sources]
    for node, each in enumerate(sources):
        for source in each:
            targets[source].append(node)
            layers[node] = max(layers[node], layers[source] + 1)
    for node in reversed(range(len(sources))):
        if targets[node]:
            lowest = min(layers[target] for target in targets[node]) - 1
            # Otherwise moving down costs nothing only if other edges go as far anyway.
            if late[node] or all(
                any(layers[each] >= lowest for each in targets[source] if each != node)
                for source in sources[node]
            ):
                layers[node] = lowest
    return layers


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def arrange(
    widths: Sequence[float],
    heights: Sequence[float],
    sources: Sequence[Sequence[int]],
    late: Sequence[bool],
) -> Layout:
    """Return where boxes stand, of which each follows its `sources`, boxes with smaller numbers.

    `late` says which boxes stand just above what follows them.
    """
    if not widths:
        return Layout(0.0, 0.0, [], [])
    graph = _Graph(widths, sources, late)
    graph.untangle()
    x = graph.spread()
    left = min(a - w / 2 for a, w in zip(x, graph.widths, strict=True))
    y = [0.0] * len(x)
    top = 0.0
    for layer in graph.order:
        height = max([heights[node] for node in layer if node < len(heights)], default=0.0)
        for node in layer:
            y[node] = top + height / 2
        top += height + LAYER_GAP
    points = [(a - left, b) for a, b in zip(x, y, strict=True)]
    width = max(a + w / 2 for (a, _), w in zip(points, graph.widths, strict=True))
    return Layout(width, top - LAYER_GAP, points, graph.below)


__all__ = ["Layout", "arrange"]
