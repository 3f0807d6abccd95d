"""Cuts a labelled file into the five stratified folds of the published baseline (scikit-learn 1.x,
StratifiedKFold(5, shuffle=True, random_state=SEED)), without needing scikit-learn: the Mersenne Twister is seeded
and drawn from as numpy's RandomState does."""

import csv
import random
import sys


class Numbers:
    """numpy.random.RandomState(seed), as far as shuffling needs it."""

    def __init__(self, seed):
        state = [seed & 0xFFFFFFFF]
        for n in range(1, 624):
            state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + n) & 0xFFFFFFFF)
        self.twister = random.Random()
        self.twister.setstate((3, tuple(state) + (624,), None))

    def upto(self, most):
        mask = (1 << most.bit_length()) - 1
        while True:
            drawn = self.twister.getrandbits(32) & mask
            if drawn <= most:
                return drawn

    def shuffle(self, items):
        for upper in range(len(items) - 1, 0, -1):
            other = self.upto(upper)
            items[upper], items[other] = items[other], items[upper]


def folds(labels, seed=0, count=5):
    """The fold of every row."""
    names = list(dict.fromkeys(labels))
    codes = [names.index(label) for label in labels]
    order = sorted(codes)
    share = [[order[fold::count].count(code) for code in range(len(names))] for fold in range(count)]
    numbers, found = Numbers(seed), [0] * len(labels)
    for code in range(len(names)):
        of_class = [fold for fold in range(count) for _ in range(share[fold][code])]
        numbers.shuffle(of_class)
        for row, fold in zip((row for row, other in enumerate(codes) if other == code), of_class):
            found[row] = fold
    return found


def main(path, label, text, out, seed):
    """Writes OUT-N-train.csv and OUT-N-test.csv; several columns of text, divided by commas, become one."""
    csv.field_size_limit(1 << 27)
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    of = folds([row[label] for row in rows], int(seed))
    for fold in range(5):
        for part, inside in (("train", False), ("test", True)):
            with open(f"{out}-{fold}-{part}.csv", "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["text", "label"])
                for row, other in zip(rows, of):
                    if (other == fold) == inside:
                        writer.writerow(["\n".join(row[name] for name in text.split(",")), row[label]])


if __name__ == "__main__":
    main(*sys.argv[1:])
