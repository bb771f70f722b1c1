import pytest
from apiserver import ApiServer


@pytest.fixture(scope="module")
def apiserver():
    """One kube-apiserver with etcd for a test file; its tests use namespaces of their own."""
    with ApiServer() as server:
        yield server
