"""The universal image's first start: choose a build, install it into the volume, prove it."""
