"""The endpoints of Mastodon's client API, one module a chapter of its documentation."""
