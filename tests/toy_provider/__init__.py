"""A third identification service that does not exist, added the way docs/guides/add-a-provider.md says."""
