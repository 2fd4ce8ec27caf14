"""A picture's file → what a model is shown of it: opened, decoded, laid out, drawn, encoded."""

import io
from collections.abc import Sequence

from PIL import Image, ImageFile

from alternator.media.decoder.animation import Frame, frames_of, telling
from alternator.media.decoder.colours import Space, space_of
from alternator.media.decoder.drawing import Source, orientation_of, upright
from alternator.media.decoder.encoding import encoded, looks_written
from alternator.media.decoder.ground import grounded
from alternator.media.decoder.layout import Size, View, fitted, views
from alternator.media.decoder.opening import check_size, opened
from alternator.media.decoder.pixels import pixels_of, rawmode_of
from alternator.media.decoder.protocol import (
    MOST_BYTES,
    MOST_BYTES_OF_ONE,
    MOST_PIXELS,
    MOST_SHOWN,
    Reply,
    ViewKind,
)
from alternator.media.decoder.signalled import cicp_of

# Of frames that are shown together, in pixels.
FRAME_SIDE = 1024
# What moves. A JPEG's second picture is a gain map, a TIFF's its next page, a HEIC's another shot.
ANIMATED = ("image/gif", "image/png", "image/webp", "image/avif")


class _File:
    """A picture's file, to be opened as often as it takes."""

    def __init__(self, data: bytes, media_type: str) -> None:
        self._data = data
        self.media_type = media_type

    def open(self) -> ImageFile.ImageFile:
        return opened(io.BytesIO(self._data), self.media_type)

    def space(self, picture: Image.Image) -> Space:
        return space_of(picture.info, cicp_of(self._data), self.media_type)

    def source(
        self, picture: ImageFile.ImageFile, rawmode: str, size: Size, orientation: int
    ) -> Source:
        """Of a picture at its frame; this decodes it."""
        pixels = pixels_of(picture, rawmode, self.open)
        if self.media_type == "image/tiff":
            size = pixels.size  # turned by then
        return Source(pixels=pixels, size=size, orientation=orientation, space=self.space(picture))


def views_of_picture(data: bytes, media_type: str, longest_side: int) -> Reply:
    """The views of one picture. FaultError, or whatever a reader raises for a damaged file."""
    file = _File(data, media_type)
    with file.open() as picture:
        if media_type in ANIMATED and getattr(picture, "is_animated", False):
            check_size(picture.size)
            return _moving(file, picture, longest_side)
        return _still(file, picture, longest_side)


def views_of_frames(
    files: Sequence[bytes], media_type: str, longest_side: int, most: int = MOST_SHOWN
) -> Reply:
    """The views of a video, of which these are frames in order; what can't be read is left out."""
    frames, failure = [], None
    for number, data in enumerate(files):
        file = _File(data, media_type)
        try:
            with file.open() as picture:
                check_size(picture.size)
                image = _whole(file, picture, min(longest_side, FRAME_SIDE))
        except Exception as error:  # noqa: BLE001  readers raise all kinds of errors
            failure = error
            continue
        frames.append(Frame(image=image, number=number, second=float(number)))
    if failure is not None and not frames:
        raise failure
    chosen = telling(frames, most)
    if len(chosen) == 1:
        return views_of_picture(files[chosen[0].number], media_type, longest_side)
    return _reply("moving", [frame.image for frame in chosen])


def _still(file: _File, picture: ImageFile.ImageFile, longest_side: int) -> Reply:
    if file.media_type != "image/jpeg":
        check_size(picture.size)
    rawmode = rawmode_of(picture)  # before its EXIF data, for which a PNG is decoded
    orientation = orientation_of(picture, file.media_type)
    size = upright(picture.size, orientation)
    if file.media_type == "image/jpeg":
        _decode_smaller(picture, size, longest_side)
    check_size(picture.size)
    source = file.source(picture, rawmode, size, orientation)
    whole, *parts = views(source.size, longest_side)
    images = [source.draw(whole)]
    if not parts and looks_written(images[0]):
        _, *parts = views(source.size, longest_side, written=True)
    images += [source.draw(part) for part in parts]
    return _reply("long" if parts else "still", images)


def _moving(file: _File, picture: ImageFile.ImageFile, longest_side: int) -> Reply:
    side = min(longest_side, FRAME_SIDE)
    frames = frames_of(picture, lambda frame: _whole(file, frame, side))
    chosen = telling(frames)
    if len(chosen) != 1:
        return _reply("moving", [frame.image for frame in chosen])
    with file.open() as again:
        for number in range(chosen[0].number + 1):
            again.seek(number)
            again.load()
        return _still(file, again, longest_side)


def _whole(file: _File, picture: ImageFile.ImageFile, side: int) -> Image.Image:
    orientation = orientation_of(picture, file.media_type)
    size = upright(picture.size, orientation)
    view = View(box=(0, 0, *size), size=fitted(size, side))
    return file.source(picture, "", size, orientation).draw(view)


def _decode_smaller(picture: ImageFile.ImageFile, size: Size, longest_side: int) -> None:
    """Have a JPEG decoded at a half, fourth or eighth of its size, where no view needs more."""
    shown = views(size, longest_side, written=True)
    scale = max(view.size[0] / (view.box[2] - view.box[0]) for view in shown)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        scale = min(scale, 0.5)
    if scale <= 0.5:
        picture.draft(picture.mode, (int(width * scale), int(height * scale)))


def _reply(kind: ViewKind, images: Sequence[Image.Image]) -> Reply:
    most = min(MOST_BYTES // len(images), MOST_BYTES_OF_ONE)
    return Reply(kind=kind, pictures=tuple(encoded(image, most) for image in grounded(images)))
