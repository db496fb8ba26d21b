"""Tenders (采购项目): entry (进场登记), packages (采购包), tender documents, notices, clarifications, the close."""
