"""The engine of F&O Courier: domain <- ports <- services and adapters <- wiring.

The folder's name is given by the people it was built for; what it holds is described in docs/lifecycle.md
and docs/ledger.md. The direction of imports is checked by the contracts in pyproject.toml.
"""
