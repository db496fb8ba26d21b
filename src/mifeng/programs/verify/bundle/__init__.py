"""The verifier of evidence bundles (证据包核验): one file and a few keys, no network, no database, no platform.

Each check of the catalogue is a small function that looks at one subject and yields what it looked at and what does not
fit (``findings``). The table of ``report`` runs them all; none stops another.
"""
