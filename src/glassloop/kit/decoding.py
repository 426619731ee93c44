"""A picture file as a tensor of one size, whatever its format, mode and orientation."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from glassloop.errors import UserError
from glassloop.kit.pictures import open_picture


def read_picture(file: Path, size: int) -> torch.Tensor:
    """The picture's middle square at `size` pixels, (3, size, size) float32 in [0, 1]; transparent becomes white.

    A JPEG is decoded no larger than needed, turned as the camera was held. Raises UserError for a file that is damaged.
    """
    picture = open_picture(file)
    side = min(picture.size)
    if side > 2 * size:
        picture.draft("RGB", (2 * size * picture.width // side, 2 * size * picture.height // side))  # a JPEG's own halving
    try:
        whole = ImageOps.exif_transpose(picture)
        if whole.mode in ("RGBA", "LA", "PA") or "transparency" in whole.info:
            whole = whole.convert("RGBA")
            whole = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole)
        if whole.mode.startswith("I;16"):  # 16 bits a pixel: `convert` would cut off all above 255, not scale it
            whole = Image.fromarray((np.asarray(whole, dtype=np.uint16) >> 8).astype(np.uint8))
        fitted = ImageOps.fit(whole.convert("RGB"), (size, size), Image.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{file} cannot be read to its end ({error}); replace or remove it") from None
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1) / 255
