"""The feeds of a deployment, read from feeds.yaml. The format is feeds.schema.json; docs/feeds.md explains it."""
