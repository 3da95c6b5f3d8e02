"""The function transformations."""
