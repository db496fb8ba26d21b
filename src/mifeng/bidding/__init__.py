"""Bidding (投标): sealed bids received, replaced, withdrawn, and the opening (开标). None is read before all are."""
