"""What every context needs (内核): the door, the ledger (全程留痕), the clock, deadlines, vault and inbox."""
