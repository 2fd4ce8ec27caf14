"""The jobs of a cluster, by Procrastinate on PostgreSQL (docs/decisions/2026-11-queue.md)."""
