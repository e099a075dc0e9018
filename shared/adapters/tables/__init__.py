"""The ledger and what stands beside it, in Table Storage: keys, rows and transactions (docs/ledger.md)."""
