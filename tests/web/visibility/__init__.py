"""Who may know what, tried out (可见性): a world with a mark on every fact, and a reader for every post."""
