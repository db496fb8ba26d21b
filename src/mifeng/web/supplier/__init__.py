"""The supplier's room (投标): projects open for bids, tickets, and the reception for bidders' own programs."""
