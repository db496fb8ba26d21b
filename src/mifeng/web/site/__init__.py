"""The site room (场地): host and guest officers."""
