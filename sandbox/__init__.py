"""A small Mastodon server and vision endpoint for the demo and the tests. Not for the internet.

``sandbox.server.SandboxServer`` and ``sandbox.vision.server.VisionServer`` run them inside a test;
``python -m sandbox.server`` and ``python -m sandbox.vision.server`` by hand. See
``docs/sandbox.md``.
"""
