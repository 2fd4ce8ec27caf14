"""The tables of PCI device ids, made from the list of the PCI ID repository."""

from pathlib import Path

import pytest

from probe.tables.devices import capability_of_device, gfx_of_device
from tools import pci_ids
from tools.pci_ids import LIST, ListError, blocks, differences, documents, main, parse, read

HEAD = "#\n#\tVersion: 2026.08.22\n"
SMALL = HEAD + (
    "1002  Advanced Micro Devices, Inc. [AMD/ATI]\n"
    "\t13c0  Granite Ridge [Radeon Graphics]\n"
    "\t1638  Cezanne [Radeon Vega Series / Radeon Vega Mobile Series]\n"
    "\t\t1043 16c2  a card of some maker's\n"
    "\t73a4  Navi 21 USB\n"
    "\t744c  Navi 31 [Radeon RX 7900 XT/7900 XTX]\n"
    "\t7551  Navi 48 [AMD Radeon AI PRO R9700]\n"
    "\t75a0  Aqua Vanjaram [Instinct MI350X]\n"
    "\t74a1  Aqua Vanjaram [Instinct MI300X]\n"
    "\tab30  Navi 31 HDMI/DP Audio\n"
    "\t9999  Some Future Chip [Radeon RX 99]\n"
    "10de  NVIDIA Corporation\n"
    "\t13be  GM204 [GM107 CS1]\n"
    "\t13bd  GM107GL [Tesla M10]\n"
    "\t13c0  GM204 [GeForce GTX 980]\n"
    "\t1aef  GA102 High Definition Audio Controller\n"
    "\t22a3  GH100 [H100 NVSwitch]\n"
    "\t22d1  GB20B PCI bridge\n"
    "\t2230  GA102GL [RTX A6000]\n"
    "\t2330  GH100 [H100 SXM5 80GB]\n"
    "\t2e12  GB20B [GB10]\n"
    "\t3000  GR100 [Reserved Dev ID A]\n"
    "C 03  Display controller\n"
    "\t00  VGA compatible controller\n"
)


def test_a_chip_is_told_by_its_code_name() -> None:
    ids = parse(SMALL)
    amd, nvidia = pci_ids.known_amd(ids), pci_ids.known_nvidia(ids)
    assert {device: amd.get(device) for device in ids.amd} == {
        0x13C0: "gfx1036",
        0x1638: "gfx90c",
        0x73A4: None,  # a card's USB socket
        0x744C: "gfx1100",
        0x7551: "gfx1201",
        0x75A0: "gfx950",  # the longer beginning counts
        0x74A1: "gfx942",
        0xAB30: None,
        0x9999: None,
    }
    assert nvidia == {
        0x13BD: "5.0",
        0x13BE: "5.0",
        0x13C0: "5.2",
        0x2230: "8.6",
        0x2330: "9.0",
        0x2E12: "12.1",
    }


def test_ids_that_the_list_lacks_are_kept() -> None:
    assert pci_ids.known_amd(parse(SMALL))[0x73DA] == "gfx1031"


def test_a_block_has_room_for_cards_that_came_after_the_list() -> None:
    """From the unit's first id to the page's last, and never into the next chip's."""
    assert blocks({0x2684: "8.9", 0x2704: "8.9", 0x2901: "10.0", 0x102A: "3.5", 0x102D: "3.7"}) == [
        (0x1000, 0x102C, "3.5"),
        (0x102D, 0x10FF, "3.7"),
        (0x2680, 0x27FF, "8.9"),
        (0x2900, 0x29FF, "10.0"),
    ]


def test_the_files() -> None:
    made = documents(parse(SMALL))
    assert "version 2026.08.22" in made["amd_devices.toml"]
    assert '    ["13c0", "13ff", "5.2"],\n' in made["nvidia_devices.toml"]
    names = made["device_names.txt"]
    assert "1002 13c0 AMD Radeon Graphics (Granite Ridge)\n" in names
    assert "1002 7551 AMD Radeon AI PRO R9700\n" in names
    assert "10de 2330 NVIDIA H100 SXM5 80GB\n" in names
    assert "9999" not in names


@pytest.mark.parametrize("text", ["", "not a list\n", "10de  NVIDIA\n\t2684  AD102\n"])
def test_what_is_no_list_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pci.ids"
    path.write_text(text)
    with pytest.raises(ListError, match="no list of PCI ids"):
        read(path)


def test_a_list_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "pci.ids")]) == 1
    assert "install the package pci.ids" in capsys.readouterr().err


def test_the_tables_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pci.ids"
    path.write_text(SMALL)
    for chips in ("nvidia_chips.toml", "amd_chips.toml"):
        (tmp_path / chips).write_bytes((pci_ids.TABLES / chips).read_bytes())
    monkeypatch.setattr(pci_ids, "TABLES", tmp_path)
    assert main([str(path)]) == 0
    assert {file.name for file in tmp_path.iterdir()} >= set(documents(parse(SMALL)))
    assert "make generated" in capsys.readouterr().out


def test_the_check_names_a_card_that_the_tables_lack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pci.ids"
    path.write_text(SMALL)
    assert main([str(path), "--check"]) == 0
    path.write_text(SMALL.replace("\t744c", "\t7fff  Navi 48 [Radeon RX 9999]\n\t744c"))
    assert main([str(path), "--check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == (
        "1002:7fff Navi 48 [Radeon RX 9999]: gfx1201 (the table: None)"
    )


@pytest.mark.skipif(not LIST.exists(), reason=f"the package pci.ids is not installed: no {LIST}")
def test_the_tables_know_every_card_of_the_list_on_this_machine() -> None:
    assert [*differences(read(LIST))] == []


# What the tables knew before they were made from the list (22 November 2026), where it is not in
# the list by the chip's name: ids of blocks between cards, and ids from the driver's own table.
@pytest.mark.parametrize(
    ("first", "last", "capability"),
    [
        (0x0FC0, 0x0FFF, (3, 0)),
        (0x1001, 0x1023, (3, 5)),
        (0x1024, 0x102C, (3, 5)),
        (0x102D, 0x102D, (3, 7)),
        (0x102E, 0x103F, (3, 5)),
        (0x1180, 0x11FF, (3, 0)),
        (0x1280, 0x12BF, (3, 5)),
        (0x1340, 0x13BF, (5, 0)),
        (0x13C0, 0x143F, (5, 2)),
        (0x15C2, 0x15FF, (6, 0)),
        (0x1613, 0x1676, (5, 2)),
        (0x1725, 0x172F, (6, 0)),
        (0x174D, 0x174E, (5, 0)),
        (0x1789, 0x179C, (5, 0)),
        (0x17C2, 0x17FD, (5, 2)),
        (0x1B00, 0x1D7F, (6, 1)),
        (0x1D80, 0x1DFF, (7, 0)),
        (0x1E00, 0x1FFF, (7, 5)),
        (0x2080, 0x20FF, (8, 0)),
        (0x2180, 0x21FF, (7, 5)),
        (0x2200, 0x22FF, (8, 6)),
        (0x2300, 0x23FF, (9, 0)),
        (0x2400, 0x25FF, (8, 6)),
        (0x2680, 0x28FF, (8, 9)),
        (0x2900, 0x29FF, (10, 0)),
        (0x2B00, 0x2B00, (11, 0)),
        (0x2B80, 0x2DFF, (12, 0)),
        (0x2E00, 0x2EFF, (12, 1)),
        (0x2F00, 0x2F8F, (12, 0)),
        (0x3180, 0x31FF, (10, 3)),
    ],
)
def test_no_block_was_lost(first: int, last: int, capability: tuple[int, int]) -> None:
    assert {capability_of_device(device) for device in range(first, last + 1)} == {capability}


@pytest.mark.parametrize(
    ("gfx", "devices"),
    [
        ("gfx803", "6997 730f 67df 699f 7300"),
        ("gfx900", "6860 6864 687f"),
        ("gfx906", "66a0 66a1 66a2 66a3 66a7 66af"),
        ("gfx942", "74a0 74a1 74a2 74a5 74a9 74b5 74b9 74bd"),
        ("gfx950", "75a0 75a3 75a8"),
        ("gfx1010", "7310 7312 7319 731b 731e 731f"),
        ("gfx1030", "73a8 73a9 73ac 73ad 73bf"),
        ("gfx1031", "73c0 73c1 73ce 73da 73db 73dc 73dd 73de 73df"),
        ("gfx1032", "73e2 73e8 73e9 73ea 73eb 73ec 73ff"),
        ("gfx1035", "164d 1681"),
        ("gfx1036", "164e 1506 13c0"),
        ("gfx1102", "7480 7481 7483 7487 7489 748b 7499 749f 73f0"),
        ("gfx1103", "15bf 15c8 164f 1900 1901"),
        ("gfx1153", "1902"),
    ],
)
def test_no_amd_device_was_lost(gfx: str, devices: str) -> None:
    assert {gfx_of_device(int(device, 16)) for device in devices.split()} == {gfx}
