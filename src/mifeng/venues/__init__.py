"""Venues (交易场所): sites, evaluation seats (评审席位), their readiness, and the session plan 1+N.

A session here has a code name and an opaque purpose; whose tender it serves is not known in this context, so nothing
in it can tell a guest site.
"""
