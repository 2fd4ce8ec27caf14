"""The engine and the built image, for the tests that look at it from all sides."""

from image_contract import builder, built, config, engine, facts, files, image, run

__all__ = ["builder", "built", "config", "engine", "facts", "files", "image", "run"]
