"""Dynamics 365 Finance & Operations over HTTP."""
