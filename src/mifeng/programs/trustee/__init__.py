"""The trustee (开标受托人): keeps one share of every bid's opening number and releases it once, after the close."""
