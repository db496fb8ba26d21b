"""The cockpit (监督): what a supervisor watches. Nothing here acts on a project; findings are own notes."""
