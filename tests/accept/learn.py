"""Five-fold cross-validation of `redress classify eval`, with default settings, on the labelled sets of the shared
data, against the published baseline of the same folds: accuracy and macro-F1 may not be below it."""

import json
import os
import subprocess
import sys

import folds

SETS = [
    # Name in the references, file, label, text.
    ("en_uk_tweets_subject7", "en_uk_tweets/train.csv", "subject", "text"),
    ("zh_gov_label7", "zh_gov_messages/labelled_train.csv", "label", "title,body"),
    ("zh_gov_label7", "zh_gov_messages/labelled_train.csv", "label", "body"),
]


def mean(values):
    return sum(values) / len(values)


def main(binary, data, work):
    with open(os.path.join(data, "references", "classification_cv.json"), encoding="utf-8") as file:
        references = json.load(file)
    below = 0
    for name, path, label, text in SETS:
        models = references[name]["models"].items()
        baseline = [max(figures[key] for model, figures in models) for key in ("accuracy", "macro_f1")]
        out = os.path.join(work, name)
        folds.main(os.path.join(data, path), label, text, out, 0)
        found = []
        for fold in range(5):
            ask = [binary, "classify", "eval", "--train", f"{out}-{fold}-train.csv", "--test",
                   f"{out}-{fold}-test.csv", "--text", "text", "--label", "label", "--json"]
            found.append(json.loads(subprocess.run(ask, check=True, capture_output=True).stdout))
        reached = [mean([figures[key] for figures in found]) for key in ("accuracy", "macro_f1")]
        doubt = [mean([figures[key] for figures in found]) for key in ("log_loss", "ece", "ece_by_chance")]
        ok = all(ours >= theirs for ours, theirs in zip(reached, baseline))
        below += not ok
        print(f"{name} ({text}): accuracy {reached[0]:.4f} (baseline {baseline[0]:.4f}), macro-F1 {reached[1]:.4f} "
              f"(baseline {baseline[1]:.4f}), log loss {doubt[0]:.4f}, ECE {doubt[1]:.4f} (by chance alone "
              f"{doubt[2]:.4f})"
              f"{'' if ok else ' BELOW THE BASELINE'}")
    sys.exit(1 if below else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
