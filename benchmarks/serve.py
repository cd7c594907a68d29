"""Load on `serve`: many clients at once, for a while; errors, throughput, waiting times, and memory of the server.

    python benchmarks/serve.py load MODEL --clients 100 --seconds 60
    python benchmarks/serve.py flood MODEL --clients 100 --seconds 60     # one of the clients is hostile

Needs the extras serve and test. Memory is read from /proc, so it is shown on Linux only.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import typer

TEXTS = (
    "Dell said the company will move its offices to Austin.",
    "Anna Keller grew up in Oslo, where her father taught music. When she was twenty, she moved to Berlin.",
    "The old captain walked down to the harbour with his dog. He had not seen the ship since his brother sold her.",
)
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Model = Annotated[str, typer.Argument(help="A folder, or the name of an installed package")]
Clients = Annotated[int, typer.Option(help="Requests at the same time")]
Seconds = Annotated[float, typer.Option(help="Of measuring")]
Tree = Annotated[Path, typer.Option(help="The checkout whose server runs, to compare two of them")]
Seed = Annotated[int, typer.Option(help="Of the texts that are drawn")]
HERE = Path(__file__).parents[1]


@app.command()
def load(model: Model, clients: Clients = 100, seconds: Seconds = 60.0, tree: Tree = HERE, seed: Seed = 0) -> None:
    """Clients that send their next request when the last one is answered."""
    with server(model, tree) as (url, pid):
        asyncio.run(measure(url, pid, clients, seconds, seed))


@app.command()
def flood(model: Model, clients: Clients = 100, seconds: Seconds = 60.0, tree: Tree = HERE, seed: Seed = 0) -> None:
    """The same clients in turns by themselves, and with a hostile one in the place of one of them."""
    with server(model, tree) as (url, pid):
        asyncio.run(measure_flood(url, pid, clients, seconds, seed))


@contextmanager
def server(model: str, tree: Path) -> Iterator[tuple[str, int]]:
    """The command in a process of its own. YIELDS: its address and process id."""
    command = [sys.executable, "-u", "-m", "spacy_hmtl", "serve", str(Path(model).resolve()), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tree) as process:
        try:
            found = re.search(r"http://\S+:\d+/", process.stdout.readline() if process.stdout else "")
            if found is None:
                raise SystemExit("The server did not start.")
            yield found.group(), process.pid
        finally:
            process.terminate()


async def measure(url: str, pid: int, n_clients: int, seconds: float, seed: int) -> None:
    """Warm up for a quarter of the time, then measure, and print."""
    async with polite_client(url, n_clients) as client:
        await ask(client, n_clients, seconds / 4, seed)
        sizes, began, cpu = [resident(pid)], time.perf_counter(), cpu_seconds(pid)
        statuses: Counter[str] = Counter()
        waits: list[float] = []
        for _ in range(N_PARTS):
            counted, waited = await ask(client, n_clients, seconds / N_PARTS, seed)
            statuses.update(counted)
            waits += waited
            sizes.append(resident(pid))
        took, cpu = time.perf_counter() - began, cpu_seconds(pid) - cpu
    report(f"{n_clients} clients", statuses, waits, took)
    if None not in sizes:
        typer.echo(f"processor time of the server: {1000 * cpu / len(waits):.1f} ms per request")
        typer.echo(f"memory of the server, MB: {' -> '.join(f'{size:.1f}' for size in sizes)}")


async def measure_flood(url: str, pid: int, n_clients: int, seconds: float, seed: int) -> None:
    """Warm up, then measure in turns without the hostile client and with it, and print both.

    Turns, because what else the machine does changes from minute to minute.
    """
    sums, replaced = {False: Side(), True: Side()}, 0
    async with polite_client(url, n_clients) as client:
        await ask(client, n_clients, seconds / 6, seed)
        for turn in range(2 * N_PARTS):
            side, is_hostile = sums[bool(turn % 2)], bool(turn % 2)
            began, cpu, own = time.perf_counter(), cpu_seconds(pid), time.process_time()
            attacks = asyncio.ensure_future(attack(url, seconds / N_PARTS / 2)) if is_hostile else None
            statuses, waits = await ask(client, n_clients - 1, seconds / N_PARTS / 2, seed + turn)
            if attacks is not None:
                side.attacks.update(await attacks)
            side.statuses.update(statuses)
            side.waits += waits
            side.seconds += time.perf_counter() - began
            side.server += cpu_seconds(pid) - cpu
            workers = (await client.get("/ready")).json()["workers"].values()
            replaced, before = sum(worker["replaced"] for worker in workers), replaced
            side.replaced += replaced - before
            side.clients += time.process_time() - own
    for is_hostile, side in sums.items():
        who = f"{n_clients - 1} clients" + (" and a hostile one" if is_hostile else "")
        report(who, side.statuses, side.waits, side.seconds)
        typer.echo(f"processor time: server {side.server:.0f} s, clients {side.clients:.0f} s")
        typer.echo(f"workers that were killed and replaced: {side.replaced}")
    typer.echo("the hostile one: " + ", ".join(f"{n:,} x {what}" for what, n in sorted(sums[True].attacks.items())))
    typer.echo(f"median: {median(sums[True].waits) / median(sums[False].waits):.2f} times the quiet one")


@dataclass
class Side:
    """What was seen with the hostile client, or without it.

    server, clients: processor time in seconds.
    replaced: workers that were killed.
    """

    statuses: Counter[str] = field(default_factory=Counter)
    attacks: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    server: float = 0.0
    clients: float = 0.0
    replaced: int = 0


def polite_client(url: str, n_clients: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=n_clients)
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=60, trust_env=False)


N_PARTS = 4  # of the time, after each of which memory is read
QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0))


def report(who: str, statuses: Counter[str], waits: list[float], took: float) -> None:
    waits.sort()
    typer.echo(f"{who}, {took:.0f} s: {len(waits):,} requests, {len(waits) / took:.0f} requests/s")
    typer.echo(f"answers: {', '.join(f'{count:,} x {status}' for status, count in statuses.most_common())}")
    typer.echo(
        "waiting: " + ", ".join(f"{name} {waits[int(part * (len(waits) - 1))]:.2f} s" for name, part in QUANTILES)
    )


def median(waits: list[float]) -> float:
    return sorted(waits)[len(waits) // 2]


async def ask(client: httpx.AsyncClient, n_clients: int, seconds: float, seed: int) -> tuple[Counter[str], list[float]]:
    """Each client sends its next request when the last one is answered. RETURNS: statuses; seconds of each."""
    statuses: Counter[str] = Counter()
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def one(number: int) -> None:
        rng = random.Random(seed * 1_000_003 + number)
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


async def attack(url: str, seconds: float) -> Counter[str]:
    """Unbroken punctuation, long texts that nobody waits for, huge bodies and half-open connections, all at once."""
    counts: Counter[str] = Counter()
    end = time.perf_counter() + seconds
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    words = " ".join(TEXTS) * 100
    bodies = {
        "punctuation": ('{"text": "%s"}' % ("(" * 150_000), 40.0),
        "runs": ('{{"text": "{}"}}'.format(" ".join("(" * (900 + i) for i in range(100))), 40.0),
        "aborted": (f'{{"text": "{words[:50_000]}"}}', 0.2),
        "huge": ("x" * 5_000_000, 40.0),
    }

    async def send(client: httpx.AsyncClient, name: str) -> None:
        body, patience = bodies[name]
        headers = {"content-type": "application/json"}
        while time.perf_counter() < end:
            try:
                answer = await client.post("/api/annotate", content=body, headers=headers, timeout=patience)
                counts[f"{name} {answer.status_code}"] += 1
            except httpx.HTTPError:
                counts[f"{name} given up"] += 1
            await asyncio.sleep(0.05)

    async def hang() -> None:
        while time.perf_counter() < end:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"POST /api/annotate HTTP/1.1\r\nHost: localhost\r\n")
            with suppress(OSError, asyncio.TimeoutError):
                await asyncio.wait_for(reader.read(), max(0.1, end - time.perf_counter()))
            counts["half-open connection " + ("closed" if reader.at_eof() else "left open")] += 1
            writer.close()

    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await asyncio.gather(*(send(client, name) for name in bodies), *(hang() for _ in range(30)))
    return counts


def resident(pid: int) -> float | None:
    """Memory of a process and of those that it started, in MB; None where the system does not tell."""
    sizes = [re.search(r"VmRSS:\s+(\d+) kB", text) for text in _read_all(pid, "status")]
    found = [int(size.group(1)) / 1024 for size in sizes if size is not None]
    return sum(found) if found else None


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and those that it started, also of those that have ended since.

    Other work on the machine changes it less than the throughput.
    """
    fields = [text.rpartition(")")[2].split() for text in _read_all(pid, "stat")]
    return sum(sum(map(int, row[11:15])) / os.sysconf("SC_CLK_TCK") for row in fields)


def _read_all(pid: int, name: str) -> list[str]:
    """A file of /proc of a process and its descendants."""
    texts: list[str] = []
    with suppress(OSError):
        texts.append(Path(f"/proc/{pid}/{name}").read_text())
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            texts += [text for child in children.read_text().split() for text in _read_all(int(child), name)]
    return texts


if __name__ == "__main__":
    app()
