"""From a bare checkout to a working one: interpreter, virtual environment, packages, node, Azurite.

Everything here uses the standard library alone, and runs on the oldest Python that a system may start it with (3.8),
so that it can look for a better one.
"""
