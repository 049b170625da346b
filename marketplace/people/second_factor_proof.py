"""How long a proof of the second factor is good for."""

import datetime as dt

# A constraint of the database holds approvals to it, so another time needs a migration.
PROOF_VALID_FOR = dt.timedelta(minutes=10)
PROOF_VALID_WORDS = f"{PROOF_VALID_FOR // dt.timedelta(minutes=1)} minutes"
