"""A local host for Python function apps: Microsoft's own runtime package, Azurite for storage, no .NET."""
