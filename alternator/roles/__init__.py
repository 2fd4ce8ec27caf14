"""The roles of a cluster: who watches accounts, and who describes their posts (docs/scaling.md)."""
