"""Out of this machine: registries, archives, one index of several platforms."""
