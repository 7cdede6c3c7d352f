"""Figure 5(a) beside what was published, and the exponents.

    plot.py MEASURED.csv FOLDER

writes fig5a_dataset_scaling.png and fig5a_dataset_scaling.md to FOLDER and prints the summary.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import scaling


def main(source, folder):
    scaling.main(source, folder, "fig5a_dataset_scaling", "d", "full")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
