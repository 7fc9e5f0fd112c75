"""One profile for property tests: the ordinary run tries the same examples each time, so that a red run is about the
change at hand. `HYPOTHESIS_PROFILE=explore` looks for new ones, and more of them. `HOGA_CANARIES=1` remembers every
secret that any test makes, and reads all that the session wrote for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module

import pytest
from hypothesis import settings

os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"  # never the keyring of who runs the tests
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session", autouse=True)
def no_secret_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    if not os.environ.get("HOGA_CANARIES"):
        yield
        return
    from core.known import learn_secret
    from tests.canaries import scan

    made = {"session-canary-kQ8vT2mZ4xR7"}
    os.environ["HOGA_SECRET_SESSION"] = next(iter(made))  # as a user may have one, for all that is started

    def remembered(secret: str) -> None:
        made.add(secret)
        learn_secret(secret)

    with pytest.MonkeyPatch.context() as patched:
        for name in ("core.secret", "brokers.token"):
            patched.setattr(import_module(name), "learn_secret", remembered)
        yield
    found = scan([tmp_path_factory.getbasetemp()], {one for one in made if len(set(one[:12])) >= 8})  # xxxx is none
    print(f"\n{len(made)} secrets, {found.files:,} files, {found.bytes:,} bytes, {len(found.hits)} leaks")
    leaks = [hit for hit in found.hits if "/credentials/" not in hit]  # where systemd puts a passphrase
    assert leaks == []
