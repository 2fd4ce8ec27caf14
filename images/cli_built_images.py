"""What ``alternator images`` does with images that are built: looks into them, moves them."""

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from images.build.provenance import revision
from images.catalog import image_tag, load_catalog
from images.console import Console
from images.contents import budget, inventory, size_report, size_svg
from images.contents.weights import weigh
from images.engine.answers import ImageFacts
from images.engine.engine import Engine
from images.engine.platforms import PLATFORMS, tag_for
from images.errors import CatalogError, ImagesError
from images.publish.attestations import Predicate
from images.publish.transfer import Transfer

Handler = Callable[[argparse.Namespace, Engine, Console], int]


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> dict[str, Handler]:
    """Add the sub-commands to ``alternator images``; returns what carries each out."""
    size = commands.add_parser("size", help="what weighs what in an image, against its budget")
    size.add_argument("image", nargs="?", default="cpu", help="a variant, or an image's tag")
    size.add_argument("--svg", type=Path, metavar="FILE", help="also draw it")
    size.add_argument(
        "--diff", nargs=2, metavar=("OLD", "NEW"), help="what grew between two images instead"
    )
    size.add_argument(
        "--record", action="store_true", help="make these the weights to compare later builds with"
    )
    commands.add_parser("list", help="the images on this machine, and whether they are current")
    bill = commands.add_parser("bom", help="the bill of materials of an image, as CycloneDX JSON")
    bill.add_argument("image", nargs="?", default="cpu", help="a variant, or an image's tag")
    bill.add_argument("--output", type=Path, metavar="FILE", help="a file instead of the terminal")
    push = commands.add_parser("push", help="push images to a registry")
    push.add_argument("registry", help="host[:port][/path]")
    push.add_argument("images", nargs="*", help="variants or tags; all of ours where none is named")
    push.add_argument(
        "--attestations", type=Path, metavar="FOLDER", help="those that `attest` made elsewhere"
    )
    push.add_argument(
        "--digests", type=Path, metavar="FILE", help="write there what was pushed, for `sign`"
    )
    attest = commands.add_parser("attest", help="write what images are made of, and how")
    attest.add_argument("folder", type=Path, help="where it is written, for `push --attestations`")
    attest.add_argument("images", nargs="*", help="variants or tags; all of ours if none is named")
    sign = commands.add_parser("sign", help="sign what was pushed, with cosign")
    sign.add_argument("image", help="host[:port]/path@sha256:..., as `push` printed it")
    sign.add_argument("--key", default="", help="cosign's key; without one it asks who you are")
    save = commands.add_parser("save", help="write images into one file, for hosts without network")
    save.add_argument("file", type=Path, help="an archive (tar) that `load` and engines read")
    save.add_argument("images", nargs="*", help="variants or tags; all of ours where none is named")
    load = commands.add_parser("load", help="take the images out of such a file")
    load.add_argument("file", type=Path, help="an archive that `save` or an engine wrote")
    return {
        "size": _size,
        "list": _list,
        "bom": _bom,
        "push": _push,
        "attest": _attest,
        "sign": _sign,
        "save": _save,
        "load": _load,
    }


def tag_of(name: str) -> str:
    """The tag of a variant's image, or ``name`` itself if it is a tag."""
    tags = _tags()
    if name in tags:
        return tags[name]
    if ":" not in name:
        raise CatalogError(
            f"{name!r} is neither a variant ({', '.join(tags)}) nor a tag like alternator:0.1"
        )
    return name


def _tags() -> dict[str, str]:
    """The tag of each variant's image for the engine's own platform."""
    catalog = load_catalog()
    tags = {name: image_tag(variant) for name, variant in catalog.variants.items()}
    return {**tags, catalog.universal.name: image_tag(catalog.universal)}


def _size(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    if options.diff:
        before, after = options.diff
        return _difference(before, after, engine, console)
    weights = weigh(engine, tag_of(options.image))
    name = engine.inspect(weights.tag).labels.get(inventory.VARIANT_LABEL, "")
    allowed = load_catalog().budgets.get(name)
    for line in size_report.tree(weights, allowed):
        console.say(line)
    if options.svg:
        write(options.svg, size_svg.draw(weights, allowed))
        console.say(f"drawn: {options.svg}")
    if options.record:
        console.say(f"recorded: {budget.record(weights, name)}")
    return 0


def _difference(before: str, after: str, engine: Engine, console: Console) -> int:
    old, new = (weigh(engine, tag_of(name)) for name in (before, after))
    change = (new.size - old.size) / 1e6
    now = size_report.gigabytes(new.size)
    console.say(f"{old.tag} -> {new.tag}: {change:+.1f} MB, now {now}")
    for line in size_report.difference(old.by_name(), new.by_name()) or ["No difference."]:
        console.say(line)
    return 0


def _list(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    found = inventory.local_images(engine)
    for line in inventory.table(found, revision(), datetime.now(UTC)):
        console.say(line)
    return 0


def _bom(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    # Its library would take a quarter of every other command's start.
    from images.contents import bom

    text = bom.bill(engine, tag_of(options.image))
    if options.output:
        write(options.output, text)
        console.say(f"written: {options.output}")
    else:
        console.say(text)
    return 0


def write(path: Path, text: str) -> None:
    """Write a file that the operator named; ImagesError where it can't be written there."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ImagesError(f"{path} can't be written: {error.strerror}") from error


def _push(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    from images.publish import attest

    tags = chosen(options.images, engine)
    own = engine.platform.architecture
    if options.digests is not None:
        write(options.digests, "")  # before anything is pushed whose digest would be lost

    def attested(image: ImageFacts) -> Sequence[Predicate]:
        if options.attestations is not None:
            return attest.read(options.attestations, image.image_id)
        if image.architecture == own:
            return attest.make(engine, image.tags[0], engine.environ)
        raise CatalogError(
            f"what a {image.architecture} image is made of is asked on such a machine: `alternator "
            f"images attest FOLDER` there, then push with --attestations FOLDER"
        )

    moving = Transfer(engine=engine, console=console)
    digests = []
    for pushed in moving.push(options.registry, tags, attested):
        digests.append(f"{pushed.reference}@{pushed.digest}")
        console.say(f"{digests[-1]} ({', '.join(pushed.platforms)})")
    if options.digests is not None:
        write(options.digests, "".join(f"{line}\n" for line in digests))
    return 0


def _attest(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    from images.publish import attest

    tags = chosen(options.images, engine)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImagesError(f"{options.folder} can't be made: {error.strerror}") from error
    for tag in tags:
        made = attest.make(engine, tag, engine.environ)
        image_id = engine.inspect(tag).image_id
        console.say(f"{tag}: {attest.write(options.folder, image_id, made)}")
    return 0


def _sign(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    from images.publish.references import repository
    from images.publish.sign import Signer

    name, _, digest = options.image.partition("@")
    host, _, path = name.partition("/")
    if not digest.startswith("sha256:"):
        raise CatalogError(
            f"{options.image!r} names no digest: a tag may be another image by now. `alternator "
            f"images push` prints host/path:tag@sha256:..."
        )
    there = repository(engine.facts(), f"{host}/{path.partition(':')[0]}")
    for line in Signer(environ=engine.environ, key=options.key).sign(there, digest):
        console.say(line)
    return 0


def _save(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    tags = chosen(options.images, engine)
    size = Transfer(engine=engine, console=console).save(tags, options.file)
    console.say(f"{options.file}: {', '.join(tags)}, {size_report.gigabytes(size)}")
    console.say(f"On the other machine: alternator images load {options.file.name}")
    return 0


def _load(options: argparse.Namespace, engine: Engine, console: Console) -> int:
    for tag in Transfer(engine=engine, console=console).load(options.file):
        console.say(f"loaded {tag}")
    return 0


def chosen(names: Sequence[str], engine: Engine) -> list[str]:
    """The tags by these names, a variant's for every platform that is here; all without a name."""
    here = [image.tag for image in inventory.local_images(engine)]
    if not names and not here:
        raise CatalogError("there is no image of ours here; `make images` builds one")
    own, variants = engine.platform, _tags()
    tags = []
    for name in names:
        every = [tag_for(variants[name], p, own) for p in PLATFORMS] if name in variants else []
        tags += [tag for tag in every if tag in here] or [tag_of(name)]
    return tags if names else here
