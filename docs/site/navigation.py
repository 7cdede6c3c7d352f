"""Which pages the site has, in the order of its sidebar. A test holds it against the files that there are."""

FRONT = "docs/index"

SECTIONS = {
    "Start": ["docs/tutorial", "docs/gallery"],
    "How do I ...": [
        "docs/how-to/train-with-weights",
        "docs/how-to/exact-fits",
        "docs/how-to/tables-with-classes",
        "docs/how-to/without-weights",
        "docs/how-to/thin-a-posterior",
        "docs/how-to/integrals",
        "docs/how-to/how-much-to-keep",
        "docs/how-to/many-columns",
        "docs/how-to/own-matrices",
        "docs/pruning",
        "docs/distillation",
        "docs/networks",
        "docs/streams",
        "docs/how-to/clusters",
        "docs/how-to/files-and-reports",
    ],
    "Understand": [
        "docs/mathematics",
        "docs/how-it-works",
        "docs/comparison",
        "docs/high-dimension",
        "docs/quality",
        "docs/performance",
        "docs/scale",
        "docs/paper-method",
        "docs/perceptron-theory",
    ],
    "Look up": [
        "docs/python",
        "docs/api/python",
        "docs/api/cpp",
        "docs/command-line",
        "docs/certificate",
        "docs/metadata",
        "docs/format",
        "docs/stability",
    ],
    "Project": [
        "README",
        "CHANGELOG",
        "CONTRIBUTING",
        "docs/adr/0001-openblas",
        "docs/adr/0002-secondary-objective",
        "docs/adr/0003-python-package",
        "docs/adr/0004-kmeans-without-faiss",
        "docs/adr/0005-documentation-site",
        "docs/adr/0006-expected-errors",
        "docs/adr/0007-boost-math",
        "docs/adr/0008-streams",
        "experiments/README",
        "experiments/fig2_error/README",
        "experiments/fig3_dataset_training/README",
        "experiments/fig4_width_dynamics/README",
        "experiments/fig5a_dataset_scaling/README",
        "experiments/fig5b_width_scaling/README",
        "experiments/fig6_runtime/README",
        "experiments/fig7_attention/README",
        "experiments/fig8_polylog/README",
        "experiments/intrinsic_dimension/README",
        "experiments/distillation/README",
        "experiments/coreax_blobs/README",
        "experiments/perceptron/README",
        "experiments/perceptron_policies/README",
        "experiments/pruning_digits/README",
        "experiments/reference/README",
    ],
}

TITLES = {"README": "Read me <{}>"}  # in the sidebar; others go by their own


def pages():
    return [FRONT] + [page for section in SECTIONS.values() for page in section]


def directives():
    """The sections as Sphinx's directives, hidden where they stand."""
    def directive(caption, section):
        entries = "\n".join(TITLES.get(page, "{}").format(f"/{page}") for page in section)
        return f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"

    return "".join(directive(caption, section) for caption, section in SECTIONS.items())
