"""The rules: one class for each operation, in families that say once what can be said once."""
