"""The shape of 0.1, frozen: read and verified for ever, never drawn up again."""
