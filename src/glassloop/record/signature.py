"""attestation.json: who vouches for a run. A DSSE envelope around an in-toto statement, signed with an Ed25519 key.

The statement names every file that is evidence, by its sha256, and the head of the ledger. Who has the public key from a
place that he trusts knows that the holder of the private one signed just this; not when, and not that it is true.
"""

import json
import os
from base64 import b64decode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from glassloop.errors import UserError
from glassloop.record import ledger
from glassloop.record.companions import Vouched, check_digest, plain_digest, read_json
from glassloop.record.course import Course
from glassloop.record.files import write_atomic, write_json
from glassloop.record.tensors import names_in
from glassloop.record.verdict import Verdict, counted, first_line

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner, Key

NAME = "attestation.json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://github.com/glassloop/glassloop/run/v1"

# What is evidence; reports, pictures and TensorBoard's files are made from it.
FILES = ("run.json", ledger.NAME, "order.bin", "history.json", "findings.json", "lines.json")
FOLDERS = ("source", "data", "rng", "checkpoints")

SIGNED = Vouched(missing="was signed", other="was signed", changed="it was changed after it was signed")

_LONGEST_KEY = 1 << 16


class MissingError(UserError):
    """The packages that sign are not installed."""


class Attested(NamedTuple):
    """What attestation.json says, before anybody has checked the signature. `envelope` is the JSON object itself."""

    envelope: dict[str, Any]
    statement: dict[str, Any]
    rows: int
    head: str
    subjects: dict[str, str]  # sha256 by the name of the file


def make_key(path: Path) -> tuple[Path, str]:
    """Write a new private key to `path`, for its owner alone, and its public half to `path`.pub; returns that and the id.

    Never replaces a file: UserError.
    """
    _needs_packages()
    from securesystemslib.signer import CryptoSigner

    signer = CryptoSigner.generate_ed25519()
    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise UserError(f"{public} exists and is not replaced; give another --out")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UserError(f"{path} exists; a key is never replaced, give another --out") from None
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); give another --out") from None
    with os.fdopen(handle, "wb") as file:
        file.write(signer.private_bytes)
        file.flush()
        os.fsync(file.fileno())
    write_atomic(public, _pem(signer))
    return public, str(signer.public_key.keyid)


def key_id(private: Path) -> str:
    """The id of a private key: hex, the same as its public half's. Raises UserError where the file is no such key."""
    return str(_signer(private).public_key.keyid)


def sign(run: Path, private: Path) -> Path:
    """Sign a run folder as it lies, at the end of a session; returns attestation.json. Raises UserError, OSError."""
    signer = _signer(private)
    from securesystemslib.dsse import Envelope

    payload = json.dumps(statement_of(run, signer), sort_keys=True).encode()
    envelope = Envelope(payload, PAYLOAD, {})
    envelope.sign(signer)
    write_json(run / NAME, envelope.to_dict())
    return run / NAME


def statement_of(run: Path, signer: "CryptoSigner") -> dict[str, Any]:
    """The in-toto statement over a run folder. Raises UserError, OSError."""
    rows = iter(ledger.rows(run / ledger.NAME))
    first = next(rows, {})
    head, count = ledger.START, 0
    for line in ledger.lines(run / ledger.NAME):
        count, head = count + 1, sha256(line[:-1]).hexdigest()
    key = signer.public_key
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": plain_digest(run, name)}} for name in _evidence(run)],
        "predicateType": PREDICATE,
        "predicate": {
            "run": first.get("run"), "nonce": first.get("nonce"), "ledger": {"rows": count, "head": head},
            "signer": {"keyid": key.keyid, "public": _pem(signer)},
        },
    }  # fmt: skip


def _evidence(run: Path) -> list[str]:
    names = [name for name in FILES if (run / name).is_file()]
    for folder in FOLDERS:
        if (run / folder).is_dir():
            names += [f"{folder}/{name}" for name in names_in(run / folder, links=False)]
    return names


def read(run: Path, verdict: Verdict) -> Attested | None:
    """attestation.json as it stands; None where there is none, or none that can be read, which the verdict is told."""
    try:
        envelope = read_json(run, NAME)
        statement = json.loads(b64decode(envelope["payload"], validate=True))
        stated = statement["predicate"]["ledger"]
        subjects = {entry["name"]: entry["digest"]["sha256"] for entry in statement["subject"]}
        words = [stated["head"], *subjects, *subjects.values()]
        kinds = (envelope["payloadType"], statement["_type"], statement["predicateType"])
        plain = type(stated["rows"]) is int and all(type(word) is str for word in words)
        if kinds != (PAYLOAD, STATEMENT, PREDICATE) or not plain:
            raise ValueError("it is not as glassloop writes it")
        return Attested(envelope, statement, stated["rows"], stated["head"], subjects)
    except FileNotFoundError:
        return None
    except (OSError, UserError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        verdict.broken(NAME, f"it cannot be read ({type(error).__name__}: {first_line(error)})", "it was changed")
    return None


def public_key(path: Path) -> "Key":
    """A public key from a PEM file, as `glassloop keygen` writes it. Raises UserError."""
    try:
        return _public(_key_bytes(path))
    except ValueError as error:
        remedy = "`glassloop keygen` writes one, ending in .pub"
        raise UserError(f"{path} is no public key ({first_line(error)}); {remedy}") from None


def _public(pem: bytes) -> "Key":
    """Raises ValueError where it is no public key that can be used here, MissingError."""
    _needs_packages()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey

    try:
        return SSlibKey.from_crypto(load_pem_public_key(pem))
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(first_line(error)) from None


def check(
    run: Path,
    attested: Attested | None,
    course: Course,
    heads: Mapping[int, str],
    verdict: Verdict,
    trusted: Sequence["Key"],
) -> None:
    """The signature, and what it says, against the folder. `trusted`: where any is given, one of these must have signed."""
    if attested is None:
        if (run / NAME).exists():  # it cannot be read: that has been said
            return
        if trusted:
            verdict.incomplete(NAME, "it is missing", "the key that was asked for has not signed this")
        elif isinstance(course.opening.get("signer"), str):
            who = course.opening["signer"][:16]
            means = f"the first row says that key {who} was to sign: the run was killed before, or it was removed"
            verdict.incomplete(NAME, "it is missing", means)
        return
    signer = _signed_by(attested, trusted, verdict)
    if signer is None:
        return
    verdict.signed_by = signer
    if not trusted:
        verdict.note("the key that signed came with the record: whose it is, only --key with a key from elsewhere tells")
    _check_statement(run, attested, heads, verdict)


def _signed_by(attested: Attested, trusted: Sequence["Key"], verdict: Verdict) -> str | None:
    """The id of the key whose signature holds."""
    try:
        _needs_packages()
    except MissingError as error:
        verdict.note(f"{NAME} is there and was not checked: {error}")
        return None
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError

    try:
        envelope = Envelope.from_dict(json.loads(json.dumps(attested.envelope)))
        keys = trusted or [_public(attested.statement["predicate"]["signer"]["public"].encode())]
    except Exception as error:  # whatever a stranger wrote there
        verdict.broken(NAME, f"it cannot be read ({type(error).__name__}: {first_line(error)})", "it was changed")
        return None
    for key in keys:
        for signature in list(envelope.signatures.values())[:100]:
            with suppress(UnverifiedSignatureError):
                key.verify_signature(signature, envelope.pae())
                return str(key.keyid)
    asked = "no signature in it is of the key that was asked for" if trusted else "its signature does not hold"
    verdict.broken(NAME, asked, "another signed, or what was signed was changed" if trusted else "it was changed")
    return None


def _check_statement(run: Path, attested: Attested, heads: Mapping[int, str], verdict: Verdict) -> None:
    count = attested.rows
    if count > verdict.rows:
        means = "its tail was cut after it was signed"
        what = f"{count} rows were signed, and {verdict.rows} are there"
        verdict.broken(ledger.NAME, what, means, row=verdict.rows, line=verdict.rows + 1)
    elif heads.get(count) != attested.head:
        what = f"its first {count} rows are not those that were signed"
        verdict.broken(ledger.NAME, what, "the chain was written anew after it was signed", row=count - 1, line=count)
    elif count < verdict.rows:
        what = f"rows {count} to {verdict.rows - 1} are not signed, those before are"
        verdict.incomplete(ledger.NAME, what, "a later session was killed, or had no key", row=count, line=count + 1)
    else:
        _check_subjects(run, attested, verdict)


def _check_subjects(run: Path, attested: Attested, verdict: Verdict) -> None:
    for name, digest in attested.subjects.items():
        check_digest(run, name, digest, verdict, SIGNED)
    try:
        added = [name for name in _evidence(run) if name not in attested.subjects]
    except (OSError, UserError) as error:
        added = []
        verdict.broken(str(run), first_line(error), "it was put in after the run was signed")
    for name in added[:20]:
        verdict.broken(name, "it is not among the files that were signed", "it was put in after")
    verdict.checked.append(counted(len(attested.subjects), "signed file"))


def _needs_packages() -> None:
    """Raise MissingError where signatures cannot be made or checked here."""
    try:
        import cryptography  # noqa: F401
        import securesystemslib  # noqa: F401
    except ImportError:
        raise MissingError("signatures need two packages: pip install 'glassloop[sign]'") from None


def _signer(private: Path) -> "CryptoSigner":
    _needs_packages()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        return CryptoSigner(load_pem_private_key(_key_bytes(private), None))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        remedy = "`glassloop keygen` makes one"
        raise UserError(f"{private} is no private key without a password ({first_line(error)}); {remedy}") from None


def _pem(signer: "CryptoSigner") -> str:
    """The public half, as openssl and others read it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    public = load_pem_private_key(signer.private_bytes, None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _key_bytes(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_LONGEST_KEY)
    except OSError as error:
        raise UserError(f"key {path} cannot be read ({error.strerror}); `glassloop keygen` makes one") from None
