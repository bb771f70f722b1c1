"""Samples by row, metric and subject, and the table of ratios that is made of them."""

import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Line:
    row: str
    metric: str
    subject: str
    value: float
    reference: str
    reference_value: float
    ratio: float


class Results:
    def __init__(self):
        self.samples = {}  # row -> metric -> subject -> values, one a round
        self._pairs = []  # (row, subject, reference), in the order of the table

    def add(self, row, subject, values):
        for metric, value in values.items():
            self.samples.setdefault(row, {}).setdefault(metric, {}).setdefault(subject, []).append(value)

    def compare(self, row, subjects, reference):
        self._pairs += [(row, subject, reference) for subject in subjects]

    def lines(self, rows=None):
        found = []
        for row in dict.fromkeys(row for row, _, _ in self._pairs):
            if rows is None or row in rows:
                for metric, samples in self.samples.get(row, {}).items():
                    pairs = [(subject, reference) for of, subject, reference in self._pairs if of == row]
                    found += [self._line(row, metric, samples, *pair) for pair in pairs if pair[0] in samples and pair[1] in samples]
        return found

    @staticmethod
    def _line(row, metric, samples, subject, reference):
        """The ratio is the median of the rounds' ratios: the two of one round met the same weather."""
        ratios = [one / other if other else float("nan") for one, other in zip(samples[subject], samples[reference], strict=True)]
        values = (statistics.median(samples[name]) for name in (subject, reference))
        return Line(row, metric, subject, next(values), reference, next(values), statistics.median(ratios))


def table(lines):
    width = max((len(line.row) for line in lines), default=0)
    text = [f"{'':<{width}}  {'':<15} {'':<17} {'':>10}  {'reference':<30} {'ratio':>6}"]
    last = (None, None)
    for line in lines:
        row = line.row if line.row != last[0] else ""
        metric = line.metric if (line.row, line.metric) != last else ""
        against = f"{line.reference_value:>10.2f} {line.reference}"
        text.append(f"{row:<{width}}  {metric:<15} {line.subject:<17} {line.value:>10.2f}  {against:<30} {line.ratio:>6.2f}")
        last = (line.row, line.metric)
    return "\n".join(text)


def as_json(lines):
    return [dataclasses.asdict(line) for line in lines]
