"""The account room (身份): sign-in, receipts, inbox."""
