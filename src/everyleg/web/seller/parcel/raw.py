"""A raw answer, laid out to be read; its bytes stay as they came."""

import json

from lxml import etree

MOST = 300_000
"""Characters that are shown."""


def laid_out(body: bytes) -> str:
    """JSON and XML with their lines indented, anything else as text."""
    head = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    try:
        if head in (b"{", b"["):
            return json.dumps(json.loads(body), indent=2, ensure_ascii=False)[:MOST]
        if head == b"<":
            safe = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True)
            return str(etree.tostring(etree.fromstring(body, safe), pretty_print=True, encoding="unicode"))[:MOST]
    except (ValueError, etree.XMLSyntaxError, RecursionError):
        pass
    return body.decode("utf-8", "replace")[:MOST]
