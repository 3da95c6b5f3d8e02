"""Fit two peaks on a decaying background with SciPy, where the parameters are a tree.

SciPy's optimisers know vectors only, and guess derivatives by differences. `ravel_pytree` makes a
vector of the tree and back, and `fg.jacfwd` gives exact derivatives. The data is a standard
reference for such programs: NIST certifies what must come out, to eleven digits.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import least_squares
from tqdm import tqdm

import fungrad as fg
import fungrad.numpy as fnp
from fungrad import random
from fungrad.flatten_util import ravel_pytree

DATA = Path(__file__).parent / "data" / "gauss3.csv"
GUESS = {
    "background": {"height": 95.0, "rate": 0.01},
    "peaks": [
        {"height": 90.0, "centre": 110.0, "width": 25.0},
        {"height": 75.0, "centre": 140.0, "width": 25.0},
    ],
}
CERTIFIED = {
    "background": {"height": 98.940368970, "rate": 0.010945879335},
    "peaks": [
        {"height": 100.69553078, "centre": 111.63619459, "width": 23.300500029},
        {"height": 73.705031418, "centre": 147.76164251, "width": 19.668221230},
    ],
}


def background(params, x):
    """Return an exponential decay."""
    return params["height"] * fnp.exp(-params["rate"] * x)


def peak(params, x):
    """Return a bell curve."""
    return params["height"] * fnp.exp(-(((x - params["centre"]) / params["width"]) ** 2))


def model(params, x):
    """Return the sum of the background and of all peaks."""
    return background(params["background"], x) + sum(peak(each, x) for each in params["peaks"])


def fit(residuals, params):
    """Return the tree with the least sum of squared residuals, and what SciPy says of it."""
    start, unravel = ravel_pytree(params)

    def fun(vector):
        return residuals(unravel(vector))

    def jacobian(vector):
        return np.asarray(fg.jacfwd(fun)(vector))

    precise = {"ftol": 1e-15, "xtol": 1e-15, "gtol": 1e-15, "x_scale": "jac"}
    result = least_squares(fun, np.asarray(start), jacobian, bounds=(0, np.inf), **precise)
    return unravel(result.x), result


def standard_errors(params, result):
    """Return a tree of standard deviations, by the curvature of the sum of squares."""
    J, variance = result.jac, 2 * result.cost / np.subtract(*result.jac.shape)
    return ravel_pytree(params)[1](np.sqrt(variance * np.diag(np.linalg.inv(J.T @ J))))


def draw(params, x, y, picture):
    """Save a picture of the data, the curve and its parts, and of the residuals."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    above.plot(x, y, ".", color="0.5", markersize=4, label="data")
    above.plot(x, model(params, x), color="tab:red", linewidth=2, label="fitted curve")
    above.plot(x, background(params["background"], x), "--", color="black", label="background")
    for number, (each, color) in enumerate(zip(params["peaks"], ("tab:blue", "tab:green")), 1):
        top = float(each["centre"]), float(each["height"])
        above.fill_between(x, peak(each, x), color=color, alpha=0.35, label=f"peak {number}")
        above.annotate(f"{top[0]:.1f}", top, (0, 4), textcoords="offset points", ha="center")
    above.set(ylabel="signal", ylim=(0, None), xlim=(0, x[-1]))
    above.legend(frameon=False)
    below.axhline(0, color="tab:red", linewidth=1)
    below.plot(x, y - model(params, x), ".", color="0.5", markersize=4)
    below.set(xlabel="channel", ylabel="data $-$ curve")
    for axes in (above, below):
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=90)


def main():
    """Fit from several starting points, compare the best with what is certified, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="fixes the starting points")
    parser.add_argument("--quick", action="store_true", help="3 starting points instead of 30")
    parser.add_argument("--picture", type=Path, default="curve_fitting.png", help="to write")
    options = parser.parse_args()

    x, y = np.loadtxt(DATA, delimiter=",", skiprows=1, unpack=True)
    keys = random.split(random.key(options.seed), 3 if options.quick else 30)
    guess, unravel = ravel_pytree(GUESS)
    fits = []
    for key in tqdm(keys, unit="fit"):
        start = unravel(guess * fnp.exp(0.2 * random.normal(key, guess.shape)))
        fits.append(fit(lambda params: model(params, x) - y, start))
    params, result = min(fits, key=lambda fit: fit[1].cost)
    errors = standard_errors(params, result)
    by_centre = np.argsort([float(each["centre"]) for each in params["peaks"]])
    for tree in (params, errors):
        tree["peaks"] = [tree["peaks"][i] for i in by_centre]
    least = [each.cost < 1.000001 * result.cost for _, each in fits]
    for (path, value), error, certified in zip(
        fg.tree.leaves_with_path(params), fg.tree.leaves(errors), fg.tree.leaves(CERTIFIED)
    ):
        name = fg.tree.format_path("", path)
        print(f"{name:<24} {value:11.6f} +- {error:.6f}   certified {certified:11.6f}")
    print(
        f"The sum of squares is {2 * result.cost:.7f}, found from {sum(least)} of {len(fits)} "
        f"starting points; see {options.picture}."
    )
    draw(params, x, y, options.picture)


if __name__ == "__main__":
    main()
