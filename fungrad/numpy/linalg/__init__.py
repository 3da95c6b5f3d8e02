"""Linear algebra: NumPy's ``np.linalg``, on stacks of matrices and through every transform.

Gradients with respect to matrices of which one triangle only is read (`cholesky`, `eigh`) are
Hermitian: they are those of the function of ``(a + a.conj().mT) / 2``.
"""

from __future__ import annotations

from numpy.linalg import LinAlgError

from fungrad.numpy.linalg import factors, norms, products, spectra, systems
from fungrad.numpy.linalg.factors import *  # noqa: F403
from fungrad.numpy.linalg.norms import *  # noqa: F403
from fungrad.numpy.linalg.products import *  # noqa: F403
from fungrad.numpy.linalg.spectra import *  # noqa: F403
from fungrad.numpy.linalg.systems import *  # noqa: F403

__all__ = [
    "LinAlgError",
    *factors.__all__,
    *norms.__all__,
    *products.__all__,
    *spectra.__all__,
    *systems.__all__,
]
