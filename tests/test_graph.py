"""Recorded programs, and the graphs that show them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import fungrad as fg
import fungrad.numpy as fnp
from fungrad.errors import CapturedTracerError, EscapedTracerError, RecordedDecisionError
from fungrad.trace import Tracer
from fungrad.transforms.graph import GraphTrace, Recorded, Stopped, is_own, record_program, stop
from fungrad.transforms.layout import arrange

X = np.array([0.5, 1.0, 2.0])


def record(function: Any, *values: Any, kind: type[Recorded] = Recorded) -> Any:
    return record_program(function, values, GraphTrace("test", kind))


def close(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-12, atol=1e-14)


# --- programs ------------------------------------------------------------------------------------


def test_a_program_runs_at_other_values():
    recording = record(lambda x, y: {"a": fnp.sin(x) * y, "b": [fnp.sum(x), y]}, X, 2 * X)
    assert [each.slot for each in recording.leaves] == list(recording.program.outputs)
    results = recording.program.run([X + 1, X])
    close(results[0], np.sin(X + 1) * X)
    close(results[1], np.sum(X + 1))
    assert results[2] is not None and np.array_equal(results[2], X)
    assert len(recording.program.operations) == 3


def test_a_program_runs_on_traced_values():
    program = record(lambda x: fnp.sum(fnp.sin(x) * x), X).program
    close(
        fg.grad(lambda x: program.run([x])[0])(X),
        fg.grad(lambda x: fnp.sum(fnp.sin(x) * x))(X),
    )
    batch = fg.vmap(lambda x: program.run([x])[0])(np.stack([X, 2 * X]))
    close(batch, [np.sum(np.sin(X) * X), np.sum(np.sin(2 * X) * 2 * X)])


def test_several_outputs_and_user_functions():
    class Both(fg.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * y, x + y

    def function(x):
        product, total = Both.apply(x, 3.0)
        return product / total

    program = record(function, X).program
    close(program.run([X + 1])[0], 3 * (X + 1) / (X + 4))


def test_values_are_dropped_after_their_last_use():
    program = record(lambda x: fnp.sum(fnp.exp(fnp.sin(x * 2.0))), X).program
    alive = []

    def perform(operation, operands):
        alive.append(sum(type(each) is np.ndarray for each in operands))
        return operation.function.call(*operands, **operation.params)

    program.run([X], perform)
    assert alive == [1, 1, 1, 1]
    assert all(released for released in program._released)


def test_constants_are_copied_and_numbers_stay_weak():
    table = np.ones(3, np.float32)

    def function(x):
        y = x * table * 2.0
        table[:] = 5.0
        return y * table

    program = record(function, np.ones(3, np.float32)).program
    (result,) = program.run([np.ones(3, np.float32)])
    assert result.dtype == np.float32
    close(result, 10.0 * np.ones(3))


def test_the_same_array_is_one_constant():
    table = fnp.array(X)
    trace = record(lambda x: x * table + table, X).trace
    assert len(trace.constants) == 1


def test_objects_are_refused():
    with pytest.raises(TypeError):
        record(lambda x: x * np.array([1, None, 2], dtype=object), X)


def test_captured_values_are_inputs():
    def loss(w):
        recording = record(lambda x: x * w + w, X)
        assert recording.captured == [w]
        return fnp.sum(recording.program.run([X, w * w])[0])

    close(fg.grad(loss)(3.0), 6 * np.sum(X + 1))


def test_an_escaped_tracer_is_an_error():
    kept = []
    record(lambda x: kept.append(x) or x, X)
    with pytest.raises(EscapedTracerError):
        kept[0] + 1


def test_the_trace_is_closed_after_an_exception():
    trace = GraphTrace("test")

    def fail(x):
        raise KeyError("half-way")

    with pytest.raises(KeyError):
        record_program(fail, [X], trace)
    assert trace.closed


def test_a_function_that_hides_an_argument_is_refused():
    def function(x):
        class Scaled(fg.Function):
            @staticmethod
            def forward(ctx, y):
                return y * x

        return Scaled.apply(x)

    with pytest.raises(CapturedTracerError):
        record(function, X)

    def loss(w):
        class Scaled(fg.Function):
            @staticmethod
            def forward(ctx, y):
                return y * w

            @staticmethod
            def backward(ctx, g):
                return g * w

        return fnp.sum(record(Scaled.apply, X, kind=Stopped).program.run([X])[0])

    with pytest.raises(CapturedTracerError):
        fg.grad(loss)(2.0)


def test_decisions_are_checked():
    def function(x):
        total = fnp.sum(x)
        return x * 2.0 if total > 0 else x * 3.0

    program = record(function, X).program
    close(program.check([X + 1])[0], 2 * (X + 1))
    with pytest.raises(RecordedDecisionError, match="was True when it was recorded and is False"):
        program.check([-X])
    close(program.run([-X])[0], -2 * X)  # as it says: unchecked


@pytest.mark.parametrize(
    "decide", [lambda x: int(fnp.argmax(x)), lambda x: float(x[0]), lambda x: x.tolist()]
)
def test_conversions_are_decisions(decide):
    program = record(lambda x: (decide(x), x * 2.0)[1], X).program
    program.check([X])
    with pytest.raises(RecordedDecisionError):
        program.check([X[::-1]])


def test_decisions_about_nan():
    program = record(lambda x: (float(x[0]), x)[1] * 1.0, np.array([np.nan])).program
    program.check([np.array([np.nan])])


def test_decisions_in_a_batch():
    program = record(lambda x: x * 2.0 if x > 0 else x, np.float64(1.0)).program
    run = fg.vmap(lambda x: program.check([x])[0])
    close(run(fnp.array([1.0, 2.0])), [2.0, 4.0])
    with pytest.raises(RecordedDecisionError):
        run(fnp.array([1.0, -2.0]))


def test_stop_takes_derivatives_away_and_leaves_batches():
    seen = []

    def function(x):
        stopped = stop(x)
        seen.append(stopped)
        return x * x

    fg.grad(function)(2.0)
    fg.vmap(fg.grad(function))(X)
    fg.grad(lambda x: fnp.sum(fg.vmap(function)(x)))(X)
    assert not isinstance(seen[0], Tracer)
    for each in seen[1:]:
        assert isinstance(each, Tracer) and not isinstance(each.value, Tracer)
        assert not each.derivative


def test_is_own():
    recording = record(lambda x: (x, 1.0), X)
    assert [is_own(leaf, recording.trace) for leaf in recording.leaves] == [True, False]


# --- text ----------------------------------------------------------------------------------------


def loss(w, x):
    return fnp.sum(fnp.tanh(w * x))


def test_the_text():
    graph = fg.make_graph(loss)(np.ones(3), X)
    assert str(graph) == repr(graph) == graph.text()
    assert str(graph).splitlines() == [
        "graph of loss(w: float64[3], x: float64[3]):",
        "  a: float64[3] = multiply w x",
        "  b: float64[3] = tanh a",
        "  c: float64[] = sum b  (axis=(0,))",
        "  return c",
    ]


def test_the_text_with_values(capsys):
    graph = fg.make_graph(loss)(np.ones(2), np.zeros(2))
    graph.show(values=True)
    assert capsys.readouterr().out.splitlines() == [
        "graph of loss(w: float64[2] = [1., 1.], x: float64[2] = [0., 0.]):",
        "  a: float64[2] = multiply w x  # [0., 0.]",
        "  b: float64[2] = tanh a  # [0., 0.]",
        "  c: float64[] = sum b  (axis=(0,))  # 0.0",
        "  return c",
    ]


def test_the_way_back_is_marked():
    text = str(fg.make_graph(fg.grad(loss))(np.ones(3), X))
    forward, mark, backward = text.partition("  # backward of grad of loss\n")
    assert mark
    assert "tanh" in forward and "tanh" not in backward
    assert text.startswith("graph of grad of loss(w: float64[3], x: float64[3]):")
    twice = str(fg.make_graph(fg.grad(fg.grad(lambda x: x**3)))(2.0))
    assert twice.startswith("graph of grad of grad of <lambda>(x: float64[]):")


def test_what_a_checkpoint_computes_again_is_marked():
    text = str(fg.make_graph(fg.grad(fg.checkpoint(loss)))(np.ones(3), X))
    marks = re.findall(r"# (.*)", text)
    assert marks == ["checkpoint of loss, computed again", "backward of checkpoint of loss"]


def test_names_of_arguments_and_results():
    def f(params, *rest, scale):
        return {"s": params["w"][0] * scale, "n": 3, "k": (rest[0], None)}

    graph = fg.make_graph(f)({"w": [X]}, X, scale=2.0)
    assert str(graph).splitlines() == [
        'graph of f(params["w"][0]: float64[3], arg1: float64[3], scale: float64[]):',
        '  a: float64[3] = multiply params["w"][0] scale',
        "  return {'s': a, 'n': 3, 'k': (arg1, None)}",
    ]


def test_letters_leave_the_names_of_arguments_alone():
    text = str(fg.make_graph(lambda a, c: fnp.sin(a) * c + a)(1.0, 2.0))
    assert "  b: float64[] = sin a" in text
    assert "  d: float64[] = multiply b c" in text


def test_many_arguments_get_a_line_each():
    params = {f"weight_{i}": X for i in range(6)}
    head = str(fg.make_graph(lambda params: params["weight_0"] * 2.0)(params)).splitlines()[:3]
    assert head == [
        "graph of <lambda>(",
        '    params["weight_0"]: float64[3],',
        '    params["weight_1"]: float64[3],',
    ]


def test_constants_static_arguments_and_parameters():
    table = fnp.array([[1.0, 2.0], [3.0, 4.0]])

    def function(x, power, name, flag=True):
        assert flag and name == "n" and type(power) is int
        return (x @ table)[0, ::2] ** power + fnp.full(1, 7.0)

    text = str(fg.make_graph(function)(np.ones((2, 2)), 2, "n"))
    assert "float64[2,2] = constant\n" in text
    assert "float64[1] = constant 7.0\n" in text
    assert "slice" in text and "(index=[0, ::2])" in text
    assert "power" in text and " 2\n" in text
    static = fg.make_graph(lambda x, y: x * y, static_argnums=1)(1.0, 2.0)
    assert str(static).splitlines()[:2] == [
        "graph of <lambda>(x: float64[]):",
        "  a: float64[] = multiply x 2.0",
    ]


def test_functions_of_your_own_keep_their_name():
    class MySquare(fg.Function):
        @staticmethod
        def forward(ctx, x):
            return x * x

    assert "= MySquare x" in str(fg.make_graph(MySquare.apply)(2.0)).replace("arg0", "x")


def test_captured_values_are_shown():
    texts = []

    def function(w):
        texts.append(str(fg.make_graph(lambda x: x * w)(2.0)))
        return w

    fg.grad(function)(1.0)
    assert "(captured)" in texts[0]


def test_a_function_that_does_nothing():
    assert str(fg.make_graph(lambda x: x)(1.0)) == ("graph of <lambda>(x: float64[]):\n  return x")
    graph = fg.make_graph(lambda: 3)()
    assert str(graph) == "graph of <lambda>():\n  return 3"
    ET.fromstring(graph.to_svg())


@pytest.mark.parametrize(
    "transformed",
    [
        fg.grad(loss),
        fg.value_and_grad(loss, argnums=(0, 1)),
        fg.vmap(loss, in_axes=(None, 0)),
        fg.hessian(loss),
        fg.jacfwd(loss),
        fg.grad(lambda w, x: fnp.sum(fg.grad(loss)(w, x) ** 2)),
        fg.checkpoint(loss),
    ],
    ids=lambda f: repr(f),
)
def test_graphs_of_transformed_functions_compute_their_values(transformed):
    args = np.ones(3), np.stack([X, X]) if "vmap" in repr(transformed) else X
    graph = fg.make_graph(transformed)(*args)
    results = graph._program.run(graph._values)
    expected = fg.tree.leaves(transformed(*args))
    assert len(results) == len(expected)
    for one, other in zip(results, expected, strict=True):
        close(one, other)


def test_a_branch_is_recorded_as_it_went():
    def function(x):
        return x * 2.0 if x > 0 else x * 3.0

    assert "multiply x 2.0" in str(fg.make_graph(function)(1.0))
    assert "multiply x 3.0" in str(fg.make_graph(function)(-1.0))


# --- pictures ------------------------------------------------------------------------------------


def boxes_of(svg: str) -> list[tuple[float, float, float, float]]:
    return [
        tuple(map(float, match))
        for match in re.findall(
            r'<g class="\w+"><rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"',
            svg,
        )
    ]


def network(params, x):
    for w in params[:-1]:
        x = fnp.tanh(x @ w)
    return fnp.mean((x @ params[-1]) ** 2)


@pytest.mark.parametrize("values", [False, True])
def test_the_picture_is_xml_and_no_boxes_overlap(values):
    params = [np.ones((3, 3)), np.ones((3, 4)), np.ones((4, 1))]
    svg = fg.make_graph(fg.grad(network))(params, np.ones((5, 3))).to_svg(values)
    root = ET.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = boxes_of(svg)
    assert len(boxes) > 25
    for i, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and x + w <= width and y >= 0 and y + h <= height
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    for kind in ("input", "forward", "backward", "output"):
        assert f'<g class="{kind}">' in svg
    assert svg == fg.make_graph(fg.grad(network))(params, np.ones((5, 3))).to_svg(values)


def test_the_picture_escapes_what_it_shows():
    def function(x):
        return x['<a & "b">\x00'] * 2.0

    function.__name__ = "f<&>"
    graph = fg.make_graph(function)({'<a & "b">\x00': X})
    ET.fromstring(graph.to_svg())
    assert graph._repr_svg_() == graph.to_svg()


def test_arrange():
    layout = arrange([10.0] * 4, [5.0] * 4, [[], [0], [1], [0, 2]], [False] * 4)
    heights = [y for _, y in layout.points[:4]]
    assert heights == sorted(heights)
    assert len(layout.points) == 6  # the edge from 0 to 3 passes two layers
    assert layout.below[2] == [3]
    assert arrange([], [], [], []).points == []


def test_arrange_puts_boxes_near_what_follows_them():
    constant = arrange([10.0] * 4, [5.0] * 4, [[], [], [0], [2, 1]], [False, True, False, False])
    assert constant.points[1][1] == constant.points[2][1]


def test_a_deep_graph():
    def function(x):
        y = x
        for _ in range(100):
            y = fnp.sin(y) + x
        return y

    ET.fromstring(fg.make_graph(function)(1.0).to_svg())
