"""The verifier (核验程序): checks an exported log, or a receipt, with a few keys and nothing of the platform.

It imports the pure rules only, opens no connection and reads no clock: the same file gives the same answer on any
machine, years later. It does not stop at the first fault, because whoever tampers once may have done so often.
"""
