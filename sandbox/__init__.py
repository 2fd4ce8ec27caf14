"""A small Mastodon server and vision endpoint for the demo and the tests. Not for the internet."""
