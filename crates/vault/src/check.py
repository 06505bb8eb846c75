#!/usr/bin/env python3
"""Checks a bundle of exhibits from a custody log. Needs Python 3.8 and nothing else; opens no network.

    python3 check.py BUNDLE [KEY.pub]

It shares no code with the program that made the bundle. It reads the formats of
c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof and RFC 6962, RFC 8032, RFC 8493.
KEY.pub is the log's public key as you received it by another way; without it the key in the bundle
is used, and that proves nothing against who made the bundle.
"""
import base64, hashlib, json, pathlib, sys

# --- Ed25519, RFC 8032, section 6 (slow and plain) ---
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(a, b):
    A, B = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    C, E = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = B - A, E - C, E + C, B + A
    return (e * f % P, g * h % P, f * g % P, e * h % P)

def mul(s, a):
    r = (0, 1, 1, 0)
    while s:
        if s & 1:
            r = add(r, a)
        a, s = add(a, a), s >> 1
    return r

def point(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    assert y < P, "not a point"
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    assert (x * x - x2) % P == 0, "not a point"
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)

BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed(key, text, sig):
    try:
        a, r, s = point(key), point(sig[:32]), int.from_bytes(sig[32:], "little")
    except AssertionError:
        return False
    if len(sig) != 64 or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(sig[:32] + key + text).digest(), "little") % Q
    left, right = mul(s, BASE), add(r, mul(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P

# --- C2SP notes ---
def vkey(text):
    name, ident, key = text.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == ident, "key id"
    return name, bytes.fromhex(ident), key[0], key[1:]

def signers(note, keys):
    """Names of the keys that signed a note; a witness's is cosignature/v1."""
    text, below = note.rsplit("\n\n", 1)
    text = (text + "\n").encode()
    found = []
    for line in below.splitlines():
        dash, name, blob = line.split(" ")
        assert dash == "\u2014", "signature line"
        blob = base64.b64decode(blob, validate=True)
        for kname, ident, kind, key in keys:
            if (name, blob[:4]) != (kname, ident):
                continue
            if kind == 1 and signed(key, text, blob[4:]):
                found.append(kname)
            time = int.from_bytes(blob[4:12], "big")
            if kind == 4 and signed(key, b"cosignature/v1\ntime %d\n" % time + text, blob[12:]):
                found.append(kname)
    return found

# --- RFC 6962 ---
def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()

def root_of(leaf, index, size, proof):
    """RFC 9162, 2.1.3.2."""
    fn, sn, r, proof = index, size - 1, leaf, list(proof)
    assert index < size, "index"
    for p in proof:
        assert sn, "proof too long"
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "proof too short"
    return r

def main():
    bundle = pathlib.Path(sys.argv[1])
    # 1. Every file is as the bag's manifests say, and none is missing or added.
    for algorithm in ("sha256", "sha512"):
        for which in ("manifest", "tagmanifest"):
            listed = {}
            for line in (bundle / f"{which}-{algorithm}.txt").read_text().splitlines():
                digest, name = line.split("  ", 1)
                assert ".." not in name.split("/") and not name.startswith("/"), name
                listed[name] = digest
                assert hashlib.new(algorithm, (bundle / name).read_bytes()).hexdigest() == digest, f"changed: {name}"
            if which == "manifest":
                there = {p.relative_to(bundle).as_posix() for p in (bundle / "data").rglob("*") if p.is_file()}
                assert there == set(listed), there ^ set(listed)
    # 2. The checkpoint is signed by the log's key.
    log = bundle / "data" / "log"
    key = vkey((pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else log / "key.pub").read_text())
    policy = [line.split() for line in (log / "policy").read_text().splitlines()]
    witnesses = [vkey(words[2]) for words in policy if words and words[0] == "witness"]
    checkpoint = (log / "checkpoint").read_text()
    by = signers(checkpoint, [key] + witnesses)
    assert key[0] in by, "the checkpoint is not signed by the log's key"
    origin, size, root = checkpoint.split("\n")[:3]
    assert origin == key[0], "origin"
    size, root = int(size), base64.b64decode(root)
    # 3. Every proof leads from its entry to the checkpoint, and the entry says what it says.
    for file in sorted((bundle / "data" / "proofs").glob("*.tlog-proof")):
        above, note = file.read_text().split("\n\n", 1)
        lines = above.splitlines()
        assert lines[0] == "c2sp.org/tlog-proof@v1" and note == checkpoint, file
        extra = json.loads(base64.b64decode(lines[1].split(" ")[1]))
        index, proof = int(lines[2].split(" ")[1]), [base64.b64decode(line) for line in lines[3:]]
        leaf = hashlib.sha256(b"\x00" + extra["leaf"].encode()).digest()
        assert root_of(leaf, index, size, proof) == root, f"{file}: the proof does not lead to the root"
        entry, payload = json.loads(extra["leaf"]), extra["payload"].encode()
        padded = (payload + b"\x80").ljust(entry["bucket"], b"\x00")
        commit = hashlib.sha256(padded + bytes.fromhex(extra["salt"])).hexdigest()
        assert commit == entry["commit"], f"{file}: the act is not the one committed to"
        act = json.loads(payload)
        assert act["act"] == "admit" and (act["at"], act["act"]) == (entry["at"], entry["act"])
        print(f"entry {index} of {size}: {act['sha256']} {act['size']} bytes, admitted {act['at']} by {act['by']}, from {json.dumps(act['path'])}")
    print(f"holds: signed by {origin}; cosigned by {', '.join(by[1:]) or 'nobody'}")
    print("An encrypted exhibit: age -d -i YOUR-KEY data/exhibits/FILE.age | sha256sum, and compare.")

if __name__ == "__main__":
    try:
        main()
    except (AssertionError, ValueError, KeyError, IndexError, OSError) as problem:
        print(f"DOES NOT HOLD: {problem!r}")
        sys.exit(4)
