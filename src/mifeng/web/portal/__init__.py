"""The portal room (公开): the public record."""
