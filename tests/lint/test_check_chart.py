"""The chart's lint passes on the tree and fails when either side changes."""

import shutil

import check_chart
import common
import pytest


@pytest.fixture
def tree(tmp_path):
    for name in ("crds", "helm/cenote"):
        shutil.copytree(common.ROOT / name, tmp_path / name)
    (tmp_path / "operator/api").mkdir(parents=True)
    shutil.copy(common.ROOT / check_chart.LABELS, tmp_path / check_chart.LABELS)
    return tmp_path


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_tree_passes(tree):
    assert check_chart.check(tree) == []


def test_an_edited_definition_is_found(tree):
    edit(tree / "crds/cenote.dev_connectionpools.yaml", "ConnectionPool", "ConnectionPol")
    assert "run helm/render" in check_chart.check(tree)[0]


def test_a_right_too_many_and_one_too_few_are_found(tree):
    edit(tree / check_chart.HELPERS, "resources: [pods], verbs: [get,", "resources: [pods], verbs: [delete, get,")
    edit(tree / check_chart.LABELS, '"leases", "get,', '"leases", "list,get,')
    findings = check_chart.check(tree)
    assert len(findings) == 2 and "coordination.k8s.io/leases" in findings[1] and "pods" in findings[0]
