"""Learn the kernel of a Gaussian process from carbon dioxide in the air, and forecast 16 years.

The covariance of the measurements is a formula with eight unknown numbers, kept as logarithms in a
tree. `loss` is minus the logarithm of how probable the measurements are; its gradient finds the
numbers, and its Hessian says how certain they are.
"""

import argparse
import os
from functools import partial
from pathlib import Path

# Matrices as small as these gain nothing from threads, and lose much to them on a busy machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from matplotlib.figure import Figure
from tqdm import trange

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import optim
from fungrad.flatten_util import ravel_pytree

DATA = Path(__file__).parent / "data" / "co2.csv"
UNTIL = 1986  # the years before are learnt from, those from then on are held out
GUESS = {
    "trend": {"ppm": 30.0, "years": 30.0},
    "season": {"ppm": 3.0, "years": 30.0, "shape": 1.0},
    "weather": {"ppm": 0.5, "years": 1.0},
    "noise": {"ppm": 0.5},
}


def kernel(params, s, t):
    """Return the covariance of the values at times s with those at times t."""
    trend, season, weather = params["trend"], params["season"], params["weather"]
    d = s[:, None] - t
    wave = np.sin(np.pi * d) / season["shape"]
    return (
        trend["ppm"] ** 2 * fnp.exp(-((d / trend["years"]) ** 2) / 2)
        + season["ppm"] ** 2 * fnp.exp(-((d / season["years"]) ** 2) / 2 - 2 * wave**2)
        + weather["ppm"] ** 2 * fnp.exp(-abs(d) / weather["years"])
    )


def covariance(params, t):
    """Return the covariance of measurements at times t, each with a noise of its own."""
    return kernel(params, t, t) + params["noise"]["ppm"] ** 2 * np.eye(len(t))


def loss(log_params, t, y):
    """Return minus the logarithm of the probability density of measurements y at times t."""
    K = covariance(fg.tree.map(fnp.exp, log_params), t)
    _, log_determinant = fnp.linalg.slogdet(K)
    return (y @ fnp.linalg.solve(K, y) + log_determinant + len(y) * np.log(2 * np.pi)) / 2


def learn(log_params, t, y, steps):
    """Minimise the loss by L-BFGS, until its gradient is as good as zero."""
    optimizer = optim.lbfgs()
    fun = partial(loss, t=t, y=y)
    state = optimizer.init(log_params)
    for _ in (bar := trange(steps, unit="step")):
        value, grads = optim.value_and_grad_from_state(fun)(log_params, state=state)
        bar.set_postfix(loss=f"{float(value):.3f}")
        if optim.global_norm(grads) < 1e-3:
            break
        updates, state = optimizer.update(
            grads, state, log_params, value=value, grad=grads, value_fn=fun
        )
        log_params = optim.apply_updates(log_params, updates)
    return log_params


def relative_errors(log_params, t, y):
    """Return the standard deviations of the logarithms: inverse curvature of the loss."""
    flat, unravel = ravel_pytree(log_params)
    hessian = fg.hessian(lambda flat: loss(unravel(flat), t, y), chunk_size=1)(flat)
    return unravel(fnp.sqrt(fnp.diag(fnp.linalg.inv(hessian))))


def predict(params, t, y, new):
    """Return mean and standard deviation of measurements at new times, given y at times t."""
    K, k = covariance(params, t), kernel(params, t, new)
    mean = k.T @ fnp.linalg.solve(K, y)
    variance = fnp.diag(covariance(params, new) - k.T @ fnp.linalg.solve(K, k))
    return np.asarray(mean), np.sqrt(np.asarray(variance))


def draw(t, y, new, truth, mean, deviation, picture):
    """Save a picture of the record with the forecast, and of the forecast's error."""
    figure = Figure(figsize=(10, 5.6), layout="constrained")
    above, below = figure.subplots(2, 1, height_ratios=[3, 2])
    band = {"color": "tab:orange", "alpha": 0.35, "linewidth": 0, "label": "95 % band"}
    above.plot(t, y, color="0.25", linewidth=0.9, label="measured, learnt from")
    above.fill_between(new, mean - 1.96 * deviation, mean + 1.96 * deviation, **band)
    above.plot(new, mean, color="tab:red", linewidth=1, label="forecast")
    above.plot(new, truth, ".", color="tab:blue", markersize=3.5, label="measured, held out")
    above.set(ylabel="carbon dioxide (ppm)", xlim=(t[0], new[-1] + 0.2), ylim=(308, None))
    above.set_title("Mauna Loa, monthly means")
    below.fill_between(new, -1.96 * deviation, 1.96 * deviation, **band)
    below.plot(new, truth - mean, ".-", color="tab:blue", linewidth=0.6, markersize=4)
    below.axhline(0, color="tab:red", linewidth=1)
    below.set_title("How the forecast did")
    below.set(xlabel="year", ylabel="measured $-$ forecast (ppm)", xlim=(new[0], new[-1] + 0.1))
    above.legend(loc="upper left", frameon=False)
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=90)


def main():
    """Learn from the first years, forecast the others, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="fixes where the search starts")
    parser.add_argument("--quick", action="store_true", help="learn from the last ten years only")
    parser.add_argument("--picture", type=Path, default="gaussian_process.png", help="to write")
    options = parser.parse_args()

    year, month, co2 = np.loadtxt(DATA, delimiter=",", skiprows=1, unpack=True)
    time = year + (month - 0.5) / 12
    new, known = year >= UNTIL, (year < UNTIL) & (year >= (UNTIL - 10 if options.quick else 0))
    t, level = time[known], co2[known].mean()
    y, truth = co2[known] - level, co2[new] - level

    rng = np.random.default_rng(options.seed)
    start = fg.tree.map(lambda guess: np.log(guess) + rng.normal(0, 0.3), GUESS)
    log_params = learn(start, t, y, steps=100)
    params = fg.tree.map(fnp.exp, log_params)
    factors = fg.tree.map(fnp.exp, relative_errors(log_params, t, y))
    for part, numbers in params.items():
        for name, value in numbers.items():
            print(f"{part:>8} {name:<6}{value:9.3f}  within a factor {factors[part][name]:.2f}")
    mean, deviation = predict(params, t, y, time[new])
    draw(t, y + level, time[new], truth + level, mean + level, deviation, options.picture)
    error = truth - mean
    print(
        f"Forecast of {len(error)} months: typical error {np.sqrt(np.mean(error**2)):.2f} ppm, "
        f"{np.mean(abs(error) < 1.96 * deviation):.0%} in the 95 % band; see {options.picture}."
    )


if __name__ == "__main__":
    main()
