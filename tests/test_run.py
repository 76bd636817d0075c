"""run.py as a person meets it: run in a small copy of the project, without a network."""

import ast
import base64
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

RUN = Path(__file__).parents[1] / "run.py"
PYTHON = ".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python"
STUB = "import sys; print(f'STUB {__name__} {sys.argv[1:]}', flush=True); sys.exit({code})\n"


def make_wheel(folder: Path, name: str) -> str:
    """Write the smallest wheel that pip takes; return its line for a lock file."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{path},sha256={digest.decode()},{len(text)}\n"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def make_project(folder: Path) -> Path:
    """Lay out a project whose app, ETL and test tools only say that they were started."""
    for name in ("wheels", "tests", "etl"):
        (folder / name).mkdir(parents=True)
    shutil.copy(RUN, folder)
    lock = make_wheel(folder / "wheels", "tiny")
    (folder / "requirements.txt").write_text(lock)
    (folder / "tests" / "requirements.txt").write_text(lock)
    (folder / "etl" / "__main__.py").write_text(
        "import os, pathlib\n"
        "store = pathlib.Path(os.environ.get('CHUANGWEI_STORE') or 'data/store')\n"
        "store.mkdir(parents=True)\n"
        "(store / 'CURRENT').write_text('demo')\n"
    )
    for name, code in {"streamlit": 7, "ruff": 1, "mypy": 0, "pytest": 0}.items():
        stub = STUB.replace("{code}", str(code)).replace("{__name__}", name)
        (folder / f"{name}.py").write_text(stub)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**changes: str) -> dict[str, str]:
    """Return an environment in which pip reaches nothing and no screen is there."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "CHUANGWEI_", "DISPLAY", "WAYLAND"))
    }
    nowhere = f"http://127.0.0.1:{free_port()}/simple"
    quick = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": nowhere,
        "PIP_RETRIES": "0",
        "PYTHONUTF8": "1",
    }
    return {**kept, **quick, **changes}


def run(project: Path, *arguments: str, **changes: str) -> tuple[int, str]:
    """Run run.py to its end; return its exit code and all it printed."""
    done = subprocess.run(
        [sys.executable, project / "run.py", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment(**changes),
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def start(project: Path, **changes: str) -> tuple[int, str]:
    return run(project, "--port", str(free_port()), **changes)


def load(project: Path) -> ModuleType:
    """Import the run.py of a project, so that its paths are that project's."""
    spec = importlib.util.spec_from_file_location("run_of_project", project / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    project = make_project(tmp_path_factory.mktemp("first") / "创卫 project")
    return project, *start(project)


@pytest.fixture
def installed(first_start: tuple[Path, int, str], tmp_path: Path) -> Path:
    """Return a copy of a project that has been started once."""
    return Path(shutil.copytree(first_start[0], tmp_path / "创卫 project", symlinks=True))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return make_project(tmp_path / "创卫 project")


def test_first_start_sets_up_offline_and_passes_the_exit_code_on(
    first_start: tuple[Path, int, str],
) -> None:
    project, code, output = first_start
    assert code == 7, output
    steps = ["making .venv", "from the folder wheels", "making the demo county", "starting the app"]
    assert [step for step in steps if step in output] == steps
    assert "Looking in indexes" not in output
    assert "'run', 'app.py'" in output
    assert "'--server.headless', 'true'" in output
    assert (project / "data" / "store" / "CURRENT").exists()
    assert not (project / ".venv" / "unfinished").exists()


def test_second_start_only_starts(installed: Path) -> None:
    shutil.rmtree(installed / "wheels")  # pip would have nothing to install from
    code, output = start(installed)
    assert code == 7
    ours = [line for line in output.splitlines() if line.startswith("run.py:")]
    assert len(ours) == 1
    assert "starting the app" in ours[0]


def test_changed_lock_is_installed(installed: Path) -> None:
    line = make_wheel(installed / "wheels", "other")
    with (installed / "requirements.txt").open("a") as lock:
        lock.write(line)
    code, output = start(installed)
    assert code == 7, output
    assert "installing requirements.txt" in output
    subprocess.run([installed / PYTHON, "-I", "-c", "import tiny, other"], check=True)


@pytest.mark.parametrize("proof", ["", " --hash=sha256:" + "0" * 64])
def test_package_without_its_hash_is_refused(installed: Path, proof: str) -> None:
    make_wheel(installed / "wheels", "other")
    (installed / "requirements.txt").write_text(f"other==1.0{proof}\n")
    code, output = start(installed)
    assert code == 1
    assert "run.py: pip failed" in output
    assert "STUB" not in output


def test_store_of_the_environment_is_used(installed: Path, tmp_path: Path) -> None:
    store = tmp_path / "elsewhere"
    _, output = start(installed, CHUANGWEI_STORE=str(store))
    assert f"no build in {store}" in output
    assert (store / "CURRENT").exists()


def test_missing_network_names_the_remedy_and_changes_nothing(installed: Path) -> None:
    shutil.rmtree(installed / "wheels")
    lock = installed / "requirements.txt"
    old = lock.read_text()
    lock.write_text(old + old.replace("tiny", "other"))
    code, output = start(installed)
    assert code == 1
    last = output.splitlines()[-1]
    assert "without internet" in last
    assert "python run.py wheels" in last
    lock.write_text(old)
    assert start(installed)[0] == 7


def test_wheels_that_lack_a_package(installed: Path) -> None:
    shutil.rmtree(installed / "wheels")
    (installed / "wheels").mkdir()
    with (installed / "requirements.txt").open("a") as lock:
        lock.write("other==1.0 --hash=sha256:" + "0" * 64 + "\n")
    code, output = start(installed)
    assert code == 1
    assert "wheels/ must fit" in output.splitlines()[-1]


def test_venv_whose_python_is_gone_is_made_again(installed: Path) -> None:
    for name in (installed / PYTHON).parent.glob("python*"):
        name.unlink()
    left = installed / ".venv" / "left.txt"
    left.touch()
    code, output = start(installed)
    assert code == 7, output
    assert ".venv cannot be used (its Python does not start): making it again" in output
    assert not left.exists()


@pytest.mark.parametrize(
    ("file", "text", "trouble"),
    [
        ("unfinished", "", "interrupted"),
        ("pyvenv.cfg", "version = 3.4.0\n", "made for Python 3.4"),
        ("pyvenv.cfg", "version_info = 3.4.0\n", "made for Python 3.4"),
        ("note.txt", "", ""),
    ],
)
def test_trouble_with_a_venv(bare: Path, file: str, text: str, trouble: str) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare / ".venv"], check=True)
    module = load(bare)
    assert module.venv_trouble() == ""
    with (bare / ".venv" / file).open("w" if text else "a") as target:
        target.write(f"home = {Path(sys.executable).parent}\n{text}" if text else "")
    found = module.venv_trouble()
    assert trouble in found
    assert bool(trouble) == bool(found)


def test_folder_that_is_no_venv_is_left_alone(bare: Path) -> None:
    letter = bare / ".venv" / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("mine")
    code, output = start(bare)
    assert code == 1
    assert "no virtual environment" in output
    assert letter.read_text() == "mine"


def test_venv_without_pip_gets_it(bare: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", bare / ".venv"], check=True)
    code, output = start(bare)
    assert code == 7, output
    assert "making .venv" not in output


def test_occupied_port_is_named(bare: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        code, output = run(bare, "--port", port)
    assert code == 1
    assert output.splitlines() == [
        f"run.py: port {port} is already in use (the app itself?): choose another with --port"
    ]
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("arguments", [["--port", "0"], ["--port", "70000"], ["tset"]])
def test_bad_arguments_end_at_once(bare: Path, arguments: list[str]) -> None:
    assert run(bare, *arguments)[0] == 2


def test_old_python_is_told_what_it_is() -> None:
    ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 6))
    gate = load(RUN.parent).python_gate
    gate(3, 11, "python")
    with pytest.raises(SystemExit) as stop:
        gate(3, 8, r"C:\Python38\python.exe")
    expected = r"run.py: needs Python 3.11 or newer, this is 3.8 at C:\Python38\python.exe"
    assert stop.value.code == expected


def test_checks_all_run_and_one_failure_is_enough(installed: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "bin"  # without apt-get, so that nothing is installed on this machine
    nothing.mkdir()
    code, output = run(installed, "test", "-k", "word", PATH=str(nothing))
    assert code == 1
    assert "CHUANGWEI_CHROMIUM" in output
    shared_out = load(RUN.parent).SHARED_OUT
    assert shared_out[:2] == ["-n", "auto"]
    assert [line for line in output.splitlines() if line.startswith("STUB")] == [
        "STUB ruff ['check', '.']",
        "STUB ruff ['format', '--check', '.']",
        "STUB mypy []",
        f"STUB pytest {[*shared_out, '-k', 'word']}",
    ]
    assert output.splitlines()[-4:] == [
        "run.py: ruff check: FAILED (exit 1)",
        "run.py: ruff format: FAILED (exit 1)",
        "run.py: mypy: ok",
        "run.py: pytest: ok",
    ]
    (installed / "ruff.py").write_text("")
    assert run(installed, "test", PATH=str(nothing))[0] == 0


def test_wheels_are_downloaded(installed: Path, tmp_path: Path) -> None:
    source = (installed / "wheels").rename(tmp_path / "source")
    arguments = ["wheels", "--platform", "win_amd64", "--python-version", "3.12"]
    code, output = run(installed, *arguments, PIP_FIND_LINKS=str(source), PIP_NO_INDEX="1")
    assert code == 0, output
    assert [path.name for path in (installed / "wheels").iterdir()] == ["tiny-1.0-py3-none-any.whl"]
    code, output = run(installed, *arguments, "--tests")
    assert code == 1
    assert "it needs internet" in output.splitlines()[-1]


def test_lock_for_another_machine_keeps_what_that_machine_needs(installed: Path) -> None:
    (installed / "lock.txt").write_text(
        "# comment\n"
        "both==1 \\\n    --hash=sha256:1\n    # via x\n"
        "windows==1 ; sys_platform == 'win32' \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
        "old==1 ; python_full_version < '3.12' \\\n    --hash=sha256:4\n"
        "new==1 ; python_full_version >= '3.12' and sys_platform != 'darwin' \\\n"
        "    --hash=sha256:5\n"
    )
    script = "import pathlib, run, sys; print(run.lock_for(pathlib.Path('lock.txt'), *sys.argv[1:]))"

    def lines(platform: str, version: str) -> list[str]:
        command = [str(installed / PYTHON), "-c", script, platform, version]
        output: str = subprocess.check_output(command, cwd=installed, text=True)
        return output.splitlines()

    windows = lines("win_amd64", "3.12")
    assert windows == [
        "# comment",
        *("both==1 \\", "    --hash=sha256:1", "    # via x"),
        *("windows==1 \\", "    --hash=sha256:2 \\", "    --hash=sha256:3"),
        *("new==1 \\", "    --hash=sha256:5"),
    ]
    linux = lines("manylinux_2_28_aarch64", "3.11")
    assert [line for line in linux if "==" in line] == ["both==1 \\", "old==1 \\"]


def listen_to_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_second_setup_waits_for_the_first(installed: Path) -> None:
    command = [sys.executable, str(installed / "run.py"), "--port", str(free_port())]

    def launch() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(),
            # What runs in the background of a shell ignores Ctrl-C, and so would its children.
            preexec_fn=listen_to_ctrl_c if os.name == "posix" else None,  # noqa: PLW1509 no threads here
        )

    with load(installed).setup_lock():
        patient, impatient = launch(), launch()
        for waiting in (patient, impatient):
            assert waiting.stdout is not None
            assert "waiting for it" in waiting.stdout.readline()
        if os.name == "posix":
            impatient.send_signal(signal.SIGINT)
            assert impatient.communicate(timeout=20)[0] == "run.py: interrupted\n"
            assert impatient.returncode == 130
        impatient.kill()
        impatient.communicate()
    assert "starting the app" in patient.communicate(timeout=20)[0]
    assert patient.returncode == 7
