"""The web server of ``t2tui serve``: pages, each with a program behind it (extra ``serve``).

textual-serve carries what is typed and drawn. Added here: nothing comes from other hosts, other sites can
neither show nor steer a page, programs end with their pages, and signals end all of it.
"""

import asyncio
import errno
import ipaddress
import os
import shlex
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp_jinja2
import click
from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from t2tui.cli.exits import USAGE, Failure
from t2tui.cli.interrupt import CODES
from t2tui.cli.open import PAGE_DRIVER
from t2tui.cli.terminal import printable, say

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = Path(__file__).parent / "page"

PRELUDE = b"__GANGLION__\n"
"""What a program writes before its first frame."""

PATIENCE = 3
"""Seconds that a program has to end when its page is closed."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Keep the browser from loading anything from elsewhere, and other sites from using the page."""


class Program(AppService):
    """The program behind one page."""

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return {**super()._build_environment(width, height), "TEXTUAL_DRIVER": PAGE_DRIVER}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        """Start it, without a shell; its errors go where ours go."""
        self._process = await asyncio.create_subprocess_exec(
            *shlex.split(self.command),
            stdin=PIPE,
            stdout=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,  # Ctrl-C is for the server, which ends its programs in order
        )
        self._stdin = self._process.stdin
        return self._process

    async def run(self) -> None:
        """Hand on what the program writes; close the page when it ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        output = self._process.stdout
        take = {b"D": self.on_data, b"M": self.on_meta, b"P": self.on_packed}
        try:
            while await output.readline() not in (PRELUDE, b""):
                pass
            while True:
                kind = await output.readexactly(1)
                size = int.from_bytes(await output.readexactly(4), "big")
                await take[kind](await output.readexactly(size))
        except asyncio.IncompleteReadError:  # it has ended
            pass
        finally:
            await self.remote_close()

    async def stop(self) -> None:
        """Let the program end, or else end it."""
        if self._process is None:
            return
        try:
            await asyncio.wait_for(super().stop(), PATIENCE)
            await asyncio.wait_for(self._process.wait(), PATIENCE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


class PageServer(Server):
    """Serves pages, and a program for each."""

    def __init__(self, command: str, title: str, names: frozenset[str] | None) -> None:
        """Prepare.

        Args:
            command: starts the program behind a page.
            title: of the pages.
            names: hosts by which the server may be called; None: any.
        """
        super().__init__(command, title=title, templates_path=PAGE)
        self._names = names
        self._programs: set[Program] = set()

    async def application(self) -> web.Application:
        """Make the application: textual-serve's, fenced in, with our page."""
        application = await self._make_app()
        application.middlewares.append(self._refuse_others)
        application.on_response_prepare.append(self._fence)
        application.router.add_static("/page", PAGE)
        return application

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing."""

    async def on_shutdown(self, app: web.Application) -> None:
        """End all programs, which closes their pages."""
        await asyncio.gather(*(program.stop() for program in self._programs))

    @web.middleware
    async def _refuse_others(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse pages of other sites, which a browser lets open WebSockets to any host.

        That includes those that give their own name our address.
        """
        if self._names is not None and _host_name(request.host) not in self._names:
            raise web.HTTPForbidden(text=f"Call this page by one of: {', '.join(sorted(self._names))}\n")
        origin = request.headers.get("Origin")
        if origin is not None and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="This page is not for other sites\n")
        return await handler(request)

    async def _fence(self, request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(HEADERS)

    @aiohttp_jinja2.template("index.html")
    async def handle_index(self, request: web.Request) -> dict[str, str | int]:
        """Return what the page is filled with."""
        return {"title": self.title, "font_size": to_int(request.query.get("fontsize", ""), 16)}

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run a program as long as its page is open."""
        page = web.WebSocketResponse(heartbeat=15)
        await page.prepare(request)

        async def write_bytes(data: bytes) -> None:
            with suppress(ConnectionResetError):  # the page is gone; the program is about to
                await page.send_bytes(data)

        async def write_str(data: str) -> None:
            with suppress(ConnectionResetError):
                await page.send_str(data)

        async def close() -> None:
            await page.close()

        program = Program(
            self.command,
            write_bytes=write_bytes,
            write_str=write_str,
            close=close,
            download_manager=self.download_manager,
        )
        self._programs.add(program)
        try:
            width, height = (to_int(request.query.get(side, ""), 0) for side in ("width", "height"))
            await program.start(width or 80, height or 24)
            await self._process_messages(page, program)
        finally:
            await program.stop()
            self._programs.discard(program)
        return page


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        Failure: the address is none of this machine, or taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError):
        raise Failure(f"--host {host}: there is no such host", USAGE) from None
    try:
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = "choose another with --port, or --port 0 for a free one"
            raise Failure(f"Port {port} of {host} is in use: {advice}") from None
        raise Failure(f"Cannot listen at port {port} of {host}: {os.strerror(error.errno or 0)}") from None


def serve(command: str, title: str, listening: socket.socket, host: str) -> int:
    """Print the address of the page and serve it until a signal comes.

    Args:
        command: starts the program behind a page.
        title: of the page.
        listening: see ``listen``.
        host: what it was asked to listen at.

    Returns:
        The exit code, that of the signal.
    """
    address, port = listening.getsockname()[:2]
    is_private = ipaddress.ip_address(address.partition("%")[0]).is_loopback
    names = frozenset({"127.0.0.1", "::1", "localhost", address, host.lower()}) if is_private else None
    if not is_private:
        say("WRN", f"NO PASSWORD, NO ENCRYPTION: whoever reaches port {port} of {host} acts as you here.")
        say("WRN", "They can read captures and files that you can read, and write files that you can write.")
        say("WRN", f"Safer: without --host, and 'ssh -L {port}:127.0.0.1:{port} ...' from where you are.")
    return asyncio.run(_serve(PageServer(command, printable(title), names), listening, _url(address, port)))


async def _serve(server: PageServer, listening: socket.socket, url: str) -> int:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: signal.Signals) -> None:
        if ended.done():
            os._exit(CODES[number])  # once more: at once; the programs end when their input does
        ended.set_result(CODES[number])

    for number in CODES:
        loop.add_signal_handler(number, end, number)
    runner = web.AppRunner(await server.application(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        click.echo(url)
        say("INF", "Open this address in a browser; Ctrl-C ends the server and all its pages")
        return await ended
    finally:
        await runner.cleanup()


def _url(address: str, port: int) -> str:
    """Return the address of the page; for servers at all addresses with the name of this machine."""
    if ipaddress.ip_address(address.partition("%")[0]).is_unspecified:
        return f"http://{socket.gethostname()}:{port}/"
    return f"http://[{address}]:{port}/" if ":" in address else f"http://{address}:{port}/"


def _host_name(host: str) -> str | None:
    """Return the name in a header ``Host``, without port; None if it is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
