"""The desk (评审席): where members of a committee read, score and sign, without a way to whose bids these are."""
