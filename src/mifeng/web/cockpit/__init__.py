"""The cockpit room (监督): supervisors."""
