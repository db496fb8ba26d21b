"""Awards (定标): from the signed report to the published result.

The report is handed over, the purchaser decides in its order or is taken to have decided, and the notice goes out with
the list of those who sat on the committee. Every bidder learns its own result and nobody else's.
"""
