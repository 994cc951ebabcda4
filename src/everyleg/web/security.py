"""What every answer carries and every form needs: headers, cookies, the token against forged forms."""

from collections.abc import Iterable

from litestar.config.csrf import CSRFConfig
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from everyleg.store.sealing import Keyring

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Tabler draws the marks of its form fields so
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing inline, nothing from elsewhere."""

_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_TLS = (b"strict-transport-security", b"max-age=31536000")


def csrf(keys: Keyring) -> CSRFConfig:
    """The token of forms: signed by a key that all processes of an installation share."""
    secret = keys.digest("web: forms").hex()
    return CSRFConfig(secret, cookie_name="everyleg_form", cookie_httponly=True)


class Guarded:
    """An application whose every answer, errors included, carries the headers; over TLS its cookies are Secure."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":  # type: ignore[comparison-overlap]
            await self.app(scope, receive, send)
            return
        tls = scope["scheme"] == "https"

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*_secured(message["headers"], tls=tls), *_HEADERS, *([_TLS] if tls else [])]
            await send(message)

        await self.app(scope, receive, guarded)


def _secured(headers: Iterable[tuple[bytes, bytes]], *, tls: bool) -> list[tuple[bytes, bytes]]:
    return [
        (name, value + b"; Secure" if tls and name == b"set-cookie" and b"; Secure" not in value else value)
        for name, value in headers
    ]
