#!/usr/bin/python3
"""Makes the vectors of archive format version 1: make.py DIRECTORY writes the JSON files there.

A second writer of the format, made from docs/FORMAT.md and Tink's wire specification alone and sharing no
code with the engine (it can only write; docs/recover.py can only read). The engine must produce the very
bytes; a test also runs this file and compares what it makes with the files committed, which are frozen.

Plaintexts are the first `length` bytes of SHA-256(uint32 0) | SHA-256(uint32 1) | …, counters big-endian.
"""
import base64, hashlib, json, os, sys, unicodedata
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives import hashes, hmac, serialization

FIRST = 1048576 - 40 - 16  # plaintext bytes in segment 0
FULL = 1048576 - 16  # and in every later full segment
KINDS = ["volume", "postgres", "sqlite", "container", "image", "index"]


def plaintext(length):
    return b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(-(-length // 32)))[:length]


def hmac_sha256(key, data):
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(data)
    return mac.finalize()


def hkdf(key, salt, info):
    """RFC 5869 with SHA-256 and 32 bytes out: one block."""
    return hmac_sha256(hmac_sha256(salt or bytes(32), key), info + b"\x01")


def gcm(key, nonce, data):
    encryptor = Cipher(algorithms.AES(key), modes.GCM(nonce)).encryptor()
    return encryptor.update(data) + encryptor.finalize() + encryptor.tag


def seal(header, archive_key, tink_salt, nonce_prefix, data):
    key = hkdf(archive_key, tink_salt, header)
    parts = [data[:FIRST]] + [data[at : at + FULL] for at in range(FIRST, len(data), FULL)]
    out = header + bytes([40]) + tink_salt + nonce_prefix
    for index, part in enumerate(parts):
        last = b"\x01" if index == len(parts) - 1 else b"\x00"
        out += gcm(key, nonce_prefix + index.to_bytes(4, "big") + last, part)
    return out


def drawn(label, length):
    """What a writer draws at random, here from a label."""
    return hashlib.sha256(label.encode()).digest()[:length]


def make_key(name, secret, kdf):
    if secret["type"] == "raw":
        master = base64.b64decode(secret["key"])
    else:
        text = unicodedata.normalize("NFKC", secret["passphrase"]).encode()
        n = 2 ** kdf["logN"]
        master = hashlib.scrypt(text, salt=bytes.fromhex(kdf["salt"]), n=n, r=8, p=1, dklen=32, maxmem=2 * 128 * 8 * n)
    archive_id = drawn(name + " archive id", 16)
    archive_key = hkdf(master, archive_id, b"docker-backup archive")
    signing = Ed25519PrivateKey.from_private_bytes(hkdf(master, b"", b"docker-backup signing"))
    public = signing.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {
        "name": name,
        "secret": secret,
        "kdf": kdf,
        "masterKey": master.hex(),
        "keyId": hkdf(master, b"", b"docker-backup key id")[:8].hex(),
        "archiveId": archive_id.hex(),
        "archiveKey": archive_key.hex(),
        "commitment": hkdf(archive_key, b"", b"docker-backup commit").hex(),
        "publicKey": base64.b64encode(public).decode(),
        "signedText": "{\"id\":\"nightly-20260102T030405Z-0a1b\"}",
        "signature": base64.b64encode(signing.sign(b"{\"id\":\"nightly-20260102T030405Z-0a1b\"}")).decode(),
    }


def make_header(key, kind):
    kdf = key["kdf"]
    fixed = bytes([1, {"raw": 1, "scrypt": 2}[kdf["id"]], KINDS.index(kind) + 1, kdf["logN"]])
    fields = key["keyId"] + kdf["salt"] + key["archiveId"] + key["commitment"]
    return b"DKBK\r\n\x1a\n" + fixed + bytes.fromhex(fields)


def make_archive(key, kind, length):
    name = "%s-%s-%d" % (key["name"], kind, length)
    tink_salt, nonce_prefix = drawn(name + " salt", 32), drawn(name + " nonce prefix", 7)
    header = make_header(key, kind)
    stored = seal(header, bytes.fromhex(key["archiveKey"]), tink_salt, nonce_prefix, plaintext(length))
    vector = {
        "name": name,
        "key": key["name"],
        "kind": kind,
        "header": header.hex(),
        "tinkSalt": tink_salt.hex(),
        "noncePrefix": nonce_prefix.hex(),
        "plaintextLength": length,
        "plaintextSha256": hashlib.sha256(plaintext(length)).hexdigest(),
        "storedSize": len(stored),
        "storedSha256": hashlib.sha256(stored).hexdigest(),
    }
    if len(stored) < 1024:
        vector["stored"] = base64.b64encode(stored).decode()
    return vector


def make_damage(small, scrypt, whole, full):
    """One fault each: `keep` lists byte ranges of the base, joined; then one byte of the result is XORed."""
    S = 1048576
    at = [124, 84 + S, 84 + 2 * S, 84 + 3 * S]  # where the segments of `whole` start
    end = whole["storedSize"]
    cases = []

    def case(name, base, code, released, keep=None, flip=None):
        vector = {"name": name, "base": base["name"], "code": code, "released": released}
        if keep is not None:
            vector["keep"] = keep
        if flip is not None:
            vector["flip"] = {"offset": flip[0], "mask": flip[1]}
        cases.append(vector)

    def cut(name, base, code, released, length):
        case("cut " + name, base, code, released, keep="0-%d" % length)

    for name, offset, mask, code in [
        ("magic, first byte", 0, 1, "archive_malformed"),
        ("magic, last byte", 7, 1, "archive_malformed"),
        ("version", 8, 3, "archive_version_unsupported"),
        ("key derivation to none", 9, 1, "archive_malformed"),
        ("key derivation raw to scrypt", 9, 3, "archive_malformed"),
        ("kind to none", 10, 1, "archive_malformed"),
        ("kind volume to sqlite", 10, 2, "archive_tampered"),
        ("logN of a raw key", 11, 16, "archive_malformed"),
        ("key id", 12, 1, "key_wrong"),
        ("salt of a raw key", 20, 1, "archive_malformed"),
        ("archive id", 36, 128, "key_wrong"),
        ("commitment", 83, 1, "key_wrong"),
        ("inner header length", 84, 1, "archive_tampered"),
        ("inner salt", 85, 1, "archive_tampered"),
        ("nonce prefix", 123, 1, "archive_tampered"),
        ("first byte of the ciphertext", 124, 1, "archive_tampered"),
        ("last byte of the tag", small["storedSize"] - 1, 1, "archive_tampered"),
    ]:
        case("flip: " + name, small, code, 0, flip=(offset, mask))
    case("flip: logN 15 to 14", scrypt, "archive_malformed", 0, flip=(11, 1))
    case("flip: logN 15 to 31", scrypt, "archive_malformed", 0, flip=(11, 16))
    case("flip: logN 15 to 16", scrypt, "key_wrong", 0, flip=(11, 31))
    case("flip: salt of a passphrase", scrypt, "key_wrong", 0, flip=(20, 1))

    for length in [0, 1, 7, 8, 9, 83, 84, 85, 123, 124, 139]:
        cut("to %d bytes" % length, small, "archive_truncated", 0, length)
    cut("inside the only segment", small, "archive_tampered", 0, small["storedSize"] - 1)
    two = FIRST + FULL
    cut("one byte into segment 1", whole, "archive_truncated", FIRST, at[1] + 1)
    cut("before segment 1", whole, "archive_truncated", 0, at[1])
    cut("one byte before segment 1", whole, "archive_tampered", 0, at[1] - 1)
    cut("before segment 3", whole, "archive_truncated", two, at[3])
    cut("one byte into segment 3", whole, "archive_truncated", two + FULL, at[3] + 1)
    cut("one byte before segment 3", whole, "archive_tampered", two, at[3] - 1)
    cut("before a full last segment", full, "archive_truncated", 0, at[1])

    for index, released in enumerate([0, FIRST, two, two + FULL]):
        case("flip: segment %d" % index, whole, "archive_tampered", released, flip=(at[index] + 40, 64))
        last = (at + [end])[index + 1] - 1
        case("flip: tag of segment %d" % index, whole, "archive_tampered", released, flip=(last, 128))

    def pieces(*indexes):
        bounds = at + [end]
        return ",".join(["0-124"] + ["%d-%d" % (bounds[i], bounds[i + 1]) for i in indexes])

    case("swapped segments 1 and 2", whole, "archive_tampered", FIRST, keep=pieces(0, 2, 1, 3))
    case("repeated segment 1", whole, "archive_tampered", two, keep=pieces(0, 1, 1, 2, 3))
    case("dropped segment 1", whole, "archive_tampered", FIRST, keep=pieces(0, 2, 3))
    case("dropped segment 0", whole, "archive_tampered", 0, keep=pieces(1, 2, 3))
    case("repeated last segment", whole, "archive_tampered", two + FULL, keep=pieces(0, 1, 2, 3, 3))
    case("appended first segment", whole, "archive_tampered", two + FULL, keep=pieces(0, 1, 2, 3, 0))
    case("appended byte", whole, "archive_tampered", two + FULL, keep="0-%d,0-1" % end)
    case("appended byte after a full last segment", full, "archive_tampered", FIRST, keep="0-%d,0-1" % full["storedSize"])
    case("repeated full last segment", full, "archive_tampered", FIRST,
         keep="0-%d,%d-%d" % (full["storedSize"], at[1], full["storedSize"]))
    case("appended whole archive", small, "archive_tampered", 0, keep="0-%d,0-%d" % ((small["storedSize"],) * 2))
    return cases


def main():
    salt = drawn("scrypt salt", 16).hex()
    raw = make_key("raw", {"type": "raw", "key": base64.b64encode(drawn("raw key", 32)).decode()},
                   {"id": "raw", "logN": 0, "salt": "0" * 32})
    scrypt = make_key("scrypt", {"type": "passphrase", "passphrase": "correct horse battery staple"},
                      {"id": "scrypt", "logN": 15, "salt": salt})
    # Compatibility characters and a decomposed accent, which NFKC folds; a space at the end, which counts.
    unicode = make_key("unicode", {"type": "passphrase", "passphrase": "\uff21\u2460\ufb01 e\u0301 \U0001f511 "},
                       {"id": "scrypt", "logN": 16, "salt": salt})

    lengths = [0, 1, 2, 100, FIRST - 1, FIRST, FIRST + 1]
    lengths += [FIRST + FULL + d for d in (-1, 0, 1)] + [FIRST + 2 * FULL + d for d in (-1, 0, 1, 100)]
    archives = {length: make_archive(raw, "volume", length) for length in lengths}
    others = [make_archive(raw, kind, 33) for kind in KINDS] + [make_archive(scrypt, "volume", 100), make_archive(unicode, "index", 7)]
    damage = make_damage(archives[100], others[6], archives[FIRST + 2 * FULL + 100], archives[FIRST + FULL])

    for name, vectors in [("keys", [raw, scrypt, unicode]), ("archives", list(archives.values()) + others), ("damaged", damage)]:
        with open(os.path.join(sys.argv[1], name + ".json"), "w", encoding="utf-8") as file:
            json.dump(vectors, file, indent=2, ensure_ascii=True)
            file.write("\n")


main()
