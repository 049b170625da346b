import os

from django.core.cache import caches


def test_the_shared_cache_keeps_json_and_counts(settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["FAIRCUT_BROKER_URL"],
            "OPTIONS": {"serializer": "marketplace.web.cache.JsonSerializer"},
        }
    }
    cache = caches["default"]

    cache.set("attempts", [1.5, 2.5])
    cache.set("count", 1)

    assert cache.get("attempts") == [1.5, 2.5]
    assert cache.incr("count") == 2
    assert cache.get("nothing") is None
