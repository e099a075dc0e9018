"""After the end of an import: the archive, the evidence, the report, what is forgotten."""
