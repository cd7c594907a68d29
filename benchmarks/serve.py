"""Load on `serve`: many clients at once, for a while; errors, throughput, waiting times, and memory of the server.

    python benchmarks/serve.py MODEL --clients 100 --seconds 60

Needs the extras serve and test. Memory is read from /proc, so it is shown on Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx

TEXTS = (
    "Dell said the company will move its offices to Austin.",
    "Anna Keller grew up in Oslo, where her father taught music. When she was twenty, she moved to Berlin.",
    "The old captain walked down to the harbour with his dog. He had not seen the ship since his brother sold her.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a folder, or the name of an installed package")
    parser.add_argument("--clients", type=int, default=100, help="requests at the same time")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    command = [sys.executable, "-u", "-m", "spacy_hmtl", "serve", options.model, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+:\d+/", server.stdout.readline() if server.stdout else "")
            if found is None:
                raise SystemExit("The server did not start.")
            asyncio.run(measure(found.group(), server.pid, options.clients, options.seconds))
        finally:
            server.terminate()


async def measure(url: str, pid: int, n_clients: int, seconds: float) -> None:
    """Warm up for a quarter of the time, then measure, and print."""
    limits = httpx.Limits(max_connections=n_clients)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False) as client:
        await load(client, n_clients, seconds / 4)
        sizes, began, cpu = [resident(pid)], time.perf_counter(), cpu_seconds(pid)
        statuses: Counter[str] = Counter()
        waits: list[float] = []
        for _ in range(N_PARTS):
            counted, waited = await load(client, n_clients, seconds / N_PARTS)
            statuses.update(counted)
            waits += waited
            sizes.append(resident(pid))
        took, cpu = time.perf_counter() - began, cpu_seconds(pid) - cpu
    waits.sort()
    print(f"{n_clients} clients, {took:.0f} s: {len(waits):,} requests, {len(waits) / took:.0f} requests/s")
    print(f"answers: {', '.join(f'{count:,} x {status}' for status, count in statuses.most_common())}")
    print(f"errors: {sum(statuses.values()) - statuses['200']}")
    print("waiting: " + ", ".join(f"{name} {waits[int(part * (len(waits) - 1))]:.2f} s" for name, part in QUANTILES))
    if None not in sizes:
        print(f"processor time of the server: {1000 * cpu / len(waits):.1f} ms per request")
        print(f"memory of the server, MB: {' -> '.join(f'{size:.1f}' for size in sizes)}")


N_PARTS = 4  # of the time, after each of which memory is read
QUANTILES = (("median", 0.5), ("99 % within", 0.99), ("longest", 1.0))


async def load(client: httpx.AsyncClient, n_clients: int, seconds: float) -> tuple[Counter[str], list[float]]:
    """Each client sends its next request when the last one is answered. RETURNS: statuses; seconds of each."""
    statuses: Counter[str] = Counter()
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def one(number: int) -> None:
        rng = random.Random(number)
        while time.perf_counter() < end:
            # A new word each time: what a server keeps of words grows without end.
            text = f"{rng.choice(TEXTS)} Mr. Q{rng.getrandbits(48):x} left."
            began = time.perf_counter()
            try:
                answer = await client.post("/api/annotate", json={"text": text})
                right = answer.status_code != 200 or answer.json()["text"] == text
                statuses[str(answer.status_code) if right else "wrong text"] += 1
            except httpx.HTTPError as error:
                statuses[type(error).__name__] += 1
            waits.append(time.perf_counter() - began)

    await asyncio.gather(*(one(number) for number in range(n_clients)))
    return statuses, waits


def resident(pid: int) -> float | None:
    """Memory of a process in MB; None where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    return int(found.group(1)) / 1024 if found else None


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, which other work on the machine does not change as it does the throughput."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
