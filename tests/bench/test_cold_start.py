"""What the benchmark of starts prints."""

from bench.cold_start import Took, heading, line_of


def test_a_line_has_the_least_and_the_median() -> None:
    took = Took(cold=(5.0, 4.0, 9.0), warm=(2.0,))
    assert (
        line_of("cpu, on the CPU", took)
        == f"{'cpu, on the CPU':<34}{'4.00 / 5.00':>18}{'2.00':>18}"
    )
    assert len(heading()) == len(line_of("", took))


def test_where_files_can_not_be_put_out_of_memory_there_is_a_dash() -> None:
    assert line_of("", Took(cold=(), warm=(1.0, 3.0))).split() == ["-", "1.00", "/", "2.00"]
