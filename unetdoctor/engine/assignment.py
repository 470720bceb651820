"""The best assignment of rows to columns, each taken once (the Hungarian method)."""

import math


def assigned(gain: list[list[float]]) -> list[int]:
    """Return for each row of a square table its column, so that the sum of the gains is largest.

    Shortest augmenting paths with potentials, after Kuhn (1955) and Munkres (1957): cubic in the size.
    """
    size = len(gain)
    rows, columns = [0.0] * (size + 1), [0.0] * (size + 1)
    owner, before = [size] * (size + 1), [size] * (size + 1)
    for row in range(size):
        owner[size], column = row, size
        least, done = [math.inf] * (size + 1), [False] * (size + 1)
        while owner[column] != size:
            done[column] = True
            at, step, following = owner[column], math.inf, size
            for other in range(size):
                if done[other]:
                    continue
                cost = -gain[at][other] - rows[at] - columns[other]
                if cost < least[other]:
                    least[other], before[other] = cost, column
                if least[other] < step:
                    step, following = least[other], other
            for other in range(size + 1):
                if done[other]:
                    rows[owner[other]] += step
                    columns[other] -= step
                else:
                    least[other] -= step
            column = following
        while column != size:
            owner[column] = owner[before[column]]
            column = before[column]
    result = [0] * size
    for column in range(size):
        result[owner[column]] = column
    return result
