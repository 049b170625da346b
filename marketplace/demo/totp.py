"""The six digits that an authenticator app shows now: `python -m marketplace.demo.totp` prints the demo approver's."""

import base64
import hashlib
import hmac
import struct
import time

APPROVER_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 - printed in the README; production refuses the account
PERIOD_SECONDS = 30
DIGITS = 6


def code_now(secret: str) -> str:
    """RFC 6238 over SHA-1, as authenticator apps compute it, for a base-32 secret."""
    counter = struct.pack(">Q", int(time.time()) // PERIOD_SECONDS)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


if __name__ == "__main__":
    print(code_now(APPROVER_SECRET))
