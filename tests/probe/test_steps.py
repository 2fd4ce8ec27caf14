"""A step is told as it can be taken there: with the tools that are there, by whoever asks."""

from probe.steps import Command, OfSystem, Surroundings, System, Template, render

LOAD = Command(run="modprobe nvidia", root=True, does="load it", otherwise="load nvidia")
INSTALL = Command(run="apt-get install toolkit", root=True, brings=("nvidia-ctk",), note="so")
USE = Command(run="nvidia-ctk cdi generate", root=True)
OWN = System(id="own", name="Own", lacks=("systemctl",), own=(("toolkit", ("take its image",)),))


def test_root_is_reached_as_it_can_be() -> None:
    assert render((LOAD,), Surroundings()) == ("load it: sudo modprobe nvidia",)
    root = Surroundings(root=True, lacks=frozenset({"sudo"}))
    assert render((LOAD,), root) == ("load it: modprobe nvidia",)
    doas = Surroundings(has=frozenset({"doas"}), lacks=frozenset({"sudo"}))
    assert render((LOAD,), doas) == ("load it: doas modprobe nvidia",)
    neither = Surroundings(lacks=frozenset({"sudo", "doas"}))
    assert render((LOAD,), neither) == ("load it: as root: modprobe nvidia",)


def test_a_command_whose_tool_is_missing_is_not_given() -> None:
    bare = Surroundings(lacks=frozenset({"modprobe", "nvidia-ctk"}))
    assert render((LOAD,), bare) == ("load nvidia",)
    assert render((USE, "reboot"), bare) == ("reboot",)


def test_a_line_before_may_install_the_tool() -> None:
    bare = Surroundings(lacks=frozenset({"nvidia-ctk"}))
    assert render((INSTALL, USE), bare) == (
        "sudo apt-get install toolkit   # so",
        "sudo nvidia-ctk cdi generate",
    )
    neither = Surroundings(lacks=frozenset({"nvidia-ctk", "apt-get"}))
    assert render((INSTALL, USE), neither) == ()


def test_what_is_there_beats_what_such_systems_lack() -> None:
    restart: Template = (Command(run="systemctl restart docker"),)
    assert render(restart, Surroundings(system=OWN)) == ()
    here = Surroundings(system=OWN, has=frozenset({"systemctl"}))
    assert render(restart, here) == ("systemctl restart docker",)


def test_a_system_has_its_own_way() -> None:
    steps: Template = (OfSystem(what="toolkit", otherwise=("install it",)), "reboot")
    assert render(steps, Surroundings(system=OWN)) == ("take its image", "reboot")
    assert render(steps, Surroundings()) == ("install it", "reboot")


def test_another_machines_tools_are_not_known() -> None:
    away = Command(run="modprobe nvidia", root=True, on="the host")
    windows = Command(run="wsl --shutdown", on="Windows")
    bare = Surroundings(lacks=frozenset({"modprobe", "sudo", "wsl"}), root=True)
    assert render((away, windows), bare) == (
        "on the host: sudo modprobe nvidia",
        "in Windows: wsl --shutdown",
    )
