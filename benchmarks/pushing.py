"""How fast rows are pushed, beside what else could push them, and how often after a kill.

``python benchmarks/pushing.py`` prints a table; ``--quick`` takes a tenth of the rows. The server is a
process of its own that answers after a fixed latency; rows per second are counted there, from the first
request to the last, and CPU is the client process's own (``getrusage`` of the finished child).
"""

import argparse
import asyncio
import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOKEN = "benchmark-token"
NAMES = ("raw", "session", "importer")
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


async def answer(reader, writer, latency, seen):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            body = await reader.readexactly(length)
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
                b"POST /api/OC/v1/profiles/push HTTP/1.1\r\nHost: x\r\nContent-Length: "
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
                session.post(f"{url}/api/OC/v1/profiles/push", json=body, timeout=60).json()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


MAPPING = "version: 1\nname: Benchmark\nendpoint: users\nfields:\n" + "".join(
    f"  {name}: {name}\n" for name in FIELDS
)


def prepare(folder, rows):
    with (folder / "users.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(payload(number) for number in range(rows))
    (folder / "users.yaml").write_text(MAPPING, encoding="utf-8")


def ours(folder, url, workers):
    return [
        sys.executable, "-m", "importer", "push", str(folder / "users.csv"), "--workspace", str(folder),
        "--mapping", str(folder / "users.yaml"), "--host", url, "--client", "OC", "--yes",
        "--workers", str(workers),
    ]  # fmt: skip


def measure(command):
    """Run a command to its end; return its CPU seconds and peak memory in MiB."""
    environment = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    pid = os.spawnvpe(os.P_NOWAIT, command[0], command, environment)
    _, _, used = os.wait4(pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def compare(latency, workers, rows):
    plain = [sys.executable, __file__, "--rows", str(rows), "--workers", str(workers)]
    for name in NAMES:
        server = Server(latency)
        folder = Path(tempfile.mkdtemp())
        prepare(folder, rows)
        command = ours(folder, server.url, workers)
        if name != "importer":
            command = [*plain, "--client", name, "--url", server.url]
        cpu, memory = measure(command)
        facts = server.close()
        shutil.rmtree(folder)
        yield name, facts["requests"] / facts["seconds"], 1000 * cpu / rows, memory


def killed(rows):
    """Kill a push in the middle, run it again, and count rows that were sent twice."""
    server = Server(0.02)
    folder = Path(tempfile.mkdtemp())
    prepare(folder, rows)
    environment = {**os.environ, "OPSCOM_API_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    command = ours(folder, server.url, 8)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    time.sleep(1.5 + rows * 0.02 / 8 / 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run(command, env=environment, check=False, stderr=subprocess.DEVNULL)
    facts = server.close()
    shutil.rmtree(folder)
    return facts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=float)
    parser.add_argument("--report")
    parser.add_argument("--client", choices=("raw", "session"))
    parser.add_argument("--url")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.serve is not None:
        asyncio.run(serve(given.serve, given.report))
    elif given.client == "raw":
        asyncio.run(raw(given.url, given.rows, given.workers))
    elif given.client == "session":
        session_loop(given.url, given.rows, given.workers)
    else:
        resource.getrusage(resource.RUSAGE_SELF)
        print("| latency | client | rows/s | of raw | own CPU ms/row | peak MiB |")
        print("|---|---|---|---|---|---|")
        for latency, rows in ((0.0, 4000), (0.02, 4000), (0.1, 1600)):
            count = rows // 10 if given.quick else rows
            best = None
            for name, rate, cpu, memory in compare(latency, 8, count):
                best = best or rate
                share = f"{100 * rate / best:.1f} %"
                print(
                    f"| {latency * 1000:.0f} ms | {name} | {rate:.0f} | {share} | {cpu:.2f} | {memory:.0f} |",
                    flush=True,
                )
        facts = killed(800 if given.quick else 4000)
        print(
            f"\nKilled half way and run again: {facts['twice']} of {facts['requests']} requests were"
        )
        print("for a row that had been sent before (rows under way when the process died).")


if __name__ == "__main__":
    main()
