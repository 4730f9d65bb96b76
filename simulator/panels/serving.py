"""What stands between the network and the app: headers, compression, and the page of health.

Streamlit sets no security headers and compresses its own files for nobody; both are done here, so that a laptop that
serves a classroom does them without another program.
"""

from __future__ import annotations

import gzip
import time
from functools import lru_cache
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulator.panels import jobs
from simulator.version import __version__

_BEGAN = time.monotonic()
_FILES = Path(streamlit.__file__).parent / "static"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
# The page asks nothing of any other host; scripts and styles written into it are Streamlit's own and the charts'.
# Streamlit loads a component's script (the factory floor's) from a blob that the page itself makes.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


class Guarded:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, answer)


class Compressed:
    """Sends Streamlit's scripts and styles compressed; each is compressed once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the compressed files, or pass the request on."""
        path = scope.get("path", "")
        if scope["type"] == "http" and "/static/" in path and _takes_gzip(scope):
            found = _compressed(path.rpartition("/static/")[2])
            if found is not None:
                await found(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _takes_gzip(scope: Scope) -> bool:
    return scope["method"] == "GET" and "gzip" in Headers(scope=scope).get("accept-encoding", "")


@lru_cache(maxsize=512)
def _compressed(name: str) -> Response | None:
    """One of Streamlit's own files, whose names change with their contents."""
    path = (_FILES / "static" / name).resolve()
    if path.suffix not in _TYPES or not path.is_relative_to(_FILES) or not path.is_file():
        return None
    headers = {
        "Content-Encoding": "gzip",
        "Vary": "Accept-Encoding",
        "Cache-Control": "public, immutable, max-age=31536000",
    }
    return Response(gzip.compress(path.read_bytes(), 6), media_type=_TYPES[path.suffix], headers=headers)


def health(_request: Request) -> Response:
    """Whether the server answers, how long it has run and how much work waits; no word about any visitor."""
    state = {"status": "ok", "version": __version__, "seconds": round(time.monotonic() - _BEGAN)}
    return JSONResponse(state | jobs.service().state(), headers={"Cache-Control": "no-store"})


def home(request: Request) -> Response:
    """The first page by its name: Streamlit serves it without one and knows no second address."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"./{query}", headers={"Cache-Control": "no-store"})


ROUTES = [Route("/healthz", health), Route("/futures", home)]
MIDDLEWARE = [Middleware(Guarded), Middleware(Compressed)]
