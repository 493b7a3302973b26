"""The terminal UI in a browser: who may see it, what the page gets, when its program ends."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.cli.conftest import pcap, udp
from tests.conftest import ENVIRONMENT, REPOSITORY

EXERCISE = REPOSITORY / "sample_data" / "exercise.pcap.gz"
PATIENCE = 60
"""Seconds until a test gives up."""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc to find programs in")


def process_state(number: int) -> tuple[str, int]:
    """The state of a process, as Linux abbreviates it (``Z``: has ended), and the number of its parent."""
    try:
        state, parent, *_ = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return "Z", 0
    return state, int(parent)


def has_ended(process: int) -> bool:
    """Tell whether a process is gone, or waits for somebody to take note of its end."""
    return process_state(process)[0] == "Z"


class Served:
    """A running ``t2tui serve`` at a free port.

    Attributes:
        process: the server.
        url: what it has printed.
    """

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self._errors = folder / "errors.txt"
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "t2tui", "serve", "--port", "0", *map(str, words)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**ENVIRONMENT, "TEXTUAL_ANIMATIONS": "none"},
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.errors
        self.port = urlsplit(self.url).port

    @property
    def errors(self) -> str:
        """What it has written on standard error so far."""
        return self._errors.read_text()

    def get(self, path: str = "", **headers: str) -> tuple[int, str]:
        """Status and text of the answer to a request."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def programs(self) -> list[int]:
        """Process numbers of the programs behind the pages."""
        numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [number for number in numbers if process_state(number)[1] == self.process.pid]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def start(*words: str | Path) -> Served:
        started.append(Served(tmp_path, *words))
        return started[-1]

    yield start
    for each in started:
        each.close()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)


async def page(served: Served, wanted: str, then: Callable[[], None] = lambda: None) -> bytes:
    """Open the WebSocket of a page, as its script does, until a text has come; return all that came.

    Args:
        served: the server.
        wanted: what the program shows in the end.
        then: called while the page is still open.
    """
    received = b""
    async with (
        asyncio.timeout(PATIENCE),
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{served.url}ws?width=160&height=48") as web_socket,
    ):
        while wanted.encode() not in received:
            message = await web_socket.receive()
            assert message.type is aiohttp.WSMsgType.BINARY, (message, received, served.errors)
            received += message.data
        then()
    return received


# ---------------------------------------------------------------------- in a browser

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # small in containers
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,900",
)

KEEP_TERMINAL = """
Object.defineProperty(Object.prototype, "webglAddon", {
  configurable: true,
  set(addon) {
    window.shownTerminal = this.terminal;
    Object.defineProperty(this, "webglAddon", { value: addon });
  },
});
"""
"""textual.js keeps its terminal to itself: take hold of it when it is given its renderer."""

LINES = """
const buffer = window.shownTerminal?.buffer.active;
const line = (_, y) => buffer.getLine(y).translateToString(true);
return buffer ? Array.from({ length: buffer.length }, line) : [];
"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Chromium, without window, that has never been anywhere."""
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if None in programs:
        pytest.skip("no chromium and chromedriver (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = str(programs[0])
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'browser'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(programs[1])))
    try:
        yield driver
    finally:
        driver.quit()


def test_flows_are_shown_and_filtered_by_keys_in_a_browser(
    serve: Callable[..., Served], browser: webdriver.Chrome
) -> None:
    served = serve(EXERCISE)

    def see(wanted: str) -> list[str]:
        def lines(_: object) -> list[str]:
            shown: list[str] = browser.execute_script(LINES)
            return shown if wanted in "\n".join(shown) else []

        return WebDriverWait(browser, PATIENCE).until(lines, f"no {wanted!r} is shown")

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": KEEP_TERMINAL})
    browser.get(served.url)
    assert browser.title == "exercise.pcap.gz – t2tui"
    see("72 flows")
    WebDriverWait(browser, PATIENCE).until(
        lambda _: browser.execute_script("return document.activeElement.className") != "",
        "the terminal does not take the keys",
    )
    press("/")
    press("$dstPort == 21")
    see("❯ $dstPort == 21")
    press(Keys.ENTER)
    shown = see("1 of 72 flows")
    (row,) = [line for line in shown if "0x0400000000004000" in line and "49329" in line]
    assert row.split()[:2] == ["▌A", "35"]

    granted = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    browser.execute_cdp_cmd("Browser.grantPermissions", granted)
    press("l" * 5)
    see("source address")
    press("y")
    WebDriverWait(browser, PATIENCE).until(
        lambda _: browser.execute_script("return navigator.clipboard.readText()") == "192.168.1.105",
        "the cell is not in the clipboard",
    )

    loaded: list[str] = browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert any(name.endswith("textual.js") for name in loaded)
    assert [name for name in loaded if not name.startswith(served.url) and not name.startswith("data:")] == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert browser.execute_script("return [window.open(), window.open('https://example.invalid/')]") == [
        None,
        None,
    ], "a click on a link that a capture has written would be followed"

    ActionChains(browser).key_down(Keys.CONTROL).send_keys("q").key_up(Keys.CONTROL).perform()
    WebDriverWait(browser, PATIENCE).until(
        lambda _: "The program behind this page has ended" in browser.find_element("tag name", "body").text
    )
    assert served.process.poll() is None


# ---------------------------------------------------------------------- what the page gets


def test_options_reach_the_program_and_names_steer_neither_page_nor_shell(
    serve: Callable[..., Served], tmp_path: Path
) -> None:
    name = "-two 'words' $(touch oops)\x1b]0;title\x07<script>.pcap"
    (tmp_path / name).write_bytes(pcap([udp(port) for port in (1, 2, 3, 4, 5)]))
    options = ("--bpf", "udp src portrange 2-4", "-p", "basicFlow", "-D", "basicFlow.BFO_MAC=0")
    served = serve(*options, "--", name)
    status, text = served.get()
    assert status == 200
    assert (
        "<title>-two &#39;words&#39; $(touch oops)\\x1b]0;title\\x07&lt;script&gt;.pcap – t2tui</title>"
        in text
    )
    received = asyncio.run(page(served, "3 packets"))
    assert b"\x1b]0" not in received
    assert "␛]0;title␇".encode() in received
    assert b"srcMac" not in received
    assert not (tmp_path / "oops").exists()


def test_nothing_is_imported_from_the_current_folder(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve(EXERCISE)
    (tmp_path / "click.py").write_text("raise SystemExit('imported')")
    asyncio.run(page(served, "complete"))


# ---------------------------------------------------------------------- who may see it


def test_only_this_machine_reaches_the_page(serve: Callable[..., Served]) -> None:
    served = serve(EXERCISE)
    assert served.url == f"http://127.0.0.1:{served.port}/"
    assert served.get()[0] == 200
    assert "[WRN]" not in served.errors
    with pytest.raises(OSError):  # 127.0.0.2 is this machine, too, where all addresses are listened at
        socket.create_connection(("127.0.0.2", served.port), timeout=PATIENCE).close()


def test_another_address_is_a_loud_warning(serve: Callable[..., Served]) -> None:
    served = serve(EXERCISE, "--host", "0.0.0.0")
    assert f"[WRN] NO PASSWORD, NO ENCRYPTION: whoever reaches port {served.port} of 0.0.0.0" in served.errors
    with socket.create_connection(("127.0.0.2", served.port), timeout=PATIENCE):
        pass


@needs_proc
@pytest.mark.parametrize("path", ["", "ws", "static/js/textual.js"])
def test_pages_of_other_sites_are_refused(serve: Callable[..., Served], path: str) -> None:
    served = serve(EXERCISE)
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    others: list[dict[str, str]] = [
        {"Origin": "https://example.org"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{(served.port or 0) ^ 1}"},
        {"Host": f"rebound.example.org:{served.port}"},
    ]
    for headers in others:
        status, text = served.get(path, **upgrade, **key, **headers)
        assert status == 403, headers
        assert "This page is not for other sites" in text or "127.0.0.1" in text
    assert served.programs() == []


def test_the_page_forbids_itself_to_load_anything_from_elsewhere(serve: Callable[..., Served]) -> None:
    served = serve(EXERCISE)
    with urllib.request.urlopen(served.url, timeout=PATIENCE) as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert {source for sources in policy.values() for source in sources.split()} <= {
        "'none'",
        "'self'",
        "data:",
        "'unsafe-inline'",
    }
    assert "unsafe" not in policy["script-src"]


# ---------------------------------------------------------------------- ends


@needs_proc
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_server_and_programs(serve: Callable[..., Served], number: int, code: int) -> None:
    served = serve(EXERCISE)
    programs: list[int] = []

    def end() -> None:
        programs.extend(served.programs())
        served.process.send_signal(number)
        assert served.process.wait(PATIENCE) == code

    asyncio.run(page(served, "complete", end))
    assert len(programs) == 1
    assert has_ended(programs[0])
    assert "Traceback" not in served.errors
    assert "[ERR]" not in served.errors


@needs_proc
def test_a_program_ends_with_its_page_and_the_server_stays(serve: Callable[..., Served]) -> None:
    served = serve(EXERCISE)
    asyncio.run(page(served, "complete"))
    until(lambda: served.programs() == [], "the program ends")
    asyncio.run(page(served, "complete"))
    assert "Traceback" not in served.errors


@needs_proc
def test_a_program_ends_when_its_server_is_killed(serve: Callable[..., Served]) -> None:
    served = serve(EXERCISE)
    programs: list[int] = []

    def end() -> None:
        programs.extend(served.programs())
        served.process.kill()

    asyncio.run(page(served, "complete", end))
    assert len(programs) == 1
    until(lambda: has_ended(programs[0]), "the program ends")


def test_a_page_is_closed_when_its_program_fails(serve: Callable[..., Served], capture: Path) -> None:
    served = serve(capture)
    capture.unlink()

    async def last_message() -> aiohttp.WSMsgType:
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{served.url}ws") as web_socket,
        ):
            return (await web_socket.receive()).type

    assert asyncio.run(last_message()) is aiohttp.WSMsgType.CLOSE
    assert "[ERR] There is no file" in served.errors


# ---------------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["-"], 2, "Standard input can be read only once"),
        (["missing.pcap"], 1, "There is no file 'missing.pcap'"),
        ([EXERCISE, "-p", "nonsense"], 2, "no plugin 'nonsense'"),
        ([EXERCISE, "-D", "basicFlow.NOPE=1"], 2, "NOPE"),
        ([EXERCISE, "--port", "65536"], 2, "--port"),
        ([EXERCISE, "--host", "no such host"], 2, "--host no such host: there is no such host"),
        ([EXERCISE, "--host", "192.0.2.1"], 1, "Cannot listen at port 8000 of 192.0.2.1"),
    ],
)
def test_what_cannot_be_served_is_an_error_before_the_server_starts(
    t2tui: Callable[..., subprocess.CompletedProcess[str]], words: list[str | Path], code: int, error: str
) -> None:
    done = t2tui("serve", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert error in done.stderr


def test_a_port_in_use_is_an_error_that_says_what_to_do(
    t2tui: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = t2tui("serve", EXERCISE, "--port", str(port))
    assert done.returncode == 1
    assert f"[ERR] Port {port} of 127.0.0.1 is in use: choose another with --port" in done.stderr


@pytest.mark.parametrize(("module", "package"), [("textual_serve", "textual-serve"), ("aiohttp", "aiohttp")])
def test_without_the_extra_the_error_says_what_to_install(module: str, package: str) -> None:
    code = f"""
import json, sys
sys.modules[{module!r}] = None
from t2tui.cli import main
sys.exit(main(json.loads(sys.argv[1])))
"""
    words = json.dumps(["serve", str(EXERCISE), "--port", "0"])
    done = subprocess.run(
        [sys.executable, "-c", code, words], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"[ERR] 't2tui serve' needs the Python package {package}: pip install 't2tui[serve]'\n"
    )
