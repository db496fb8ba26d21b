"""The hall room (开标大厅): one page per package on which all parties see the opening as it happens."""
