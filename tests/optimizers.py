"""The optimisers and schedules that are compared with optax, for either library.

Both run the same steps: the gradient of a badly scaled quartic, plus noise that is the same for
both, computed in NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

STEPS = 100

CASES: dict[str, Any] = {
    "sgd": lambda o: o.sgd(0.02),
    "sgd_momentum": lambda o: o.sgd(0.01, momentum=0.9),
    "sgd_nesterov": lambda o: o.sgd(0.01, momentum=0.9, nesterov=True),
    "adam": lambda o: o.adam(0.05),
    "adam_eps_root": lambda o: o.adam(0.05, b1=0.8, b2=0.9, eps=1e-4, eps_root=1e-3),
    "adam_schedule": lambda o: o.adam(o.cosine_decay_schedule(0.1, 80)),
    "nadam": lambda o: o.nadam(0.05),
    "adamw": lambda o: o.adamw(0.05, weight_decay=0.1),
    "adamw_mask": lambda o: o.adamw(
        0.05, weight_decay=0.1, mask={"w": True, "b": False, "k": True, "s": False}
    ),
    "nadamw": lambda o: o.nadamw(0.05, weight_decay=0.1),
    "amsgrad": lambda o: o.amsgrad(0.05),
    "amsgrad_uncorrected": lambda o: o.amsgrad(
        0.05, bias_correction_mu=False, bias_correction_nu=False
    ),
    "radam": lambda o: o.radam(0.05),
    "radam_nesterov": lambda o: o.radam(0.05, b2=0.9, nesterov=True),
    "adamax": lambda o: o.adamax(0.05),
    "adamaxw": lambda o: o.adamaxw(0.05, weight_decay=0.1),
    "adabelief": lambda o: o.adabelief(0.05),
    "adabelief_nesterov": lambda o: o.adabelief(0.05, eps_root=1e-8, nesterov=True),
    "adan": lambda o: o.adan(0.02, weight_decay=0.01),
    "yogi": lambda o: o.yogi(0.05),
    "lion": lambda o: o.lion(0.01, weight_decay=0.1),
    "lion_smooth": lambda o: o.chain(
        o.scale_by_lion(mode="smooth", smooth_beta=2.0), o.scale(-0.01)
    ),
    "lion_refined": lambda o: o.chain(o.scale_by_lion(mode="refined"), o.scale(-0.01)),
    "adagrad": lambda o: o.adagrad(0.3),
    "adagrad_zero": lambda o: o.adagrad(0.3, initial_accumulator_value=0.0),
    "adadelta": lambda o: o.adadelta(5.0),
    "adadelta_decay": lambda o: o.adadelta(5.0, weight_decay=0.01),
    "rmsprop": lambda o: o.rmsprop(0.02),
    "rmsprop_torch": lambda o: o.rmsprop(0.02, decay=0.99, eps_in_sqrt=False, momentum=0.5),
    "rmsprop_centered": lambda o: o.rmsprop(0.01, eps=1e-2, centered=True),
    "rmsprop_corrected": lambda o: o.rmsprop(0.02, bias_correction=True, initial_scale=0.1),
    "rmsprop_centered_corrected": lambda o: o.rmsprop(
        0.01, eps=1e-2, centered=True, bias_correction=True, nesterov=True, momentum=0.3
    ),
    "lamb": lambda o: o.lamb(0.02, weight_decay=0.1),
    "lars": lambda o: o.lars(1.0, weight_decay=0.01, trust_coefficient=0.01),
    "lars_mask": lambda o: o.lars(
        0.01,
        weight_decay=0.01,
        weight_decay_mask={"w": True, "b": False, "k": True, "s": False},
        trust_ratio_mask={"w": True, "b": False, "k": True, "s": False},
        nesterov=True,
    ),
    "adafactor": lambda o: o.adafactor(0.1, min_dim_size_to_factor=3, dtype_momentum=None),
    "adafactor_full": lambda o: o.adafactor(0.1, factored=False, dtype_momentum=None),
    "adafactor_momentum": lambda o: o.adafactor(
        0.1,
        min_dim_size_to_factor=3,
        momentum=0.9,
        dtype_momentum=None,
        weight_decay_rate=0.01,
        decay_offset=-2,
    ),
    "novograd": lambda o: o.novograd(0.02, weight_decay=0.01),
    "fromage": lambda o: o.fromage(0.02),
    "fromage_schedule": lambda o: o.fromage(o.exponential_decay(0.05, 20, 0.5)),
    "sm3": lambda o: o.multi_transform(  # optax's takes no numbers, only arrays with axes
        {"a": o.sm3(0.3), "b": o.sgd(0.01)}, {"w": "a", "b": "a", "k": "a", "s": "b"}
    ),
    "sign_sgd": lambda o: o.sign_sgd(0.01),
    "signum": lambda o: o.signum(0.01),
    "optimistic": lambda o: o.optimistic_gradient_descent(0.02, beta=0.5),
    "optimistic_adam": lambda o: o.optimistic_adam_v2(0.02),
    "polyak": lambda o: o.polyak_sgd(0.05, f_min=-50.0),
    "polyak_plus": lambda o: o.polyak_sgd(0.05, variant="sps+"),
    "clip": lambda o: o.chain(o.clip(0.5), o.sgd(0.05)),
    "clip_by_global_norm": lambda o: o.chain(o.clip_by_global_norm(1.0), o.adam(0.05)),
    "clip_by_block_rms": lambda o: o.chain(o.clip_by_block_rms(0.3), o.sgd(0.05)),
    "adaptive_grad_clip": lambda o: o.chain(o.adaptive_grad_clip(0.05), o.sgd(0.05)),
    "normalize": lambda o: o.chain(o.normalize_by_update_norm(), o.sgd(0.05)),
    "centralize": lambda o: o.chain(o.centralize(), o.sgd(0.02)),
    "ema": lambda o: o.chain(o.ema(0.9), o.sgd(0.02)),
    "apply_every": lambda o: o.chain(o.apply_every(4), o.sgd(0.01)),
    "keep_params_nonnegative": lambda o: o.chain(o.sgd(0.02), o.keep_params_nonnegative()),
    "decay_schedule": lambda o: o.chain(
        o.add_decayed_weights(o.linear_schedule(0.5, 0.0, 50)), o.sgd(0.02)
    ),
    "multi_transform": lambda o: o.multi_transform(
        {"a": o.adam(0.05), "b": o.sgd(0.01, momentum=0.9)},
        {"w": "a", "b": "b", "k": "b", "s": "a"},
    ),
    "multi_steps": lambda o: o.MultiSteps(
        o.adam(0.1), 4, accumulator_dtype="float64"
    ).gradient_transformation(),
    "named_chain": lambda o: o.named_chain(("clip", o.clip(0.5)), ("adam", o.adam(0.05))),
    "inject": lambda o: o.inject_hyperparams(o.adam)(
        learning_rate=o.warmup_cosine_decay_schedule(0.0, 0.1, 10, 100), b1=0.8
    ),
    "flatten": lambda o: o.flatten(o.adam(0.05)),
    "muon": lambda o: o.contrib.muon(0.02, weight_decay=0.1),
    "muon_axes": lambda o: o.contrib.muon(
        0.02,
        nesterov=False,
        adaptive=True,
        consistent_rms=0.2,
        adam_learning_rate=0.05,
        muon_weight_dimension_numbers={
            "w": None,
            "b": None,
            "k": o.contrib.MuonDimensionNumbers((0, 2), 1),
            "s": None,
        },
    ),
    "muon_batch": lambda o: o.contrib.muon(
        0.02,
        ns_coeffs=((3.0, -3.2, 1.2), (2.5, -2.0, 0.6)),
        ns_steps=2,
        muon_weight_dimension_numbers=lambda params: {
            "w": o.contrib.MuonDimensionNumbers(1, 0),
            "b": None,
            "k": o.contrib.MuonDimensionNumbers(1, 2),
            "s": None,
        },
    ),
    "lamb_flat": lambda o: o.flatten(o.lamb(0.05)),
}


def make(library: Any, case: str) -> Any:
    """Return an optimiser of a library."""
    return CASES[case](library)


def parameters(dtype: str) -> dict[str, np.ndarray]:
    """Return where every trajectory starts."""
    rng = np.random.default_rng(1)
    shapes: dict[str, tuple[int, ...]] = {"w": (4, 3), "b": (5,), "k": (3, 2, 4), "s": ()}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


def gradients(params: Any, step: int, dtype: str) -> tuple[dict[str, np.ndarray], Any]:
    """Return the gradient and the value of the loss at some parameters."""
    rng = np.random.default_rng(1000 + step)
    result, value = {}, 0.0
    for index, (name, leaf) in enumerate(sorted(params.items())):
        p = np.asarray(leaf, np.float64)
        scale = np.logspace(-1, 1, p.size).reshape(p.shape)
        off = p - 0.3 * index
        noise = 0.1 * rng.normal(size=p.shape)
        result[name] = (scale * off + 0.1 * off**3 + noise).astype(dtype)
        value += float(np.sum(scale * off**2 / 2 + 0.1 * off**4 / 4))
    return {name: result[name] for name in params}, np.asarray(value, dtype)[()]


def rosenbrock(x: Any) -> Any:
    """Return Rosenbrock's function of a vector; all ones are its minimum."""
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


SEARCHES: dict[str, Any] = {
    "lbfgs": lambda o: o.lbfgs(),
    "lbfgs_memory": lambda o: o.lbfgs(memory_size=3, scale_init_precond=False),
    "lbfgs_keep": lambda o: o.lbfgs(
        linesearch=o.scale_by_zoom_linesearch(15, curv_rtol=0.1, increase_factor=3.0)
    ),
    "lbfgs_backtracking": lambda o: o.lbfgs(
        linesearch=o.scale_by_backtracking_linesearch(15, store_grad=True)
    ),
    "lbfgs_fixed": lambda o: o.lbfgs(0.1, linesearch=None),
    "descent": lambda o: o.chain(o.sgd(1.0), o.scale_by_zoom_linesearch(30)),
    "descent_bounded": lambda o: o.chain(
        o.sgd(1.0), o.scale_by_zoom_linesearch(30, max_learning_rate=1e-3)
    ),
    "adam_backtracking": lambda o: o.chain(o.adam(1.0), o.scale_by_backtracking_linesearch(20)),
}
SEARCH_STEPS = 12  # with more, rounding errors grow to differences that can be seen
START = np.linspace(-1.5, 1.5, 6)


def schedules(library: Any) -> dict[str, Any]:
    """Return schedules of a library."""
    o = library
    return {
        "constant": o.constant_schedule(0.3),
        "linear": o.linear_schedule(1.0, 0.1, 50, 10),
        "polynomial": o.polynomial_schedule(1.0, 0.1, 2.5, 40, 5),
        "exponential": o.exponential_decay(1.0, 20, 0.5, 10),
        "exponential_stairs": o.exponential_decay(1.0, 20, 0.5, 0, True, 0.1),
        "exponential_growth": o.exponential_decay(1.0, 20, 1.5, 3, False, 3.0),
        "cosine": o.cosine_decay_schedule(0.5, 70, 0.1, 1.5),
        "warmup_constant": o.warmup_constant_schedule(0.1, 0.5, 20),
        "warmup_cosine": o.warmup_cosine_decay_schedule(0.0, 1.0, 10, 80, 0.05),
        "warmup_cosine_none": o.warmup_cosine_decay_schedule(0.0, 1.0, 0, 80),
        "warmup_exponential": o.warmup_exponential_decay_schedule(0.0, 1.0, 10, 20, 0.5),
        "piecewise": o.piecewise_constant_schedule(1.0, {20: 0.5, 60: 0.1}),
        "interpolate": o.piecewise_interpolate_schedule("linear", 1.0, {20: 2.0, 60: 0.1}),
        "interpolate_cosine": o.piecewise_interpolate_schedule("cosine", 1.0, {20: 2.0, 60: 0.1}),
        "linear_onecycle": o.linear_onecycle_schedule(90, 1.0),
        "cosine_onecycle": o.cosine_onecycle_schedule(90, 1.0),
        "join": o.join_schedules(
            [o.constant_schedule(1.0), o.linear_schedule(1.0, 0.0, 30), o.constant_schedule(0.2)],
            [20, 60],
        ),
        "sgdr": o.sgdr_schedule(
            [
                {"init_value": 0.0, "peak_value": 1.0, "decay_steps": 40, "warmup_steps": 5},
                {"init_value": 0.1, "peak_value": 0.5, "decay_steps": 50, "warmup_steps": 10},
            ]
        ),
    }
