"""Tests of what runs the platform: launcher, supervisor, ASGI root, command line."""
