"""The demo's story (演示): a project from entry to the opening, played over HTTP and with the bidders' own program.

Nothing here reaches around the platform: every person signs in and sends the forms that a page offers, every bidder
seals on the own machine with ``mifeng bid``, every expert opens the link of a message. Only the clock is moved, on an
instance that was set up for it.
"""
