"""What tests and the demo ask of a server, and no Mastodon has: its requests, and faults."""
