"""How fast rows are pushed, beside what else could push them, and how often after a kill.

``python benchmarks/pushing.py`` prints a table; ``--quick`` takes a tenth of the rows, once. The server is a
process of its own that answers after a fixed latency; rows per second are counted there, from the first
request to the last, and CPU is the client process's own (``getrusage`` of the finished child). All take
turns, round after round, and medians are printed. ``--newman`` and ``--lightbeam`` name these programs
where they are installed (``npm install newman``, ``pip install lightbeam`` into folders of their own).
``--again 100000`` measures instead what a second push of an unchanged file of so many rows takes beside a check
of it, and ``--help`` of the command beside ``import click``.
"""

import argparse
import asyncio
import csv
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOKEN = "benchmark-token"
PUSH = "/api/OC/v1/profiles/push"
ROWS = {0.0: 8000, 0.02: 8000, 0.1: 4000}
"""Latency in seconds → rows. What sends one row after the other gets a tenth of them."""
ONE_BY_ONE = ("session, one thread", "newman")
FIELDS = [
    "unique_id",
    "login_source",
    "first_name",
    "last_name",
    "email",
    "street",
    "city",
    "province",
    "postal_code",
    "phone_cell",
    "employ_no",
    "student_no",
    "date_of_birth",
]


def payload(number):
    return {
        "unique_id": f"{number:09d}",
        "login_source": "OPSCOM",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "email": f"user{number}@students.example",
        "street": f"{number} Willow Lane",
        "city": "Fairhaven",
        "province": "ON",
        "postal_code": "K7M 2T5",
        "phone_cell": "555-555-0100",
        "employ_no": f"E{number}",
        "student_no": f"{number:09d}",
        "date_of_birth": "2001-02-03",
    }


RESOURCE = "students"


def of_edfi(path, host):
    """Return what lightbeam asks an Ed-Fi API for before it sends."""
    if path.startswith("/oauth"):
        return {"access_token": "x"}
    if path.startswith("/dependencies"):
        return [{"resource": f"/ed-fi/{RESOURCE}", "order": 1, "operations": ["Create"]}]
    names = {"oauth": "oauth", "dependencies": "dependencies", "openApiMetadata": "metadata"}
    return {"urls": {name: f"{host}/{place}" for name, place in names.items()}}


async def answer(reader, writer, latency, seen):
    host = "http://127.0.0.1:{}".format(writer.get_extra_info("sockname")[1])
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ]
            body = await reader.readexactly(lengths[0] if lengths else 0)
            path = head.split(b" ", 2)[1].decode()
            text = json.dumps(of_edfi(path, host)).encode()
            if path in {PUSH, f"/data/v3/ed-fi/{RESOURCE}"}:
                seen.append((time.perf_counter(), json.loads(body).get("unique_id")))
                if latency:
                    await asyncio.sleep(latency)
                text = b'{"status": "success", "reference_id": 44}'
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(text)).encode()
                + b"\r\n\r\n"
                + text
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve(latency, report):
    """Answer until standard input ends, then write what was seen."""
    seen = []

    async def handle(reader, writer):
        await answer(reader, writer, latency, seen)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    times = [at for at, _ in seen]
    keys = [key for _, key in seen]
    facts = {
        "requests": len(seen),
        "twice": len(keys) - len(set(keys)),
        "seconds": times[-1] - times[0] if times else 0,
    }
    Path(report).write_text(json.dumps(facts), encoding="utf-8")
    os._exit(0)


class Server:
    def __init__(self, latency):
        self.report = Path(tempfile.mkdtemp()) / "seen.json"
        command = [sys.executable, __file__, "--serve", str(latency), "--report", str(self.report)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        facts = json.loads(self.report.read_text(encoding="utf-8"))
        shutil.rmtree(self.report.parent)
        return facts


async def raw(url, rows, workers):
    """Push with a bare socket client: what machine and server can do at most."""
    port = int(url.rsplit(":", 1)[1])
    waiting = iter(range(rows))

    async def work():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in waiting:
            body = json.dumps({"apiToken": TOKEN, **payload(number)}).encode()
            writer.write(
                f"POST {PUSH} HTTP/1.1\r\nHost: x\r\nContent-Length: ".encode()
                + str(len(body)).encode()
                + b"\r\n\r\n"
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(work() for _ in range(workers)))


def session_loop(url, rows, workers):
    """Push with a ``requests.Session`` a thread, without journal, checks or workbook."""
    import threading

    import requests

    waiting, lock = iter(range(rows)), threading.Lock()

    def work():
        with requests.Session() as session:
            while True:
                with lock:
                    number = next(waiting, None)
                if number is None:
                    return
                body = {"apiToken": TOKEN, **payload(number)}
                session.post(url + PUSH, json=body, timeout=60).json()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


MAPPING = "version: 1\nname: Benchmark\nendpoint: users\nfields:\n" + "".join(
    f"  {name}: {name}\n" for name in FIELDS
)


SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
LIGHTBEAM = """\
data_dir: {folder}
state_dir: {folder}/state
edfi_api: {{mode: shared_instance, client_id: a, client_secret: b}}
connection: {{pool_size: 8, verify_ssl: false}}
"""


def prepare(folder, rows):
    with (folder / "users.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(payload(number) for number in range(rows))
    (folder / "users.yaml").write_text(MAPPING, encoding="utf-8")
    with (folder / f"{RESOURCE}.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(payload(number))}\n" for number in range(rows))
    body = json.dumps({"apiToken": TOKEN, **{name: f"{{{{{name}}}}}" for name in FIELDS}})
    header = [{"key": "Content-Type", "value": "application/json"}]
    request = {"method": "POST", "url": f"{{{{host}}}}{PUSH}", "header": header}
    request["body"] = {"mode": "raw", "raw": body}
    collection = {"info": {"name": "push", "schema": SCHEMA}, "item": [{"request": request}]}
    (folder / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    (folder / "lightbeam.yaml").write_text(LIGHTBEAM.format(folder=folder), encoding="utf-8")


def ours(folder, url, workers):
    return [
        sys.executable, "-m", "importer", "push", str(folder / "users.csv"), "--workspace", str(folder),
        "--mapping", str(folder / "users.yaml"), "--host", url, "--client", "OC", "--yes",
        "--workers", str(workers),
    ]  # fmt: skip


def measure(command):
    """Run a command to its end; return its CPU seconds and peak memory in MiB."""
    environment = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=environment, **silent)
    _, process.returncode, used = os.wait4(process.pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def commands(given, folder, url, rows):
    """Return what is compared: name → command that pushes the rows of a folder."""
    plain = [sys.executable, __file__, "--rows", str(rows), "--url", url]
    found = {
        "raw": [*plain, "--client", "raw", "--workers", str(given.workers)],
        "importer": ours(folder, url, given.workers),
        "session, threads": [*plain, "--client", "session", "--workers", str(given.workers)],
        "session, one thread": [*plain, "--client", "session", "--workers", "1"],
    }
    if given.lightbeam:
        config = ["-c", str(folder / "lightbeam.yaml"), "--set", "edfi_api.base_url", url]
        found["lightbeam"] = [given.lightbeam, "send", *config]
    if given.newman:
        data = ["-d", str(folder / "users.csv"), "--env-var", f"host={url}", "--silent"]
        found["newman"] = [given.newman, "run", str(folder / "collection.json"), *data]
    return found


def once(given, name, latency, rows):
    """Push once; return rows a second, CPU ms a row, peak MiB, and CPU seconds of a push of nothing."""
    server = Server(latency)
    folder = Path(tempfile.mkdtemp())
    prepare(folder, rows)
    command = commands(given, folder, server.url, rows)[name]
    cpu, memory = measure(command)
    # The same file again: all is done but the sending.
    idle = measure(command)[0] if name == "importer" else 0.0
    facts = server.close()
    shutil.rmtree(folder)
    if facts["requests"] != rows:
        raise SystemExit(f"{name} sent {facts['requests']} of {rows} rows")
    return facts["requests"] / facts["seconds"], 1000 * cpu / rows, memory, idle


def compare(given, latency):
    """Let all push in turns, and print the medians."""
    rows = ROWS[latency] // (10 if given.quick else 1)
    counts = {
        name: rows // 10 if name in ONE_BY_ONE else rows
        for name in commands(given, Path(), "", rows)
    }
    runs = {name: [] for name in counts}
    for _ in range(1 if given.quick else given.rounds):
        for name, count in counts.items():
            runs[name].append(once(given, name, latency, count))
    for name, count in counts.items():
        share = statistics.median(
            100 * mine[0] / raw[0] for mine, raw in zip(runs[name], runs["raw"], strict=True)
        )
        rate, cpu, memory, idle = (
            statistics.median(each) for each in zip(*runs[name], strict=True)
        )
        rest = f"{cpu - 1000 * idle / count:.2f}" if idle else ""
        print(
            f"| {latency * 1000:.0f} ms | {name} | {count} | {rate:.0f} | {share:.1f} % | {cpu:.2f} | {rest} | {memory:.0f} |",
            flush=True,
        )


def written(journal):
    """Return how many rows a journal knows of, beside the run that writes it."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as beside:
            return beside.execute("SELECT count(*) FROM attempt").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def killed(rows):
    """Kill a push in the middle, run it again, and count rows that were sent twice."""
    server = Server(0.02)
    folder = Path(tempfile.mkdtemp())
    prepare(folder, rows)
    environment = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    command = ours(folder, server.url, 8)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while written(folder / "journal.sqlite") < rows / 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL)
    facts = server.close()
    shutil.rmtree(folder)
    return facts


def unchanged(rows):
    """Measure a second push of an unchanged file and a check of it, three times by turns, and ``--help``."""
    server, folder = Server(0.0), Path(tempfile.mkdtemp())
    prepare(folder, rows)
    push = ours(folder, server.url, 8)
    measure(push)
    check = ["check" if word == "push" else word for word in push[: push.index("--yes")]]
    starts = {
        "opscom-import --help": [sys.executable, "-m", "importer", "--help"],
        "import click": [sys.executable, "-c", "import click"],
    }
    timed = {"second push": push, "check": check, **starts}
    taken = {name: [] for name in timed}
    for _ in range(3):
        for name, command in timed.items():
            taken[name].append(measure(command))
    facts = server.close()
    shutil.rmtree(folder)
    print(f"{rows:,} rows, pushed once before; requests in all: {facts['requests']:,}")
    print("| what | CPU s | peak MiB |\n|---|---|---|")
    for name, each in taken.items():
        cpu, memory = (statistics.median(one) for one in zip(*each, strict=True))
        print(f"| {name} | {cpu:.2f} | {memory:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=float)
    parser.add_argument("--report")
    parser.add_argument("--client", choices=("raw", "session"))
    parser.add_argument("--url")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency", type=float, action="append", choices=ROWS)
    parser.add_argument("--again", type=int, metavar="ROWS")
    parser.add_argument("--newman", help="the command newman")
    parser.add_argument("--lightbeam", help="the command lightbeam")
    given = parser.parse_args()
    if given.serve is not None:
        asyncio.run(serve(given.serve, given.report))
    elif given.client == "raw":
        asyncio.run(raw(given.url, given.rows, given.workers))
    elif given.client == "session":
        session_loop(given.url, given.rows, given.workers)
    elif given.again:
        unchanged(given.again)
    else:
        print(
            "| latency | client | rows | rows/s | of raw | CPU ms/row | of it sending | peak MiB |"
        )
        print("|---|---|---|---|---|---|---|---|")
        for latency in given.latency or ROWS:
            compare(given, latency)
        facts = killed(800 if given.quick else 4000)
        again, sent = facts["twice"], facts["requests"]
        print(
            f"\nKilled half way and run again: {again} of {sent} requests were for a row that had"
        )
        print("been sent before (rows under way when the process died).")


if __name__ == "__main__":
    main()
