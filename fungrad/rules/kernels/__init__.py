"""Special functions of raw values, in float64 and vectorised: what NumPy itself does not have.

The polynomials were fitted by tests/data/make_special.py.
"""
