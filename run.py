"""Set up and start the app on Windows or Linux; this file needs only the standard library.

python run.py [--port 8501] [--host 127.0.0.1] [--no-browser]   install if needed, start the app
python run.py wheels [--platform win_amd64] [--python-version 3.11] [--tests]
               fill wheels/ for a machine without internet; where that folder is, only it is used
python run.py test [pytest arguments]                           everything CI runs
"""

import argparse
import contextlib
import errno
import hashlib
import importlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def python_gate(major: int, minor: int, executable: str) -> None:
    """Stop with one line on an old Python; to come this far the file needs no more than 3.6."""
    if (major, minor) < (3, 11):
        sys.exit(f"run.py: needs Python 3.11 or newer, this is {major}.{minor} at {executable}")


python_gate(*sys.version_info[:2], sys.executable)

from collections.abc import Iterator  # noqa: E402  behind the gate, like what follows

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UNFINISHED = VENV / "unfinished"  # there while .venv is being changed: met later, it was killed
WHEELS = ROOT / "wheels"
APP_LOCK = ROOT / "requirements.txt"
TEST_LOCK = ROOT / "tests" / "requirements.txt"  # holds all of APP_LOCK, too
# The files of tests are shared out to the cores, slow ones (browser) first; each core builds what its
# files share once.
SHARED_OUT = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def say(message: str) -> None:
    """Print one line at once, so that it stands before what a child prints."""
    print(f"run.py: {message}", flush=True)


def fail(message: str) -> None:
    """End with one line and exit code 1."""
    sys.exit(f"run.py: {message}")


def call(*arguments: str | Path) -> int:
    """Run the Python of .venv; it inherits the lock, so that an orphan still holds it."""
    return subprocess.run([PYTHON, *arguments], close_fds=False, check=False).returncode


@contextlib.contextmanager
def setup_lock() -> Iterator[None]:
    """Let one run.py at a time change this folder; a dead process holds no lock."""
    with Path(__file__).open("rb") as handle:
        os.set_inheritable(handle.fileno(), True)
        for attempt in range(sys.maxsize):
            try:
                if sys.platform == "win32":
                    handle.seek(1 << 30)  # far behind the end: a locked byte cannot be read
                    msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if attempt == 0:
                    say("another run.py is setting up this folder: waiting for it")
                time.sleep(0.5)
        yield


def apt_install(*packages: str) -> None:
    """Install Debian packages as root, or say how; the caller sees whether they came."""
    names = " ".join(packages)
    if sys.platform == "win32" or not shutil.which("apt-get") or os.geteuid() != 0:
        say(f"missing: {names}; on Debian as root: apt-get install {names}")
        return
    say(f"apt-get install {names}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        command = ["apt-get", "-qq", *arguments]
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False)


def venv_trouble() -> str:
    """Say why .venv cannot be used; empty if it can."""
    if UNFINISHED.exists():
        return "its installation was interrupted"
    probe = [str(PYTHON), "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        version = subprocess.check_output(probe, text=True, stderr=subprocess.DEVNULL).strip()
        settings = (VENV / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
    except (OSError, subprocess.CalledProcessError):
        return "its Python does not start"
    made_for = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", settings, re.MULTILINE)
    if made_for and made_for[1] != version:  # after an upgrade of the system: packages not seen
        return f"it was made for Python {made_for[1]} and now runs {version}"
    return "" if int(version.split(".")[1]) >= 11 else f"it has Python {version}"


def clear_venv(trouble: str) -> None:
    """Empty a broken .venv, but never a folder that is not one."""
    content = list(VENV.iterdir()) if VENV.is_dir() else [VENV]
    if not (VENV / "pyvenv.cfg").is_file() and content not in ([], [UNFINISHED]):
        fail(f"{VENV} is no virtual environment (it has no pyvenv.cfg): move it away, start again")
    say(f".venv cannot be used ({trouble}): making it again")
    try:
        for path in content:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != "pyvenv.cfg":  # stays, so that a clearing cut short can go on
                path.unlink()
    except OSError as error:
        fail(f"cannot clear {VENV}: {error}; end the app that runs from it, start again")


def ready_venv(*, may_use_apt: bool = False) -> None:
    """Make .venv, or make it again if it is broken."""
    trouble = venv_trouble()
    if not trouble:
        return
    if may_use_apt and not importlib.util.find_spec("ensurepip"):
        apt_install("python3-venv", f"python{HERE}-venv")
        importlib.invalidate_caches()
    if not importlib.util.find_spec("ensurepip"):  # Debian packs it apart
        fail(f"this Python has no venv; on Debian, as root: apt-get install python{HERE}-venv")
    if VENV.exists() or VENV.is_symlink():
        clear_venv(trouble)
    say(f"making .venv with Python {HERE}")
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    # Started by .venv's own python, that link is gone by now; the one it was made from stays.
    base = getattr(sys, "_base_executable", None) or sys.executable
    if subprocess.run([base, "-m", "venv", VENV], check=False).returncode != 0:
        fail(f"{base} -m venv .venv failed, see above")
    UNFINISHED.unlink()


def ready_pip() -> None:
    """Add pip to a .venv without it, such as uv makes."""
    if call("-I", "-c", "import importlib.util as u; exit(u.find_spec('pip') is None)") != 0:
        call("-m", "ensurepip")


def pip(*arguments: str | Path) -> bool:
    """Run pip of .venv and tell whether it did all."""
    log = VENV / "pip.log"  # the terminal stays pip's own, for its progress
    log.unlink(missing_ok=True)
    options = ["--require-hashes", "--only-binary=:all:", "--disable-pip-version-check"]
    if call("-m", "pip", *arguments, "--no-input", *options, "--log", log) == 0:
        log.unlink(missing_ok=True)  # tens of MB
        return True
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    if "Installing collected packages" not in text:
        UNFINISHED.unlink(missing_ok=True)  # it gave up before it changed anything
    return False


def install(lock: Path) -> None:
    """Install a lock file unless its stamp says that this has been done."""
    stamp = VENV / ("-".join(lock.relative_to(ROOT).parts) + ".sha256")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    offline = ["--no-index", "--find-links", str(WHEELS)] if WHEELS.is_dir() else []
    source = "the folder wheels" if offline else "the package index"
    say(f"installing {lock.relative_to(ROOT).as_posix()} from {source}")
    UNFINISHED.touch()
    ready_pip()
    if not pip("install", *offline, "-r", lock):
        command = f"python run.py wheels{' --tests' if lock == TEST_LOCK else ''}"
        remedy = f"run '{command}' on a machine with internet, copy folder wheels to {ROOT}"
        if offline:
            fail(f"pip failed, see above; wheels/ must fit this system and lock: {remedy}")
        fail(f"pip failed, see above; without internet: {remedy}")
    stamp.write_text(digest)
    UNFINISHED.unlink()


def check_port(host: str, port: int) -> None:
    """Stop with one line if the app could not listen there."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(*found[:3]) as probe:
            if os.name == "posix":  # a port closed a moment ago counts as free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(found[4])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(f"port {port} is already in use (the app itself?): choose another with --port")
        fail(f"cannot listen on {host} port {port} ({error}): see --host and --port")


def start_app(arguments: list[str]) -> int:
    """Set up what is missing and become the app."""
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("run.py", description=__doc__, formatter_class=style)
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args(arguments)
    if not 0 < options.port < 65536:
        parser.error("--port goes from 1 to 65535")
    check_port(options.host, options.port)
    with setup_lock():
        ready_venv()
        install(APP_LOCK)
        store = Path(os.environ.get("CHUANGWEI_STORE") or ROOT / "data" / "store")
        if not (store / "CURRENT").is_file():
            say(f"no build in {store}: making the demo county")
            if call("-m", "etl", "demo") != 0:
                fail("the demo county could not be built, see above")
    check_port(options.host, options.port)  # the setup may have taken minutes
    screen = sys.platform in {"win32", "darwin"} or {"DISPLAY", "WAYLAND_DISPLAY"} & {*os.environ}
    headless = "false" if screen and not options.no_browser else "true"
    command = [str(PYTHON), "-m", "streamlit", "run", "app.py"]
    command += ["--server.port", str(options.port), "--server.address", options.host]
    command += ["--server.headless", headless, "--server.showEmailPrompt", "false"]
    say(f"starting the app at http://{options.host}:{options.port} (Ctrl-C ends it)")
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606  signals and exit code are now the app's own
    child = subprocess.Popen(command)
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the app got the same Ctrl-C and is closing
            return child.wait()


def lock_for(lock: Path, platform: str, version: str) -> str:
    """Rewrite a lock for another machine: pip would judge the markers by this one."""
    marker_type = importlib.import_module("pip._vendor.packaging.markers").Marker
    windows = platform.startswith("win")
    target = {
        "sys_platform": "win32" if windows else "linux",
        "platform_system": "Windows" if windows else "Linux",
        "os_name": "nt" if windows else "posix",
        "python_version": version,
        "python_full_version": f"{version}.0",
    }
    lines, keep = [], True
    for line in lock.read_text(encoding="utf-8").splitlines():
        requirement, semicolon, marker = line.partition(" ; ")
        if not line.startswith((" ", "#")):  # a requirement; its hashes follow it, indented
            keep = not semicolon or marker_type(marker.rstrip(" \\")).evaluate(target)
        if keep:
            lines.append(f"{requirement} \\" if semicolon else line)
    return "\n".join(lines)


def fetch_wheels(arguments: list[str]) -> int:
    """Download every locked wheel for this or another kind of machine."""
    parser = argparse.ArgumentParser("run.py wheels", description=fetch_wheels.__doc__)
    parser.add_argument("--platform", help="win_amd64 or manylinux_2_28_x86_64; default: as here")
    parser.add_argument("--python-version", default=HERE)
    parser.add_argument("--tests", action="store_true", help="also what 'run.py test' needs")
    options = parser.parse_args(arguments)
    with setup_lock():
        ready_venv()
        ready_pip()
    if Path(sys.prefix).resolve() != VENV.resolve():  # lock_for needs pip's reader of markers
        return call(__file__, "wheels", *arguments)
    lock = TEST_LOCK if options.tests else APP_LOCK
    command: list[str | Path] = ["download", "--no-deps", "-d", WHEELS]
    if options.platform or options.python_version != HERE:
        command += ["--python-version", options.python_version]
    newest = re.fullmatch(r"manylinux_2_(\d+)_(\w+)", options.platform or "")
    if newest:  # such a machine takes the wheels of every older one, too; pip wants them named
        tags = [f"manylinux_2_{minor}_{newest[2]}" for minor in range(int(newest[1]), 4, -1)]
        for tag in [*tags, f"manylinux2014_{newest[2]}"]:
            command += ["--platform", tag]
    elif options.platform:
        command += ["--platform", options.platform]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "lock.txt"
        text = lock_for(lock, options.platform or sys.platform, options.python_version)
        target.write_text(text, encoding="utf-8")
        if not pip(*command, "-r", target):
            fail("pip failed, see above; it needs internet and, of each package, a fitting wheel")
    sizes = [path.stat().st_size for path in WHEELS.glob("*.whl")]
    say(f"wheels/ holds {len(sizes)} files, {sum(sizes) >> 20} MB: copy it next to run.py there")
    return 0


def ready_system() -> None:
    """Install or name what the browser tests need from the system, and go on in any case."""
    missing = []
    named = os.environ.get("CHUANGWEI_CHROMIUM")
    if named and not shutil.which(named):
        say(f"CHUANGWEI_CHROMIUM names {named}, which is no program here")
    if not named and not shutil.which("chromium"):
        say("no program chromium; CHUANGWEI_CHROMIUM can name another Chromium, Chrome or Edge")
        missing.append("chromium")
    if sys.platform == "linux":
        fonts = shutil.which("fc-list")
        listing = [fonts or "", ":lang=zh"]
        if not fonts or not subprocess.run(listing, capture_output=True, check=False).stdout:
            missing.append("fonts-noto-cjk")
    if missing:
        apt_install(*missing)


def run_checks(arguments: list[str]) -> int:
    """Run everything that CI runs; a failed check does not stop the next one."""
    ready_system()
    with setup_lock():
        ready_venv(may_use_apt=True)
        install(TEST_LOCK)
    checks = {
        "ruff check": ["ruff", "check", "."],
        "ruff format": ["ruff", "format", "--check", "."],
        "mypy": ["mypy"],
        "pytest": ["pytest", *SHARED_OUT, *arguments],
    }
    results = {}
    for name, command in checks.items():
        say(" ".join(command))
        results[name] = call("-m", *command)
    for name, code in results.items():
        say(f"{name}: {'ok' if code == 0 else f'FAILED (exit {code})'}")
    return 1 if any(results.values()) else 0


def main(arguments: list[str]) -> int:
    """Choose the command; without one, start the app."""
    os.chdir(ROOT)
    os.environ["PYTHONUTF8"] = "1"
    # Our matrices are small: threads of the algebra library only wait for each other when the server is
    # busy, and then the risk of sample points takes up to ten times as long (docs/performance.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # an exit ends a running child, too
    command = {"wheels": fetch_wheels, "test": run_checks}.get(arguments[0] if arguments else "")
    try:
        return command(arguments[1:]) if command else start_app(arguments)
    except KeyboardInterrupt:
        say("interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
