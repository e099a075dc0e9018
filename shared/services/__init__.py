"""Use cases, one a module, named by their verb. The order of writes lives here, and nothing of the machines behind."""
