"""The bidder's tool (投标工具): makes, seals and hands in a bid, and hands in its key at the opening.

It runs on the bidder's own machine, since whoever serves the page on which a bid is sealed could read the bid. The
platform only ever sees the sealed file. Everything the bidder must keep lies in one folder, which survives a power cut
at any moment; nothing the platform says is believed unless the keys named in the tender document have signed it.
"""
