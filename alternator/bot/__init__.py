"""The bot at work: finds posts, has them described, and waits out outages."""
