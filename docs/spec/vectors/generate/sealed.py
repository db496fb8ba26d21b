"""A sealed bid made by hand, step by step, as ``envelope.md`` words it; every step is kept to be shown."""

import datetime

from chunked import derived, encrypt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hpke import hkdf_expand, hkdf_extract, point, private, seal
from primitives import LOG, NOTARY, jcs, labelled, secret, sha, tuple_bytes

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PARTS = ["readout", "price", "business", "technical", "qualification", "identity"]
LOT, LOT_SALT = "lot 1 of the vectors", secret("lot salt")
T, N = 2, 3
S_B, BID_REF = secret("bidder's key"), secret("bid reference")
RECOVERY = secret("recovery code")[:16]
FILES = {
    "readout": [("readout.json", "application/json", jcs({"price_yuan": "1280000.00"}))],
    "price": [("分项报价.txt", "text/plain", "软件 1280000.00\n".encode())],
    "business": [],
    "technical": [("方案.txt", "text/plain", "第一章\n".encode()), ("empty.bin", "application/octet-stream", b"")],
    "qualification": [],
}
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def scalar(label):
    return int.from_bytes(secret(label), "big") % (ORDER - 1) + 1


def scalar_bytes(value):
    return value.to_bytes(32, "big")


def ed25519(label):
    return Ed25519PrivateKey.from_private_bytes(secret(label))


SUBMIT = scalar("submit key")
COEFFICIENTS = [scalar("a0"), scalar("a1")]
TRUSTEES = [scalar(f"trustee {index}") for index in range(1, N + 1)]
SIGNER, BIDDER = private(scalar("certificate key")), scalar("bidder's encryption key")


def ecdsa(key, message):
    return key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def certificate():
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "甲公司")])
    builder = x509.CertificateBuilder(name, name, SIGNER.public_key(), 7)
    since, until = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2026, 2029))
    builder = builder.not_valid_before(since).not_valid_after(until)
    return builder.sign(SIGNER, hashes.SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)


CERTIFICATE = certificate()


def policy(**change):
    trustees = [
        {
            "name": f"trustee-{index}",
            "organisation": f"body {index}",
            "hpke": point(TRUSTEES[index - 1]).hex(),
            "verify": ed25519(f"trustee {index} signs").public_key().public_bytes_raw().hex(),
        }
        for index in range(1, N + 1)
    ]
    contributors = [
        {
            "name": f"witness-{index}",
            "organisation": f"body {index}",
            "vrf": point(scalar(f"contributor {index}")).hex(),
            "verify": ed25519(f"contributor {index} signs").public_key().public_bytes_raw().hex(),
        }
        for index in range(1, 4)
    ]
    return {
        "v": 1,
        "suite": "I1",
        "mode": "A",
        "lot_ref": labelled("lot ref", LOT.encode(), LOT_SALT).hex(),
        "t": T,
        "n": N,
        "trustees": trustees,
        "contributors": contributors,
        "log": LOG.vkey,
        "witnesses": [NOTARY.vkey],
        "parts": PARTS,
        "stages": [{"id": "1"}],
        "limits": {"envelope_bytes": 104857600},
        "window_minutes": 30,
        "demo": False,
    } | change


POLICY_HASH = labelled("BE1 policy", jcs(policy()))


def padme(length):
    exponent = length.bit_length() - 1
    size = exponent.bit_length()
    low = 2 ** max(exponent - size, 0)
    return -(-length // low) * low


def bucket(length):
    return padme(max(length, 4096))


def file_hash(data):
    return labelled("BE1 file", data)


def index_of(files):
    return jcs(
        [
            {"name": name, "media": media, "size": len(data), "hash": file_hash(data).hex()}
            for name, media, data in files
        ]
    )


def plaintext_of(files, index=None, padding=b"\x00"):
    index = index_of(files) if index is None else index
    data = len(index).to_bytes(8, "big") + index + b"".join(one[2] for one in files)
    left = bucket(len(data)) - len(data)
    return data + bytes(left - 1) + padding if left else data


def identity_files(signature):
    fields = {
        "name": "甲公司",
        "guarantee": "",
        "tool": "vector 1",
        "tool_hash": secret("tool").hex(),
        "signature": signature.hex(),
    }
    certified = ("certificate.der", "application/pkix-cert", CERTIFICATE)
    return [("identity.json", "application/json", jcs(fields)), certified]


def share(index, coefficients=COEFFICIENTS):
    return sum(one * index**power for power, one in enumerate(coefficients)) % ORDER


def ct_len(padded_len):
    return 56 + padded_len + 16 * (padded_len // 16384 + 1)


def part_key(core_hash, part, s_b=S_B, a0=None):
    material = s_b + scalar_bytes(COEFFICIENTS[0] if a0 is None else a0)
    return hkdf_expand(hkdf_extract(core_hash, material), tuple_bytes(b"BE1 part", b"A", b"1", part.encode()), 32)


def part_context(core_hash, part):
    return labelled("BE1 ctx", core_hash, part.encode())


def wrap(secret_bytes, public, core_hash, role, index, name=None):
    info = tuple_bytes(b"BE1 wrap", core_hash, role.encode(), str(index).encode())
    return seal(secret_bytes, public, info, scalar(name or f"ephemeral {role} {index}"))


def recovery_scalar(code):
    stretched = hkdf_expand(hkdf_extract(bytes(32), code), tuple_bytes(b"BE1 recovery"), 48)
    return int.from_bytes(stretched, "big") % (ORDER - 1) + 1


def recovery_text(code):
    check = int.from_bytes(labelled("BE1 check", code), "big") >> 244
    number, symbols = int.from_bytes(code, "big") * 4096 + check, ""
    for _ in range(28):
        number, symbol = divmod(number, 32)
        symbols = ALPHABET[symbol] + symbols
    return "-".join(symbols[start : start + 4] for start in range(0, 28, 4))


class Envelope:
    """One sealed bid with every value on the way."""

    def __init__(self):
        lengths = {name: len(plaintext_of(files)) for name, files in FILES.items()}
        lengths["identity"] = len(plaintext_of(identity_files(bytes(64))))
        self.core = {
            "v": 1,
            "suite": "I1",
            "mode": "A",
            "policy_hash": POLICY_HASH.hex(),
            "lot_ref": policy()["lot_ref"],
            "bid_ref": BID_REF.hex(),
            "version": 1,
            "prev": "",
            "submit_key": point(SUBMIT).hex(),
            "sB_commit": labelled("BE1 sB", BID_REF, S_B).hex(),
            "stages": [{"id": "1", "C": [point(one).hex() for one in COEFFICIENTS]}],
            "parts": [{"id": name, "stage": "1", "padded_len": lengths[name]} for name in PARTS],
        }
        self.core_hash = labelled("BE1 core", jcs(self.core))
        self.trustees = [
            wrap(scalar_bytes(share(index)), point(TRUSTEES[index - 1]), self.core_hash, "trustee", index)
            for index in range(1, N + 1)
        ]
        keys = [point(BIDDER), point(recovery_scalar(RECOVERY)), point(scalar("noise 3")), point(scalar("noise 4"))]
        inside = [S_B, S_B, secret("noise 3"), secret("noise 4")]
        self.slots = [
            wrap(inside[place], keys[place], self.core_hash, "bidder", place + 1) for place in range(len(keys))
        ]
        self.parts, self.steps = {}, []
        for name in PARTS[:-1]:
            self.add(name, FILES[name])
        self.message = labelled("BE1 sign", self.core_hash, *(labelled("BE1 ct", one) for one in self.parts.values()))
        self.signature = b"".join(scalar_bytes(one) for one in decode_dss_signature(ecdsa(SIGNER, self.message)))
        self.add("identity", identity_files(self.signature))
        self.header = {
            "core": self.core,
            "stanzas": {
                "trustees": [one["data"] for one in self.trustees],
                "bidder": [one["data"] for one in self.slots],
            },
            "parts": [
                {"id": name, "ct_len": len(self.parts[name]), "ct_hash": labelled("BE1 ct", self.parts[name]).hex()}
                for name in PARTS
            ],
        }
        self.text = jcs(self.header)
        self.container = (
            b"BE1\x00" + len(self.text).to_bytes(4, "big") + self.text + b"".join(self.parts[one] for one in PARTS)
        )

    def add(self, name, files):
        plaintext = plaintext_of(files)
        salt, key, context = self.salt(name), part_key(self.core_hash, name), part_context(self.core_hash, name)
        self.parts[name] = encrypt(key, context, plaintext, salt)
        chunk_key, base_nonce, commitment = derived(key, salt, context)
        self.steps.append(
            {
                "id": name,
                "files": [
                    {"name": one, "media": media, "size": len(data), "hash": file_hash(data).hex()}
                    for one, media, data in files
                ],
                "index": index_of(files).decode(),
                "padded_len": len(plaintext),
                "plaintext_sha256": sha(plaintext).hex(),
                "key": key.hex(),
                "context": context.hex(),
                "salt": salt.hex(),
                "chunk_key": chunk_key.hex(),
                "base_nonce": base_nonce.hex(),
                "commitment": commitment.hex(),
                "ct_len": len(self.parts[name]),
                "ct_hash": labelled("BE1 ct", self.parts[name]).hex(),
            }
        )

    def salt(self, name):
        return secret(f"salt of {name}")[:24]


BASE = Envelope()
