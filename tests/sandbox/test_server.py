"""The sandbox as an object: start, addresses, end, and what it may import."""

import ast
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from rehearsing import USER, calling

import importer.sandbox
from importer.errors import SettingsError, UsageError
from importer.sandbox import Sandbox


def test_a_sandbox_that_is_not_running_says_so():
    sandbox = Sandbox(None)
    with pytest.raises(SettingsError, match=r"^The sandbox is not running\. Start it first\.$"):
        _ = sandbox.store
    sandbox.close()


def test_a_sandbox_can_be_started_again():
    sandbox = Sandbox(None)
    for _ in range(2):
        with calling(sandbox) as client:
            assert client.tell("profiles/push", USER)["reference_id"] == 1


def test_serving_ends_when_the_sandbox_is_closed():
    with Sandbox(None) as sandbox, ThreadPoolExecutor(1) as pool:
        serving = pool.submit(sandbox.serve_forever)
        sandbox.close()
        serving.result(5)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal on Windows")
def test_serving_ends_at_ctrl_c():
    code = (
        "from importer.sandbox import Sandbox\n"
        "try:\n"
        "    with Sandbox(None) as sandbox:\n"
        "        print(sandbox.url, flush=True)\n"
        "        sandbox.serve_forever()\n"
        "except KeyboardInterrupt:\n"
        "    pass\n"  # On a busy machine it may come before the sandbox has begun to wait for it.
        "print('closed')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip()
        assert requests.get(url, timeout=10).status_code == 404
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10) == ("closed\n", "")


def test_a_port_that_is_taken_is_named(tmp_path):
    with Sandbox(None) as sandbox:
        port = int(sandbox.url.rsplit(":", 1)[1])
        with pytest.raises(UsageError) as caught:
            Sandbox(tmp_path / "sandbox.sqlite", port=port).start()
    assert str(caught.value) == (
        f"The sandbox cannot listen on port {port} of 127.0.0.1. "
        "Choose another port; 0 takes any free one."
    )


def test_it_imports_nothing_of_ours_but_errors():
    folder = Path(importer.sandbox.__file__).parent
    found = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.add(node.module)
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
    ours = {name for name in found if name.split(".")[0] in {"importer", "schemas"}}
    assert {name for name in ours if not name.startswith("importer.sandbox")} == {"importer.errors"}
    others = {name.split(".")[0] for name in found - ours} - sys.stdlib_module_names
    assert others == set()
