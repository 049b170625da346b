"""How the cache writes values down: as JSON, because nothing here is ever unpickled, not even from our own cache."""

import json
from typing import Any


class JsonSerializer:
    """Django's cache serializer protocol. Integers come out as plain digits, which is what the server counts with."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
