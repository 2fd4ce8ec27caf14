"""Accounts: each with its sessions, settings, rate budget, state and health."""
