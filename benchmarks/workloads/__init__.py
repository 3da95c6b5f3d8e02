"""Every workload, in the order of the table.

A new workload is a loss in one of these files and a line in its list. A further task (a Jacobian,
say) is a method of ``benchmarks.libraries.base.Library`` and a word in ``Workload.task``.
"""

from __future__ import annotations

from benchmarks.workload import Workload
from benchmarks.workloads.functions import CHAINS, FUNCTIONS, LARGE_FUNCTION
from benchmarks.workloads.networks import LARGE_NETWORK, NETWORKS
from benchmarks.workloads.statistics import STATISTICS

TIMED: tuple[Workload, ...] = (*FUNCTIONS, *STATISTICS, *NETWORKS)
LONG: tuple[Workload, ...] = CHAINS
MEMORY: tuple[Workload, ...] = (LARGE_FUNCTION, LARGE_NETWORK)

BY_NAME = {workload.name: workload for workload in (*TIMED, *LONG, *MEMORY)}
