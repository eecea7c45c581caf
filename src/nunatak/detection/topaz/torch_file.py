"""The two containers of ``torch.save``: a zip archive, and before it a chain of pickles."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from nunatak.detection.topaz.inert_pickle import Call, Name, Reference, Unreadable, read_pickle

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_VERSION = 1001
_COUNT_BYTES = 8

ITEM_BYTES: Mapping[str, int] = {
    "FloatStorage": 4,
    "DoubleStorage": 8,
    "HalfStorage": 2,
    "LongStorage": 8,
}
"""Kinds of storage that a model's tensors lie in, and the size of a number."""


@dataclass(frozen=True)
class TorchFile:
    """What ``torch.save`` was given, as records, and the numbers of its tensors.

    Attributes
    ----------
    root : object
        See `nunatak.detection.topaz.inert_pickle.read_pickle`.
    storages : mapping of str to bytes
        Raw little-endian numbers by the storage's key.
    """

    root: object
    storages: Mapping[str, bytes]


@dataclass(frozen=True)
class Storage:
    """Where a tensor's numbers lie.

    Attributes
    ----------
    kind : str
        One of `ITEM_BYTES`.
    key : str
        Into `TorchFile.storages`.
    count : int
        Numbers in it.
    """

    kind: str
    key: str
    count: int

    @property
    def size_bytes(self) -> int:
        """Length of the storage."""
        return self.count * ITEM_BYTES[self.kind]


def read_torch_file(content: bytes) -> TorchFile:
    """Take a file of ``torch.save`` apart.

    Parameters
    ----------
    content
        The whole file.

    Raises
    ------
    Unreadable
        If it is none, or cut, or compressed.
    """
    if content.startswith(b"PK\x03\x04"):
        try:
            return _read_archive(content)
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
            if isinstance(error, Unreadable):
                raise
            raise Unreadable(f"the zip archive is cut or damaged ({error})") from error
    return _read_legacy(content)


def storage_of(record: object) -> Storage:
    """Understand a reference to a storage.

    Raises
    ------
    Unreadable
        If it is none, or of numbers that no model here is made of.
    """
    match record:
        case Reference(("storage", Name("torch", kind), str(key), str(), int(count), *view)) if (
            view in ([], [None])
        ):
            if kind not in ITEM_BYTES:
                raise Unreadable(f"a tensor of torch.{kind}; known: {', '.join(ITEM_BYTES)}")
            if count < 0:
                raise Unreadable(f"a storage of {count} numbers")
            return Storage(kind, key, count)
    raise Unreadable("a tensor whose storage is described in an unknown way")


def _read_archive(content: bytes) -> TorchFile:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        # torch.save never compresses. What is not compressed cannot be larger than the file.
        if any(one.compress_type != zipfile.ZIP_STORED or one.flag_bits & 1 for one in members):
            raise Unreadable("a compressed or encrypted zip archive, which torch.save never writes")
        if sum(one.file_size for one in members) > len(content):
            raise Unreadable("a zip archive whose members claim to be larger than it is")
        names = {one.filename for one in members}
        pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            raise Unreadable("a zip archive, but not one of torch.save: there is no data.pkl in it")
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
            raise Unreadable("numbers are stored with the most significant byte first")
        root = read_pickle(io.BytesIO(archive.read(pickles[0])))
        prefix = f"{folder}data/"
        data = {name.removeprefix(prefix): name for name in names if name.startswith(prefix)}
        return TorchFile(root, {key: archive.read(name) for key, name in data.items()})


def _read_legacy(content: bytes) -> TorchFile:
    stream = io.BytesIO(content)
    if not content.startswith(b"\x80") or read_pickle(stream) != _LEGACY_MAGIC:
        raise Unreadable("not a file of torch.save")
    if read_pickle(stream) != _LEGACY_VERSION:
        raise Unreadable("a file of an unknown version of torch.save")
    system = read_pickle(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Unreadable("numbers are stored with the most significant byte first")
    root = read_pickle(stream)
    keys = read_pickle(stream)
    if not isinstance(keys, list):
        raise Unreadable("the list of storages is damaged")
    # A storage says its number of numbers, but not of what kind they are: the pickle does.
    kinds = _storages_in(root)
    storages = {}
    for key in keys:
        if not isinstance(key, str) or key not in kinds:
            raise Unreadable("a storage that nothing refers to")
        stated = int.from_bytes(stream.read(_COUNT_BYTES), "little")
        if stated != kinds[key].count:
            raise Unreadable(f"storage {key} holds {stated} numbers, not {kinds[key].count}")
        storages[key] = stream.read(kinds[key].size_bytes)
    return TorchFile(root, storages)


def _storages_in(root: object) -> dict[str, Storage]:
    """Find all storages that a record refers to, however deep and however often."""
    found: dict[str, Storage] = {}
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        record = waiting.pop()
        if id(record) in seen:
            continue
        seen.add(id(record))
        match record:
            case Reference(("storage", *_)):
                storage = storage_of(record)
                found[storage.key] = storage
            case Call():
                waiting += [record.arguments, record.state, record.items, record.elements]
            case dict():
                waiting += record.values()
            case list() | tuple():
                waiting += record
    return found
