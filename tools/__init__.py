"""What a developer's machine needs, behind the Makefile's targets."""
