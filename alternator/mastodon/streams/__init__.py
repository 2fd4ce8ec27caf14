"""The account's stream of events: by server-sent events or WebSocket, whichever there is."""
