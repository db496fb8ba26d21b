"""The workspace room (办理): purchaser and agency."""
