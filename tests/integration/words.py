"""What a reader finds on a page."""

import re
from html import unescape


def words_of(response):
    """The text of a page, without its tags and line breaks."""
    text = unescape(re.sub(r"<[^>]*>", " ", response.content.decode()))
    return re.sub(r" (?=[.,;:?](\s|$))", "", " ".join(text.split()))
