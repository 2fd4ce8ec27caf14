"""Dynamic time warping: the cheapest path through a matrix, which gives words their times.

openai-whisper compiles this loop with numba when it is first needed (2.6 s, and 170 MB installed).
Here numpy walks over the matrix's anti-diagonals, whose cells don't depend on each other: at most
0.1 s for a window of 30 s, and the same path to the last step.
https://github.com/openai/whisper/blob/v20250625/whisper/timing.py (dtw_cpu, backtrace)
"""

import numpy as np
from numpy.typing import NDArray

BOTH, ROW, COLUMN = 0, 1, 2  # where a step comes from: one less of both, of the row, of the column


def cheapest_path(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The path from the first cell to the last of ``costs``, shape (rows, columns), any floats.

    Returns shape (2, steps): each step's row and column. Of equal ways the one along the column is
    taken. An empty side counts as -1, as in openai-whisper.
    """
    rows, columns = costs.shape
    steps = _steps(costs)
    row, column = rows, columns
    path = []
    while row > 0 or column > 0:
        path.append((row - 1, column - 1))
        came_from = COLUMN if row == 0 else ROW if column == 0 else steps[row + column][row]
        row -= came_from != COLUMN
        column -= came_from != ROW
    return np.array(path, dtype=np.int64)[::-1].T


def _steps(costs: NDArray[np.float64]) -> list[bytes]:
    """For each cell where its cheapest way comes from: ``[row + column][row]``, both from 1.

    Anti-diagonal after anti-diagonal: the cells of one are next to each other in memory.
    """
    rows, columns = costs.shape
    diagonals = rows + columns + 1
    skewed = np.zeros((diagonals, rows + 1))
    row, column = np.indices(costs.shape)
    skewed[row + column + 2, row + 1] = costs
    total = np.full((diagonals, rows + 1), np.inf)
    total[0, 0] = 0.0
    steps = np.full((diagonals, rows + 1), COLUMN, dtype=np.uint8)
    for diagonal in range(2, diagonals):
        first, last = max(1, diagonal - columns), min(rows, diagonal - 1) + 1
        both = total[diagonal - 2, first - 1 : last - 1]
        along_row = total[diagonal - 1, first - 1 : last - 1]
        along_column = total[diagonal - 1, first:last]
        is_both = (both < along_row) & (both < along_column)
        is_row = (along_row < both) & (along_row < along_column)
        total[diagonal, first:last] = skewed[diagonal, first:last] + np.where(
            is_both, both, np.where(is_row, along_row, along_column)
        )
        steps[diagonal, first:last] = np.where(is_both, BOTH, np.where(is_row, ROW, COLUMN))
    return [line.tobytes() for line in steps]
