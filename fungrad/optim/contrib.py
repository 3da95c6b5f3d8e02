"""What optax has in its ``contrib``, under the same name."""

from __future__ import annotations

from fungrad.optim.muon import MuonDimensionNumbers as MuonDimensionNumbers
from fungrad.optim.muon import MuonState as MuonState
from fungrad.optim.muon import muon as muon
from fungrad.optim.muon import scale_by_muon as scale_by_muon

__all__ = ["MuonDimensionNumbers", "MuonState", "muon", "scale_by_muon"]
