"""ECVRF-P256-SHA256-TAI as RFC 9381 words it, on a curve in plain affine arithmetic; for vectors, never for secrets."""

import hashlib
import hmac

from primitives import secret, sha

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
ANSI = b"Example using ECDSA key from Appendix L.4.2 of ANSI.X9-62-2005"


def plus(one, other):
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def times(scalar, point):
    total = None
    for bit in bin(scalar % N)[2:]:
        total = plus(total, total)
        if bit == "1":
            total = plus(total, point)
    return total


def short(point):
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")


def long(point):
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def lifted(x):
    """Return the point with this x and an even y, if there is one."""
    square = (x**3 - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == 0 else P - y


def hashed_to_curve(public, alpha):
    for counter in range(256):
        x = int.from_bytes(sha(b"\x01\x01" + short(public) + alpha + bytes([counter]) + b"\x00"), "big")
        if point := lifted(x):
            return counter, point
    raise SystemExit("an input that no counter takes to the curve")


def nonces(x, message):
    """Yield what RFC 6979, 3.2 h yields, step by step."""
    octets = x.to_bytes(32, "big") + (int.from_bytes(sha(message), "big") % N).to_bytes(32, "big")
    v, k = b"\x01" * 32, b"\x00" * 32

    def keyed(key, data):
        return hmac.new(key, data, hashlib.sha256).digest()

    k = keyed(k, v + b"\x00" + octets)
    v = keyed(k, v)
    k = keyed(k, v + b"\x01" + octets)
    v = keyed(k, v)
    while True:
        v = keyed(k, v)
        if 1 <= int.from_bytes(v, "big") < N:
            yield int.from_bytes(v, "big")
        k = keyed(k, v + b"\x00")
        v = keyed(k, v)


def steps(x, alpha, nonce=None):
    """Return every value on the way to a proof."""
    public = times(x, G)
    counter, base = hashed_to_curve(public, alpha)
    gamma = times(x, base)
    k = next(nonces(x, short(base))) if nonce is None else nonce
    u, v = times(k, G), times(k, base)
    joined = b"".join(map(short, (public, base, gamma, u, v)))
    c = int.from_bytes(sha(b"\x01\x02" + joined + b"\x00")[:16], "big")
    s = (k + c * x) % N
    return {
        "public": long(public),
        "counter": counter,
        "h": short(base),
        "gamma": short(gamma),
        "k": k.to_bytes(32, "big"),
        "u": short(u),
        "v": short(v),
        "c": c.to_bytes(16, "big"),
        "s": s.to_bytes(32, "big"),
        "pi": short(gamma) + c.to_bytes(16, "big") + s.to_bytes(32, "big"),
        "beta": sha(b"\x01\x03" + short(gamma) + b"\x00"),
    }


def scalar(label):
    return int.from_bytes(secret(label), "big") % (N - 1) + 1


def vrf():
    ecdsa = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    ansi = 0x2CA1411A41B17B24CC8C3B089CFD033F1920202A6C0DE8ABB97DF1498D50D2C8
    inputs = [
        ("RFC 9381, example 10", ecdsa, b"sample"),
        ("RFC 9381, example 11", ecdsa, b"test"),
        ("RFC 9381, example 12", ansi, ANSI),
        ("nothing as input", ecdsa, b""),
        ("a long input", ansi, b"x" * 300),
        ("the smallest key", 1, b"sample"),
        ("the largest key", N - 1, b"sample"),
        ("a key of ours", scalar("vrf key"), secret("vrf input")),
    ]
    return {
        "proofs": [proof(*case) for case in inputs],
        "accepted": [proof(f"nonce {k}", ecdsa, b"sample", k) for k in (1, 2, N - 1)],
        "refused": [{"name": name, **hexed(case)} for name, case in refused(ecdsa)],
        "nonces": [k.to_bytes(32, "big").hex() for k, _ in zip(nonces(ecdsa, b"message"), range(2), strict=False)],
    }


def proof(name, x, alpha, nonce=None):
    shown = steps(x, alpha, nonce)
    return {"name": name, "secret": x.to_bytes(32, "big").hex(), "alpha": alpha.hex(), **hexed(shown)}


def hexed(values):
    return {key: value.hex() if isinstance(value, bytes) else value for key, value in values.items()}


def refused(x):
    good = steps(x, b"sample")
    gamma, c, s = good["gamma"], good["c"], good["s"]
    _, base = hashed_to_curve(times(x, G), b"sample")
    c_number, other = int.from_bytes(c, "big"), x + 1
    off = next(number for number in range(1, 99) if lifted(number) is None)
    pis = [
        ("the other of two points", bytes([gamma[0] ^ 1]) + gamma[1:] + c + s),
        ("gamma of another key", steps(x + 1, b"sample")["gamma"] + c + s),
        ("another challenge", gamma + bytes([c[0] ^ 1]) + c[1:] + s),
        ("another response", gamma + c + s[:-1] + bytes([s[-1] ^ 1])),
        ("a response of the order or more", gamma + c + N.to_bytes(32, "big")),
        ("the greatest response", gamma + c + b"\xff" * 32),
        ("challenge and response zero", gamma + bytes(48)),
        ("gamma on no curve", b"\x02" + off.to_bytes(32, "big") + c + s),
        ("gamma beyond the field", b"\x02" + (P + 5).to_bytes(32, "big") + c + s),
        ("gamma with another first byte", b"\x04" + gamma[1:] + c + s),
        ("gamma at infinity", bytes(33) + c + s),
        ("nonce zero, both sums infinite", gamma + c + (c_number * x % N).to_bytes(32, "big")),
        (
            "the second sum infinite",
            short(times(other, base)) + c + (c_number * other % N).to_bytes(32, "big"),
        ),
        ("too short", good["pi"][:-1]),
        ("too long", good["pi"] + b"\x00"),
        ("nothing", b""),
    ]
    sound = {"public": good["public"], "alpha": b"sample", "pi": good["pi"]}
    return [
        *((name, {**sound, "pi": pi}) for name, pi in pis),
        ("another input", {**sound, "alpha": b"samplf"}),
        ("another key", {**sound, "public": long(times(x + 1, G))}),
    ]
