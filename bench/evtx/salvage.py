#!/usr/bin/env python3
"""How many records does each reader get out of the same damaged event logs?

salvage.py FOLDER OURS EVTX_DUMP EVTXEXPORT [COUNT]: the COUNT largest EVTX below FOLDER (20), each damaged in the ways below; OURS is
this folder's release binary, the others are the tools (evtx crate, libevtx); python-evtx is that of the Python that runs this, asked
record by record, so that one that cannot be read costs only itself. A record is counted once by number, record number and second. It is right if the whole file has it, by ours or by the evtx crate; else it is made up.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

CHUNK = 65536
HEAD = 4096


def noise(count, seed):
    """Bytes that hold no chunk, the same every time."""
    out, state = bytearray(), seed
    while len(out) < count:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out += (state >> 8 | 0x818181).to_bytes(4, "little")[:3]
    return bytes(out[:count])


def chunks(data):
    return range(HEAD, len(data) - CHUNK + 1, CHUNK)


def cut(data):
    return data[: len(data) * 2 // 3 + 777]


def no_file_header(data):
    return bytes(HEAD) + data[HEAD:]


def no_chunk_headers(data):
    out = bytearray(data)
    for at in list(chunks(data))[1::2]:
        out[at : at + 512] = bytes(512)
    return bytes(out)


def flipped(data):
    out, state = bytearray(data), 7
    for at in range(HEAD, len(data), 8192):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        place = at + (state >> 8) % 8192
        if place < len(data):
            out[place] ^= 0xFF
    return bytes(out)


def end_mark_back(data):
    out = bytearray(data)
    for at in chunks(data):
        used = int.from_bytes(data[at + 48 : at + 52], "little")
        place = at + 512
        while data[place : place + 4] == b"**\0\0" and place - at < used // 2:
            place += int.from_bytes(data[place + 4 : place + 8], "little")
        out[at + 48 : at + 52] = (place - at).to_bytes(4, "little")
    return bytes(out)


def in_an_image(data):
    parts = [noise(300_007, 1)]
    for number, at in enumerate(chunks(data)):
        parts += [data[at : at + CHUNK], noise(5_003, number + 2)]
    return b"".join(parts)


DAMAGE = [("whole", lambda data: data), ("cut at two thirds", cut), ("file header zeroed", no_file_header),
          ("every second chunk header zeroed", no_chunk_headers), ("a byte flipped in every 8 KiB", flipped),
          ("end mark put back to the middle", end_mark_back), ("chunks strewn in an image", in_an_image)]


PYTHON_EVTX = """
import sys, Evtx.Evtx
with Evtx.Evtx.Evtx(sys.argv[1]) as log:
    for chunk in log.chunks():
        for record in chunk.records():
            try:
                print(record.xml())
            except Exception:
                pass
"""


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def of_xml(text):
    found = set()
    for event in re.split(r"<Event[ >]", text)[1:]:
        number = re.search(r"<EventID[^>]*>\s*(\d+)", event)
        record = re.search(r"<EventRecordID>\s*(\d+)", event)
        time = re.search(r"SystemTime=['\"](\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)", event)
        provider = re.search(r"<Provider[^>]* Name=['\"][^'\"]", event)
        if number and record and time and provider:
            found.add((number[1], record[1], time[1] + "T" + time[2]))
    return found


def of_ours(text):
    rows = (line.split("\t") for line in text.splitlines())
    return {(row[0], row[1], row[2][:19]) for row in rows if len(row) == 4 and all(row)}


def main():
    folder, ours, crate, libevtx = sys.argv[1:5]
    count = int(sys.argv[5]) if len(sys.argv) > 5 else 20
    readers = [
        ("ours", lambda file: of_ours(run(ours, "told", file))),
        ("evtx_dump", lambda file: of_xml(run(crate, "-t", "1", "-o", "xml", file))),
        ("evtx_dump --recover-records", lambda file: of_xml(run(crate, "-t", "1", "-o", "xml", "--recover-records", file))),
        ("evtxexport -m all", lambda file: of_xml(run(libevtx, "-f", "xml", "-m", "all", file))),
        ("python-evtx", lambda file: of_xml(run(sys.executable, "-c", PYTHON_EVTX, file))),
    ]
    files = sorted(Path(folder).rglob("*.evtx"), key=lambda path: (-path.stat().st_size, path.name))[:count]
    totals = {(damage, reader): [0, 0] for damage, _ in DAMAGE for reader, _ in readers}
    with tempfile.TemporaryDirectory() as room:
        damaged = str(Path(room) / "damaged.evtx")
        for file in files:
            data = file.read_bytes()
            right = readers[0][1](str(file)) | readers[2][1](str(file))
            for damage, make in DAMAGE:
                Path(damaged).write_bytes(make(data))
                for reader, read in readers:
                    found = read(damaged)
                    totals[damage, reader][0] += len(found & right)
                    totals[damage, reader][1] += len(found - right)
    print("| damage | " + " | ".join(reader for reader, _ in readers) + " |")
    print("|---" * (len(readers) + 1) + "|")
    for damage, _ in DAMAGE:
        cells = (totals[damage, reader] for reader, _ in readers)
        print(f"| {damage} | " + " | ".join(f"{right:,}" + (f" (+{wrong})" if wrong else "") for right, wrong in cells) + " |")


main()
