#!/usr/bin/env python3
"""Writes ../vectors.json: test vectors of the key format for every language.

Python's standard library only, and no code in common with the package: what both agree on is
the format. The published values below are literals; the script recomputes each of them and
stops at a difference.

    generate.py           writes the file
    generate.py --check   fails when the file differs from what would be written
"""

import json
import re
import sys
import zlib
from itertools import permutations
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "vectors.json"

BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

BYTES = {
    "zero": (bytes(10), bytes(32)),
    "max": (b"\xff" * 10, b"\xff" * 32),
    "seq": (bytes(range(10)), bytes(range(32))),
}

# name, bytes, brand, kind, CRC-32, secret
PUBLISHED_VALID = [
    ("zero", "zero", "acme", "test", "36ed67ab", "acme_test_10000000000000000_000000000000000000000000000000000000000000010Mdad"),
    ("max", "max", "acme", "test", "c67162f1", "acme_test_1zzzzzzzzzzzzzzzz_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13dJU8H"),
    ("seq", "seq", "acme", "live", "f06d1a9c", "acme_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4OyuyK"),
    ("root", "seq", "acme", "root", "a493c279", "acme_root_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf30rUT3"),
    ("shortest", "seq", "a1", "t1", "f5027720", "a1_t1_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4UBZVA"),
    ("longest", "seq", "abcdefghijk9", "staging8", "e0c13418", "abcdefghijk9_staging8_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf47BiS8"),
    ("ks-zero", "zero", "ks", "test", "4ac5514b", "ks_test_10000000000000000_00000000000000000000000000000000000000000001MtWY7"),
    ("ks-max", "max", "ks", "test", "ba595411", "ks_test_1zzzzzzzzzzzzzzzz_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13Pa7iz"),
    ("ks-seq", "seq", "ks", "live", "8c452c7c", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("ks-test", "seq", "ks", "test", "dcc90c05", "ks_test_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf42gI5t"),
    ("ks-root", "seq", "ks", "root", "d8bbf499", "ks_root_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3y56oj"),
    ("ks-boot", "seq", "ks", "boot", "9d0730ef", "ks_boot_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2sI4Hn"),
]

# reason, name, input; every one that can have a correct checksum has it, except those of "checksum"
PUBLISHED_INVALID = [
    ("empty", "empty string", ""),
    ("empty", "null", None),
    ("empty", "number", 0),
    ("empty", "object", {}),
    ("empty", "array", []),
    ("too_long", "129 characters", "k" * 129),
    ("shape", "brand upper", "KS_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4EwqbD"),
    ("shape", "brand digit", "1s_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0m9oMk"),
    ("shape", "brand 1", "k_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf35mgDE"),
    ("shape", "brand 13", "abcdefghijklm_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4YqlQV"),
    ("shape", "kind 1", "ks_l_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf039z5S"),
    ("shape", "kind 9", "ks_staging89_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf182g0V"),
    ("shape", "hyphens", "ks-live-1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("shape", "i in the id", "ks_live_1000g40r40m30e20i_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Vvqwc"),
    ("shape", "l in the id", "ks_live_1000g40r40m30e20l_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0LSVFd"),
    ("shape", "o in the id", "ks_live_1000g40r40m30e20o_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0pIRbU"),
    ("shape", "u in the id", "ks_live_1000g40r40m30e20u_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2iRNT6"),
    ("shape", "id upper", "ks_live_1000G40R40M30E209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4JDeG4"),
    ("shape", "id 15", "ks_live_1000g40r40m30e20_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2tuR6l"),
    ("shape", "random 42", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDl2nyjQk"),
    ("shape", "checksum 5", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB"),
    ("shape", "hyphen inside", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDl-205vOO"),
    ("shape", "newline", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2\n"),
    ("shape", "space first", " ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("shape", "NUL last", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2\u0000"),
    ("shape", "full width 1", "ks_live_\uff11000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("shape", "placeholder", "ks_unavailable_secret_not_delivered"),
    ("shape", "version 0", "ks_live_0000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4QEoWB"),
    ("unsupported_version", "version 2", "ks_live_2000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0BRAoX"),
    ("unsupported_version", "version 9, other layout", "ks_live_9abc_def"),
    ("not_canonical", "random 2^256", "ks_live_1000g40r40m30e209_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp22hnWcQ"),
    ("not_canonical", "random z x 43", "ks_live_1000g40r40m30e209_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz3YVIQ1"),
    ("not_canonical", "checksum 2^32", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4gfFC4"),
    ("not_canonical", "checksum + 2^32", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf7FvdN6"),
    ("checksum", "live to test", "ks_test_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("checksum", "live to root", "ks_root_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("checksum", "brand", "kx_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("checksum", "id", "ks_live_1000g40r40m30e208_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB2"),
    ("checksum", "random", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlg2ZGOB2"),
    ("checksum", "swap", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDfl2ZGOB2"),
    ("checksum", "last", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf2ZGOB3"),
    ("checksum", "zero", "ks_live_1000g40r40m30e209_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf000000"),
]


def encode(value, alphabet, width):
    digits = ""
    for _ in range(width):
        value, digit = divmod(value, len(alphabet))
        digits = alphabet[digit] + digits
    assert value == 0, "the value does not fit its width"
    return digits


def decode(digits, alphabet):
    value = 0
    for digit in digits:
        value = value * len(alphabet) + alphabet.index(digit)
    return value


def checksum(covered):
    return encode(zlib.crc32(covered.encode()), BASE62, 6)


def assemble(brand, kind, id_text, random_text, version="1"):
    covered = f"{brand}_{kind}_{version}{id_text}_{random_text}"
    return covered + checksum(covered)


def valid_vector(name, pattern, brand, kind):
    id_bytes, random_bytes = BYTES[pattern]
    id_text = encode(int.from_bytes(id_bytes, "big"), BASE32, 16)
    random_text = encode(int.from_bytes(random_bytes, "big"), BASE62, 43)
    secret = assemble(brand, kind, id_text, random_text)
    return {
        "name": name,
        "brand": brand,
        "kind": kind,
        "idHex": id_bytes.hex(),
        "randomHex": random_bytes.hex(),
        "crc": f"{zlib.crc32(secret[:-6].encode()):08x}",
        "secret": secret,
    }


def failure(value):
    """The reason why a value is no secret, or None: the reading rules once more, on integers."""
    if not isinstance(value, str) or value == "":
        return "empty"
    if len(value.encode("utf-16-le")) > 2 * 128:
        return "too_long"
    names = r"[a-z][a-z0-9]{1,11}_[a-z][a-z0-9]{1,7}_"
    if re.fullmatch(names + r"[2-9][0-9A-Za-z_]+", value):
        return "unsupported_version"
    match = re.fullmatch(names + f"1[{BASE32}]{{16}}_([{BASE62}]{{43}})([{BASE62}]{{6}})", value)
    if match is None:
        return "shape"
    random, check = (decode(digits, BASE62) for digits in match.groups())
    if random >= 2**256 or check >= 2**32:
        return "not_canonical"
    return None if check == zlib.crc32(value[:-6].encode()) else "checksum"


def valid_vectors():
    for name, pattern, brand, kind, crc, secret in PUBLISHED_VALID:
        vector = valid_vector(name, pattern, brand, kind)
        assert (vector["crc"], vector["secret"]) == (crc, secret), f"published vector {name}"
        yield vector
    yield valid_vector("reserved brand", "seq", "example", "live")


def kind_swaps():
    """The secret of one kind with the name of another written over it."""
    for old, new in permutations(["live", "test", "root", "boot"], 2):
        secret = valid_vector("", "seq", "ks", old)["secret"]
        yield "checksum", f"kind {old} to {new}", secret.replace(f"ks_{old}_", f"ks_{new}_")


def cut_fields():
    """Each field one character shorter, at its end and at its start, with the rest untouched."""
    secret = valid_vector("", "seq", "acme", "live")["secret"]
    fields = {
        "brand": "acme",
        "kind": "live",
        "version": "1",
        "id": secret[11:27],
        "random": secret[28:71],
        "checksum": secret[71:],
    }
    order = ["brand", "_", "kind", "_", "version", "id", "_", "random", "checksum"]
    assert "".join(fields.get(part, part) for part in order) == secret
    for name, text in fields.items():
        cuts = {"last": text[:-1]} | ({"first": text[1:]} if len(text) > 1 else {})
        for end, cut in cuts.items():
            parts = fields | {name: cut}
            value = "".join(parts.get(part, part) for part in order)
            reason = "checksum" if name in ("brand", "kind") else "shape"
            yield reason, f"{name} without its {end} character", value


def extra_invalid():
    seq = valid_vector("", "seq", "ks", "live")["secret"]
    id_text, random_text = seq[9:25], seq[26:69]
    yield "empty", "true", True
    yield "empty", "array of a secret", [seq]
    yield "too_long", "secret with 54 characters after it", seq + "0" * 54
    yield "too_long", "version 2, 129 characters", "ks_live_2" + "0" * 120
    yield "shape", "128 characters", "k" * 128
    yield "shape", "space last", seq + " "
    yield "shape", "carriage return last", seq + "\r"
    yield "shape", "two secrets", (seq + seq)[:128]
    yield "shape", "random 44", assemble("ks", "live", id_text, "0" + random_text)
    yield "shape", "id 17", assemble("ks", "live", "0" + id_text, random_text)
    yield "shape", "kind digit", assemble("ks", "1ive", id_text, random_text)
    yield "shape", "kind upper", assemble("ks", "LIVE", id_text, random_text)
    yield "shape", "long s in the kind", assemble("ks", "te\u017ft", id_text, random_text)
    yield "shape", "Kelvin sign in the brand", assemble("\u212as", "live", id_text, random_text)
    yield "shape", "version 2 with a hyphen", "ks_live_2abc-def"
    yield "shape", "version 2 with nothing after it", "ks_live_2"
    yield "unsupported_version", "version 2, 128 characters", "ks_live_2" + "0" * 119
    yield "not_canonical", "random and checksum z", seq[:26] + "z" * 49


def invalid_vectors():
    names = set()
    for reason, name, value in [*PUBLISHED_INVALID, *kind_swaps(), *cut_fields(), *extra_invalid()]:
        assert failure(value) == reason, f"{name}: {failure(value)}, expected {reason}"
        assert (reason, name) not in names, f"{name}: twice"
        names.add((reason, name))
        yield {"name": name, "input": value, "reason": reason}


def assert_checksums():
    """The claim above PUBLISHED_INVALID: nothing but the named reason can refuse these."""
    own_checksum_wrong = {
        "hyphens", "checksum 5", "newline", "space first", "NUL last", "full width 1", "placeholder",
        "version 9, other layout", "checksum 2^32", "checksum + 2^32",
    }
    for reason, name, value in PUBLISHED_INVALID:
        if reason in ("shape", "unsupported_version", "not_canonical"):
            assert (checksum(value[:-6]) == value[-6:]) != (name in own_checksum_wrong), name


def render():
    assert zlib.crc32(b"123456789") == 0xCBF43926
    assert_checksums()
    valid = list(valid_vectors())
    for vector in valid:
        assert failure(vector["secret"]) is None, vector["name"]
    lines = {"valid": valid, "invalid": list(invalid_vectors())}
    blocks = [
        f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(item)}" for item in items) + "\n  ]"
        for name, items in lines.items()
    ]
    check = json.dumps({"input": "123456789", "crc": "cbf43926"})
    return "{\n" + ",\n".join([f'  "check": {check}', *blocks]) + "\n}\n"


def main(arguments):
    text = render().encode()
    if arguments == ["--check"]:
        if TARGET.read_bytes() != text:
            sys.exit("vectors.json differs: run generate.py")
    elif arguments == []:
        TARGET.write_bytes(text)
    else:
        sys.exit("usage: generate.py [--check]")


if __name__ == "__main__":
    main(sys.argv[1:])
