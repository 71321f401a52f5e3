"""What tensors are in a file of weights?

A file is read as tensors only (`weights_only`, safetensors), on the processor; nothing in it is run.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import pathlib
import types
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer.errors import LatentError
from trainer.importers.process.external_errors import cleaned, listed, refused_class, said
from trainer.importers.process.module_reference import WEIGHTS as USUAL
from trainer.importers.weights.candidates import tensors_below

ENDINGS = (*USUAL, ".tar", ".pkl", ".model")


SAFE: list[Any] = [argparse.Namespace, types.SimpleNamespace, pathlib.PosixPath, pathlib.PurePosixPath, defaultdict, dict, set]


class WeightsError(LatentError):
    """A file of weights cannot be read, or is not of this model; `str(error)` is the sentence to show."""


def read_weights(file: str) -> Mapping[str, Any]:
    """What a file holds: nested mappings with tensors on the processor. Raises `WeightsError`."""
    path = _file_of(Path(file).expanduser())
    _check_kind(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: Any = load_file(str(path), device="cpu")
        elif path.suffix == ".npz":
            import numpy as np

            with np.load(path, allow_pickle=False) as arrays:
                found = {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        else:
            with torch.serialization.safe_globals(SAFE + _scalars_of_numpy()):
                found = torch.load(path, map_location="cpu", weights_only=True)
    except LatentError:
        raise
    except Exception as error:
        raise WeightsError(_why_unreadable(path, error)) from None
    if isinstance(found, Tensor) or not isinstance(found, Mapping):
        raise WeightsError(
            f"{path.name} holds a {type(found).__name__}; allowed: a file of torch.save(model.state_dict(), FILE), a checkpoint that "
            "holds one, or .safetensors."
        )
    return found


def read_all(files: Sequence[str]) -> Mapping[str, Any]:
    """What one file holds; of several, each under its own name, since they are parts of one model. Raises `WeightsError`."""
    if len(files) == 1:
        return read_weights(files[0])
    trees = {Path(file).stem.replace(".", "_"): _inner(read_weights(file)) for file in files}
    if len(trees) < len(files):
        raise WeightsError(f"--weights names {len(files)} files, and two have one name; allowed: files of different names.")
    return trees


def _inner(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one mapping with tensors, where there is nothing else."""
    while not any(isinstance(value, Tensor) for value in tree.values()):
        inside = [value for value in tree.values() if isinstance(value, Mapping) and any(tensors_below(value, "", 0))]
        if len(inside) != 1:
            break
        tree = inside[0]
    return tree


def _file_of(path: Path) -> Path:
    """The file, or the only one of weights in a folder."""
    if path.is_dir():
        inside = sorted(found for found in path.iterdir() if found.suffix in ENDINGS and found.is_file())
        if len(inside) == 1:
            return inside[0]
        names = listed([found.name for found in inside], 8) or "none with such an ending"
        raise WeightsError(f"--weights is the folder {path}, which holds {names}; allowed: one file, {', '.join(USUAL)}.")
    if not path.is_file():
        beside = sorted(found.name for found in path.parent.glob("*") if found.suffix in ENDINGS) if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, 3, 0.3) or beside[:3]
        there = f"; beside it are {listed(near)}" if near else ""
        raise WeightsError(f"--weights is {str(path)!r}, and there is no such file{there}; allowed: a file of weights.")
    return path


def _check_kind(path: Path) -> None:
    """Raises `WeightsError` for a file that is known to be something else."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise WeightsError(f"{path.name} is empty; allowed: a file of weights; save it once more.")
    if head.startswith(b"version https://git-lfs"):
        raise WeightsError(
            f"{path.name} is a pointer of Git LFS and not the weights themselves; run git lfs pull where it comes from."
        )
    if head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        raise WeightsError(f"{path.name} is a web page and not a file of weights; download the file itself.")
    if path.suffix in (".h5", ".hdf5", ".keras") or head.startswith(b"\x89HDF"):
        raise WeightsError(
            f"{path.name} is of Keras; allowed: weights of PyTorch; make_run takes codes and a decoder of any origin."
        )
    if path.suffix in (".onnx", ".gguf", ".msgpack"):
        raise WeightsError(f"{path.name} ends in {path.suffix}; allowed: {', '.join(USUAL)} of PyTorch.")


def _scalars_of_numpy() -> list[Any]:
    """What torch.save keeps of a loss or an accuracy that was a number of numpy: plain numbers, no code."""
    import numpy as np

    kinds = [type(np.dtype(kind)) for kind in ("f8", "f4", "f2", "i8", "i4", "u1", "?")]
    core: Any = importlib.import_module("numpy._core.multiarray")
    return [
        core.scalar,
        core._reconstruct,
        np.dtype,
        np.ndarray,
        *kinds,
        (core.scalar, "numpy.core.multiarray.scalar"),
        (core._reconstruct, "numpy.core.multiarray._reconstruct"),
    ]


def _is_cut_off(path: Path) -> bool:
    """A zip archive's list of contents stands at its end."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04" and not zipfile.is_zipfile(path)


def _why_unreadable(path: Path, error: Exception) -> str:
    text = cleaned(str(error))
    if "TorchScript" in text:
        return (
            f"{path.name} is a TorchScript archive, a program and not weights alone; save torch.jit.load(FILE).state_dict() with "
            "torch.save, and give that."
        )
    refused = refused_class(error)
    if refused is None and _is_cut_off(path):
        return f"{path.name} is cut off: it begins as torch.save writes and its end is missing; copy or download it once more."
    if refused is None:
        return f"{path.name} cannot be read as weights ({said(error)}); allowed: {', '.join(USUAL)}, whole and not damaged."
    if path.suffix == ".ckpt":
        take, whole = "checkpoint['state_dict']", "['state_dict']"
        why = f"keeps an object of the class {refused} beside its weights (among hyper_parameters, or in a callback)"
    else:
        take, whole = "model.state_dict()", ".state_dict()"
        why = f"holds an object of the class {refused} (a whole model, or settings beside the weights)"
    return (
        f"{path.name} {why}, and nothing but tensors is loaded here, since such an object may run any code; where the model was trained, "
        f"save the weights alone, torch.save({take}, 'weights.pt'), and give that; or, if you trust the file, once in the folder of its "
        f"code: python -c \"import torch; torch.save(torch.load('{path.name}', 'cpu', weights_only=False){whole}, 'weights.pt')\"."
    )
