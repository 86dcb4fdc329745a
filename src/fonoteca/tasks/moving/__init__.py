"""What moved, went, or got another time: found in a library, and followed at the locations without sending a byte."""
