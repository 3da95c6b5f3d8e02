"""What JAX has under ``jax.scipy``: special functions, with derivatives and without SciPy."""

from fungrad.scipy import special as special

__all__ = ["special"]
