"""The names of ``typing`` that annotations use, without its import: an eighth of the probe's start.

A type checker sees ``typing`` itself; at run time nothing asks what an annotation says.
"""

__all__ = ["TYPE_CHECKING", "Any", "ClassVar", "Literal", "Never", "TypeVar", "dataclass_transform"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Literal, Never, TypeVar, dataclass_transform
else:

    class Any:
        """Stands for every type: ``Literal["cuda", "rocm"] | None``, ``dict[str, Any]``."""

        def __class_getitem__(cls, values):
            return cls

    ClassVar = Literal = Never = Any

    def TypeVar(*_, **__):  # noqa: N802 - typing's own name
        return Any

    def dataclass_transform(**_):
        return lambda made: made
