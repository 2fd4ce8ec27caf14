"""The engine and the built image, for the tests that look at it from all sides."""

from image_contract import built, config, engine, files, image, run

__all__ = ["built", "config", "engine", "files", "image", "run"]
