#!/usr/bin/python3
"""Decrypts and checks one encrypted archive (or index) of docker-backup, without n8n, Docker or Node.js.

    recover.py FILE (--key-file K | --passphrase-file P) [--out OUT | --out -] [--record RECORD.json]

Needs Python 3.9 and `cryptography` (Debian: apt-get install python3-cryptography), nothing else. The output
is what went into the encryption: `zstd -d` and `tar` (or pg_restore, sqlite3, docker load) do the rest.
FORMAT.md beside this file specifies every step; the names here are the ones used there.

Without --out, FILE.enc becomes FILE. OUT must not exist; it appears whole and checked, or not at all. With
`--out -` each segment is written once it was checked; trust the output only if the exit code is 0.
With --record also the record's signature is checked, and the size and SHA-256 it tells of FILE.
Exit codes: 0 done; 1 output could not be written; 2 usage; 3 FILE or RECORD damaged; 4 key missing or wrong.
"""
import argparse, base64, hashlib, hmac, json, os, sys, tempfile, unicodedata
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = b"DKBK\r\n\x1a\n"
HEADER, TINK_HEADER, SEGMENT, TAG = 84, 40, 1048576, 16
RAW, SCRYPT = 1, 2
INDEX = 6  # kinds: 1 volume, 2 postgres, 3 sqlite, 4 container, 5 image, 6 index
USAGE, INTEGRITY, KEY = 2, 3, 4


class Failure(Exception):
    def __init__(self, exit_code, message):
        super().__init__(message)
        self.exit_code = exit_code


def hkdf(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise Failure(USAGE, str(error))


def raw_key(data):
    """A key file holds the base64 of 32 bytes, white space around it allowed."""
    try:
        text = data.strip()
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32 or base64.b64encode(key) != text:
        raise Failure(KEY, "the key file does not hold the base64 of exactly 32 bytes")
    return key


def scrypt_key(data, salt, log_n):
    """A passphrase file holds UTF-8 text; one line break at its end does not count."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Failure(KEY, "the passphrase file is not UTF-8 text")
    text = text[:-2] if text.endswith("\r\n") else text[:-1] if text.endswith("\n") else text
    if text == "":
        raise Failure(KEY, "the passphrase is empty")
    return Scrypt(salt, 32, 2**log_n, 8, 1).derive(unicodedata.normalize("NFKC", text).encode("utf-8"))


def parse_header(header):
    """The outer header as a dictionary; refuses what no writer writes. Nothing in it is trusted yet."""
    if header[:8] != MAGIC[: len(header)]:
        raise Failure(INTEGRITY, "not an encrypted archive of docker-backup")
    if len(header) > 8 and header[8] != 1:
        raise Failure(INTEGRITY, "format version %d is not supported" % header[8])
    if len(header) < HEADER:
        raise Failure(INTEGRITY, "cut off inside the header")
    kdf, kind, log_n, salt = header[9], header[10], header[11], header[20:36]
    sound_kdf = (kdf == RAW and log_n == 0 and salt == bytes(16)) or (kdf == SCRYPT and 15 <= log_n <= 20)
    if not sound_kdf or not 1 <= kind <= INDEX:
        raise Failure(INTEGRITY, "impossible header")
    return {"kdf": kdf, "kind": kind, "log_n": log_n, "salt": salt, "key_id": header[12:20],
            "archive_id": header[36:52], "commitment": header[52:84]}


def master_key(header, key_data, passphrase_data):
    """The master key, if it is the one whose id the header names."""
    if header["kdf"] == RAW and key_data is None:
        raise Failure(KEY, "the archive needs a key file, not a passphrase")
    if header["kdf"] == SCRYPT and passphrase_data is None:
        raise Failure(KEY, "the archive needs a passphrase, not a key file")
    master = raw_key(key_data) if header["kdf"] == RAW else scrypt_key(passphrase_data, header["salt"], header["log_n"])
    if hkdf(master, None, b"docker-backup key id")[:8] != header["key_id"]:
        raise Failure(KEY, "the archive needs key %s, this is another" % header["key_id"].hex())
    return master


def open_archive(read, header_bytes, archive_key):
    """Yields the plaintext of each segment once it is authenticated; read(n) gives the next n bytes, fewer at the end."""
    tink_header = read(TINK_HEADER)
    if len(tink_header) < TINK_HEADER:
        raise Failure(INTEGRITY, "cut off inside the header")
    if tink_header[0] != TINK_HEADER:
        raise Failure(INTEGRITY, "the inner header was changed")
    salt, nonce_prefix = tink_header[1:33], tink_header[33:40]
    cipher = AESGCM(hkdf(archive_key, salt, header_bytes))

    def plaintext(index, is_last, segment):
        if len(segment) < TAG or index >= 2**32 - 1:
            return None
        try:
            return cipher.decrypt(nonce_prefix + index.to_bytes(4, "big") + bytes([is_last]), segment, None)
        except InvalidTag:
            return None

    index, segment = 0, read(SEGMENT - TINK_HEADER)
    while True:
        following = read(SEGMENT)
        is_last = following == b""
        opened = plaintext(index, is_last, segment)
        if opened is None and plaintext(index, not is_last, segment) is not None:
            raise Failure(INTEGRITY, "cut off: the last segment is missing" if is_last else "goes on after its last segment")
        if opened is None:
            raise Failure(INTEGRITY, "segment %d was changed or cut" % index)
        yield opened
        if is_last:
            return
        index, segment = index + 1, following


def checked_record(data, header, master):
    """The size and SHA-256 that the signed record (two lines: JSON, signature over its bytes) tells of this file."""
    try:
        line, signature_line = data.rstrip(b"\n").split(b"\n")
        signature = base64.b64decode(json.loads(signature_line)["signature"], validate=True)
        signing_key = Ed25519PrivateKey.from_private_bytes(hkdf(master, None, b"docker-backup signing"))
        signing_key.public_key().verify(signature, line)
        record = json.loads(line)
        role = "index" if header["kind"] == INDEX else "archive"
        file = next(file for file in record["files"] if file["role"] == role)
        if record["archiveId"] != header["archive_id"].hex():
            raise Failure(INTEGRITY, "the record is of another archive")
        return file["size"], file["sha256"]
    except InvalidSignature:
        raise Failure(INTEGRITY, "the record's signature is not of this key: forged or changed")
    except (ValueError, KeyError, TypeError, StopIteration):
        raise Failure(INTEGRITY, "the record is malformed or unsigned")


def recover(source, arguments, write):
    """Checks the whole of `source` and hands its plaintext to `write`, segment by segment."""
    sha256, size = hashlib.sha256(), 0

    def read(length):
        nonlocal size
        data = source.read(length)
        sha256.update(data)
        size += len(data)
        return data

    header_bytes = read(HEADER)
    header = parse_header(header_bytes)
    master = master_key(
        header,
        read_file(arguments.key_file) if arguments.key_file else None,
        read_file(arguments.passphrase_file) if arguments.passphrase_file else None,
    )
    archive_key = hkdf(master, header["archive_id"], b"docker-backup archive")
    if not hmac.compare_digest(hkdf(archive_key, None, b"docker-backup commit"), header["commitment"]):
        raise Failure(KEY, "the commitment does not fit the key: another key, or a changed header")
    recorded = checked_record(read_file(arguments.record), header, master) if arguments.record else None
    for plaintext in open_archive(read, header_bytes, archive_key):
        write(plaintext)
    if recorded and recorded != (size, sha256.hexdigest()):
        raise Failure(INTEGRITY, "size or SHA-256 is not what the record tells")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--key-file")
    secret.add_argument("--passphrase-file")
    parser.add_argument("--out")
    parser.add_argument("--record")
    arguments = parser.parse_args()
    out = arguments.out or (arguments.file[:-4] if arguments.file.endswith(".enc") else None)
    partial = None
    try:
        if out is None or (out != "-" and os.path.lexists(out)):
            raise Failure(USAGE, "%s exists already" % out if out else "give --out: FILE does not end in .enc")
        try:
            source = open(arguments.file, "rb")
        except OSError as error:
            raise Failure(USAGE, str(error))
        with source:
            if out == "-":
                recover(source, arguments, sys.stdout.buffer.write)
                sys.stdout.buffer.flush()
            else:
                with tempfile.NamedTemporaryFile(dir=os.path.dirname(out) or ".", prefix=".recover-", delete=False) as target:
                    partial = target.name
                    recover(source, arguments, target.write)
                    target.flush()
                    os.fsync(target.fileno())
                os.rename(partial, out)
                partial = None
    except (Failure, OSError) as error:
        print("recover.py: %s: %s" % (arguments.file, error), file=sys.stderr)
        return error.exit_code if isinstance(error, Failure) else 1
    finally:
        if partial:
            os.unlink(partial)
    return 0


if __name__ == "__main__":
    sys.exit(main())
