"""What a model says is checked before it is anybody's description: ``answer.py`` shows the way."""
