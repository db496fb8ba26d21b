"""What every context needs (内核): the door for writes, the ledger (全程留痕), the clock, deadlines, the vault, the inbox."""
