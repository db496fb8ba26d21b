"""Experts (专家保密): the library, the draw (抽取), the invitations, the sealed roster.

Who an expert is stands in one encrypted column, and so does everything that ties a draw to a person; the rows beside
them carry opaque hashes. Nothing here knows what a bid is: relations to be kept apart from come in as data.
"""
