"""How an import ended, and what is told of it."""
