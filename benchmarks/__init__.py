"""Speed, memory and import time of fungrad beside autograd, PyTorch and JAX.

Run ``python -m benchmarks`` from the root of the repository; README.md explains the output.
"""
