"""Starts and stops the stack: compose files and the code behind `make up`."""
