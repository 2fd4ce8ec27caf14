"""Fetches and decodes pictures, audio and video, within bounds."""
